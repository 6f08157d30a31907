// A state that was learned from history, and the service that goes on with it as if it had seen that history itself.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { kafkaOptions } from "../../../src/cli/shared/kafka-options.js";
import { withInput } from "../../../src/cli/shared/inputs.js";
import { configSchema } from "../../../src/config/schema.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { startCommand, type Settings } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { deployment, produce, type Deployment } from "./deployment.js";
import { runTo as runPipelineTo } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(endChildren);
let files = 0;

const settings: Settings = { model: quick, commit: { maxEvents: 15 }, server: { enabled: false } };

async function feed(where: Deployment, count: number, from = 0): Promise<void> {
  for (const partition of [0, 1]) await produce(where, partition, count, from + 1000 * partition);
}

async function runTo(where: Deployment, offset: number): Promise<void> {
  const config = configSchema.parse(where);
  const { model: forecaster, decode, snapshot, commit } = config;
  await runPipelineTo(
    kafkaOptions(withInput(config, {})),
    offset,
    { forecaster, decode, snapshot, commit },
    2,
  );
}

async function command(where: Deployment, ...words: string[]): Promise<readonly string[]> {
  const child = startCommand(words, where);
  expect([await child.ended, child.err]).toEqual([0, []]);
  return child.out;
}

/** The values of the forecasts of both partitions. */
const forecasts = async ({ topics }: Deployment, atLeast: number): Promise<string[][]> =>
  (await broker.readCommitted(topics.forecasts, atLeast)).map((records) =>
    records.map(({ value }) => value!.toString()),
  );

describeWithBroker("the command learn", () => {
  test("gives a new service what an old topic teaches, and forecasts are those of a service that saw both", async () => {
    const [where, whole] = [await deployment(2, settings), await deployment(2, settings)];
    const old = broker.name("old");
    await broker.createTopics({ [old]: { partitions: 2 } });
    await feed({ ...where, topics: { ...where.topics, input: old } }, 80);
    await feed(whole, 80);
    await feed(where, 60, 80);
    await feed(whole, 60, 80);
    const file = join(folder, `learned-${files++}`);
    const learned = await command(where, "learn", "--topic", old, "--out", file);
    expect(learned[0]).toMatch(/^learned 160 events of 6 keys in 2 partitions/);
    expect(await command(where, "state", "import", file)).toEqual([
      "partition 0: 3 keys, snapshot at offset 0; committed offset 0 (was none)",
      "partition 1: 3 keys, snapshot at offset 0; committed offset 0 (was none)",
    ]);
    await Promise.all([runTo(where, 60), runTo(whole, 140)]);
    const expected = (await forecasts(whole, 280)).map((values) => values.slice(80));
    expect(await forecasts(where, 120)).toEqual(expected);
  }, 60_000);

  test("learns the backlog of its own input in silence, and goes on behind it", async () => {
    const [where, whole] = [await deployment(2, settings), await deployment(2, settings)];
    await Promise.all([feed(where, 50), feed(whole, 80)]);
    const file = join(folder, `learned-${files++}`);
    await command(where, "learn", "--topic", where.topics.input, "--out", file);
    expect((await command(where, "state", "import", file))[0]).toBe(
      "partition 0: 3 keys, snapshot at offset 50; committed offset 50 (was none)",
    );
    await feed(where, 30, 50);
    await Promise.all([runTo(where, 80), runTo(whole, 80)]);
    const expected = (await forecasts(whole, 160)).map((values) => values.slice(50));
    expect(await forecasts(where, 60)).toEqual(expected);
  }, 60_000);

  test("learns from a topic with fewer partitions by keys, and adopts the state of another topic", async () => {
    const where = await deployment(2, settings);
    const old = broker.name("old");
    await broker.createTopics({ [old]: { partitions: 1 } });
    await produce({ ...where, topics: { ...where.topics, input: old } }, 0, 90);
    const file = join(folder, `learned-${files++}`);
    const learned = await command(where, "learn", "--topic", old, "--out", file);
    expect(learned[0]).toMatch(/^learned 90 events of 3 keys in 2 partitions/);

    const other = await deployment(2, settings);
    const refused = startCommand(["state", "import", file], other);
    expect([await refused.ended, refused.err.join("\n")]).toEqual([5, expect.stringContaining("--adopt")]);
    const adopted = await command(other, "state", "import", file, "--adopt");
    expect(adopted.map((line) => Number(/: (\d+) keys/.exec(line)![1])).reduce((a, b) => a + b)).toBe(3);
    await feed(other, 10);
    await runTo(other, 10);
    expect((await forecasts(other, 20)).map((values) => values.length)).toEqual([10, 10]);
  }, 60_000);
});
