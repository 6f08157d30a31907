// What a start does where it cannot simply go on: each choice of the recovery settings, on what a real broker still holds.
import { expect, test } from "vitest";
import type { KafkaOptions } from "../../../src/adapters/kafka/index.js";
import type { TakenOver } from "../../../src/pipeline/events.js";
import type { RunOptions } from "../../../src/pipeline/run.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { quick } from "../../support/streams.js";
import { createTopics, rejection, runTo as runPipelineTo } from "./support.js";

const start = Date.now();

async function feed({ topics }: KafkaOptions, from: number, to: number): Promise<void> {
  const readings = Array.from({ length: to - from }, (_, i) => ({
    key: `key-${(from + i) % 3}`,
    value: JSON.stringify({ value: Math.sin(from + i) }),
    timestamp: start + from + i,
  }));
  await broker.produce(topics.input, 0, readings);
}

/** Runs the pipeline up to an offset, and ends it as a crash would; what it took over with. */
async function runTo(kafka: KafkaOptions, offset: number, options: RunOptions = {}): Promise<TakenOver> {
  const settings = { forecaster: quick, snapshot: { everyEvents: 40 }, commit: { maxEvents: 15 } };
  const [takenOver] = await runPipelineTo(kafka, offset, { ...settings, ...options });
  return takenOver!;
}

const forecasts = async ({ topics }: KafkaOptions, atLeast: number): Promise<string[]> =>
  (await broker.readCommitted(topics.forecasts, atLeast))[0]!.map(({ value }) => value!.toString());

/** The forecasts of a new service, which finds its input from record `from` on. */
async function fromScratch(from: number, to: number, options: RunOptions = {}): Promise<string[]> {
  const kafka = await createTopics();
  await feed(kafka, from, to);
  await runTo(kafka, to - from, options);
  return await forecasts(kafka, to - from);
}

describeWithBroker("a start with other settings of the model than the state was made with", () => {
  const larger = { ...quick, hidden: 12 };
  const slower = { ...quick, learningRate: 0.0005 };

  test("fails unless it is told otherwise, names what was changed, and leaves all as it is", async () => {
    const kafka = await createTopics();
    await feed(kafka, 0, 100);
    await runTo(kafka, 100);
    for (const forecaster of [larger, slower]) {
      await expect(runTo(kafka, 101, { forecaster })).rejects.toMatchObject({
        code: "SNAPSHOT_FOREIGN",
        message: expect.stringMatching(/partition 0.*(hidden|learningRate).*changedModel/) as unknown,
      });
    }
    const migrate = { recovery: { changedModel: "migrate" } } as const;
    expect(await rejection(runTo(kafka, 101, { forecaster: larger, ...migrate }))).toBe("SNAPSHOT_FOREIGN");
    await feed(kafka, 100, 160);
    expect(await runTo(kafka, 160)).toMatchObject({ plan: "resume", liveFrom: 100 });
    expect(await forecasts(kafka, 160)).toEqual(await fromScratch(0, 160));
  });

  test("begins anew at the committed offset where that is the choice", async () => {
    const kafka = await createTopics();
    await feed(kafka, 0, 100);
    await runTo(kafka, 100);
    await feed(kafka, 100, 160);
    const fresh = { forecaster: larger, recovery: { changedModel: "fresh" } } as const;
    const taken = await runTo(kafka, 160, fresh);
    expect(taken).toMatchObject({ plan: "fresh", keys: 0, from: 100 });
    expect(taken.reason).toMatch(/hidden/);
    expect((await forecasts(kafka, 160)).slice(100)).toEqual(await fromScratch(100, 160, fresh));
    // The state is the new one's now.
    await feed(kafka, 160, 170);
    expect(await runTo(kafka, 170, { forecaster: larger })).toMatchObject({ plan: "resume", liveFrom: 160 });
  });

  test("takes the state over where only its tuning was changed, if that is the choice", async () => {
    const kafka = await createTopics();
    await feed(kafka, 0, 100);
    await runTo(kafka, 100);
    await feed(kafka, 100, 160);
    const taken = await runTo(kafka, 160, {
      forecaster: slower,
      recovery: { changedModel: "migrate" },
    });
    expect(taken).toMatchObject({ plan: "migrate", keys: 3, liveFrom: 100 });
    expect(taken.from).toBeLessThan(100);
    const [migrated, before] = [await forecasts(kafka, 160), await fromScratch(0, 160)];
    expect(migrated.slice(0, 100)).toEqual(before.slice(0, 100));
    expect(migrated.slice(100)).not.toEqual(before.slice(100));
  });
});

describeWithBroker("a start whose input is gone from the state's offset on", () => {
  test("fails with both offsets, unless it may go on from the committed one with an empty state", async () => {
    const kafka = await createTopics();
    await feed(kafka, 0, 100);
    await runTo(kafka, 100);
    await broker.deleteBefore(kafka.topics.input, 0, 95);
    await expect(runTo(kafka, 101)).rejects.toMatchObject({
      code: "STATE_GAP",
      message: expect.stringMatching(
        /partition 0.*state is at offset \d+.*committed offset is 100.*begins at offset 95/,
      ) as unknown,
    });
    await feed(kafka, 100, 160);
    const taken = await runTo(kafka, 160, { recovery: { gap: "fresh" } });
    expect(taken).toMatchObject({ plan: "fresh", from: 100, keys: 0 });
    expect((await forecasts(kafka, 160)).slice(100)).toEqual(await fromScratch(100, 160));
  });
});
