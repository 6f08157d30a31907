// The whole pipeline on a real broker where time is short or the broker slow: what it holds, and what it keeps.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { filter, firstValueFrom, map, tap } from "rxjs";
import { afterEach, expect, it } from "vitest";
import { createClient, patientRetry } from "../../../src/adapters/kafka/kafkajs/client.js";
import { kafkaPorts, type KafkaPorts } from "../../../src/adapters/kafka/index.js";
import type { TaskEvent } from "../../../src/pipeline/events.js";
import type { Committer } from "../../../src/pipeline/ports.js";
import { run } from "../../../src/pipeline/run.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { createTopics } from "./support.js";

const opened: KafkaPorts[] = [];
const open = (...options: Parameters<typeof kafkaPorts>): KafkaPorts => {
  const ports = kafkaPorts(...options);
  opened.push(ports);
  return ports;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((ports) => ports.closed()));
});

/** Keeps this thread busy, as a large model would. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes of records that are held: the least of a few readings, for what a collection finds is freed some time after it. */
async function heldBytes(milliseconds: number): Promise<number> {
  let least = Infinity;
  for (let reading = 0; reading < 5; reading++) {
    if (reading > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds / 4));
    collectGarbage();
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}

describeWithBroker("a pipeline", () => {
  it("stays a member of its group through a replay that takes longer than the session may be silent", async () => {
    const options = await createTopics(1, { sessionTimeoutMs: 6000 });
    const count = 3000;
    const messages = Array.from({ length: count }, (_, i) => ({
      key: `k${i % 5}`,
      value: `{"value":${i % 9}}`,
    }));
    await broker.produce(options.topics.input, 0, messages);
    const settings = { forecaster: { hidden: 4 }, commit: { maxEvents: 200 } };
    const first = open(options);
    // Abandoned without a snapshot: all of it will have to be replayed.
    await firstValueFrom(
      run(first.source, first.committer, settings).pipe(
        filter((event) => event.type === "committed" && event.offset === count),
      ),
    );
    await first.closed();
    const events: TaskEvent[] = [];
    const second = open(options);
    const live = await firstValueFrom(
      run(second.source, second.committer, { ...settings, before: tap(() => work(3)) }).pipe(
        tap((event) => events.push(event)),
        filter((event) => event.type === "live"),
      ),
    );
    expect(live.replayed).toBe(count);
    expect(live.seconds).toBeGreaterThan(6);
    expect(events.map(({ type }) => type).filter((type) => type !== "replaying")).toEqual([
      "taking-over",
      "taken-over",
      "live",
    ]);
  }, 120_000);

  it("holds no more of its input than a few fetches while the committer waits, and goes on when it does not", async () => {
    const partitions = 4;
    const batches = 150;
    const perBatch = 20;
    const maxPartitionFetchBytes = 262_144;
    const options = await createTopics(partitions, { maxPartitionFetchBytes: maxPartitionFetchBytes });
    const padding = "x".repeat(10_000);
    const producer = createClient(options, patientRetry).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    let sent = 0;
    for (let batch = 0; batch < batches; batch++) {
      const messages = Array.from({ length: partitions * perBatch }, (_, i) => ({
        partition: i % partitions,
        key: `key-${i % 12}`,
        value: `{"value":${batch % 11},"padding":"${padding}"}`,
      }));
      sent += messages.reduce((sum, { value }) => sum + value.length, 0);
      await producer.send({ topic: options.topics.input, messages });
    }
    await producer.disconnect();
    const before = await heldBytes(500);

    const ports = open(options);
    const waiting = new Set<number>();
    // All of them: a partition that is lost meanwhile waits for the end of its commit, and comes with another.
    const goOn: (() => void)[] = [];
    let flowing = false;
    let most = 0;
    let commits = 0;
    const slow: Committer = {
      async commit(assignment, commit) {
        if (!flowing) {
          waiting.add(assignment.partition);
          await new Promise<void>((resolve) => goOn.push(resolve));
        }
        await ports.committer.commit(assignment, commit);
        // Collecting garbage takes longer than a commit.
        if (commits++ % 20 === 0) most = Math.max(most, (await heldBytes(100)) - before);
      },
    };
    const committed = new Map<number, number>();
    const finished = firstValueFrom(
      run(ports.source, slow, { forecaster: { hidden: 4 } }).pipe(
        filter((event) => event.type === "committed"),
        map(({ partition, offset }) => committed.set(partition, offset)),
        filter(() => [...committed.values()].reduce((a, b) => a + b, 0) === partitions * batches * perBatch),
      ),
    );
    while (waiting.size < partitions) await new Promise((resolve) => setTimeout(resolve, 50));
    // Long enough to read it all, were it not held up.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const held = (await heldBytes(500)) - before;
    flowing = true;
    goOn.forEach((resolve) => resolve());
    await finished;
    console.info(
      `${(sent / 1e6).toFixed(0)} MB of input: ${(held / 1e6).toFixed(1)} MB held while commits waited, ` +
        `${(most / 1e6).toFixed(1)} MB at most while they went on`,
    );
    // A partition's: what was fetched ahead, what is processed, the commit in flight and the one behind it.
    const bound = 8 * partitions * maxPartitionFetchBytes;
    expect(bound).toBeLessThan(sent / 10);
    expect(held).toBeLessThan(bound);
    // Messages are slices of answers that hold bytes of every partition, and keep them whole; and there are requests.
    expect(most).toBeLessThan(4 * bound);
  }, 300_000);
});
