// What was learned, inspected, exported, put back and reset with the commands, around a service of their own.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { kafkaOptions } from "../../../src/cli/shared/kafka-options.js";
import { withInput } from "../../../src/cli/shared/inputs.js";
import { configSchema } from "../../../src/config/schema.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { startCommand, startService, type Settings } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";
import { runTo as runPipelineTo } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(endChildren);
let files = 0;
const newFile = (): string => join(folder, `state-${files++}`);

/**
 * Snapshots lie behind the committed offset, so that there is something to replay. The forecaster takes a feature, of
 * which the model's settings alone do not tell.
 */
const settings: Settings = {
  model: quick,
  decode: { features: ["value"] },
  snapshot: { everyEvents: 40 },
  commit: { maxEvents: 15 },
  server: { enabled: false },
};
const partitions = [0, 1];

async function feed(where: Deployment, count: number, from = 0): Promise<void> {
  for (const partition of partitions) await produce(where, partition, count, from + 1000 * partition);
}

/** Runs the pipeline of these settings up to an offset in every partition, and ends it as a crash would. */
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

async function run(command: string[], where: Deployment): Promise<Child & { readonly code: unknown }> {
  const child = startCommand(["state", ...command], where);
  return { ...child, code: await child.ended };
}

const forecasts = async ({ topics }: Deployment, atLeast: number): Promise<string[][]> =>
  (await broker.readCommitted(topics.forecasts, atLeast)).map((records) =>
    records.map(({ value }) => value!.toString()),
  );

interface Report {
  readonly partition: number;
  readonly state: number | null;
  readonly committed: number | null;
  readonly keys: number;
  readonly model: string | null;
  readonly replay: number | null;
  readonly changed: readonly string[];
  readonly key?: { readonly numbers: { readonly held: number; readonly count: number } } | null;
}

async function inspect(where: Deployment, ...flags: string[]): Promise<readonly Report[]> {
  const { code, out, err } = await run(["inspect", "--json", ...flags], where);
  // On a busy machine the brokers may take a while.
  expect(err.filter((line) => !line.startsWith("trying to reach the brokers "))).toEqual([]);
  expect(code).toBe(0);
  return (JSON.parse(out[0]!) as { partitions: Report[] }).partitions;
}

const groupsOf = async ({ applicationId }: Deployment): Promise<string[]> =>
  (await broker.admin((admin) => admin.listGroups())).groups
    .map(({ groupId }) => groupId)
    .filter((group) => group.startsWith(applicationId));

describeWithBroker("the command state", () => {
  test("exports, resets and imports, and forecasts go on as if nothing had happened", async () => {
    const [where, reference] = [await deployment(2, settings), await deployment(2, settings)];
    await Promise.all([feed(where, 100), feed(reference, 160)]);
    await runTo(reference, 160);
    await runTo(where, 100);
    const before = await inspect(where);
    expect(before.map(({ committed: offset, keys }) => [offset, keys])).toEqual([
      [100, 3],
      [100, 3],
    ]);
    for (const { replay, changed } of before) {
      expect(replay).toBeGreaterThan(0);
      expect(changed).toEqual([]);
    }
    const file = newFile();
    expect((await run(["export", file], where)).code).toBe(0);

    expect((await run(["reset", "--yes"], where)).code).toBe(0);
    for (const report of await inspect(where)) {
      expect(report).toMatchObject({ state: 100, committed: 100, keys: 0, model: "lstm8@0" });
    }
    const imported = await run(["import", file], where);
    expect(imported.err).toEqual([]);
    expect(imported.out).toHaveLength(2);
    expect(await inspect(where)).toEqual(before);

    await feed(where, 60, 100);
    await runTo(where, 160);
    expect(await forecasts(where, 320)).toEqual(await forecasts(reference, 320));
    // The groups that readers were members of are gone.
    expect(await groupsOf(where)).toEqual([where.applicationId]);
  }, 120_000);

  test("goes on from the committed offset like a new forecaster after a reset, of one partition too", async () => {
    const [where, fresh] = [await deployment(2, settings), await deployment(2, settings)];
    await Promise.all([feed(where, 50), feed(fresh, 40, 50)]);
    await Promise.all([runTo(where, 50), runTo(fresh, 40)]);
    const [kept] = await inspect(where);
    const reset = await run(["reset", "--yes", "--partition", "1"], where);
    expect(reset.out).toEqual(["partition 1: 0 keys, snapshot at offset 50; committed offset 50 (was 50)"]);
    const [untouched, anew] = await inspect(where);
    expect(untouched).toEqual(kept);
    expect(anew).toMatchObject({ state: 50, committed: 50, keys: 0 });
    await feed(where, 40, 50);
    await runTo(where, 90);
    const [first, second] = await forecasts(where, 180);
    const [freshFirst, freshSecond] = await forecasts(fresh, 80);
    expect(second!.slice(50)).toEqual(freshSecond);
    expect(first!.slice(50)).not.toEqual(freshFirst);
  }, 120_000);

  test("exports weights as layers models, and takes them back without a change of keys and offsets", async () => {
    const where = await deployment(2, settings);
    const [early, late, again] = [newFile(), newFile(), newFile()];
    const exportTo = async (path: string) => {
      const { code, out } = await run(["export", path, "--format", "tfjs"], where);
      expect([code, out]).toEqual([
        0,
        partitions.map((n) => `partition ${n}: ${path}/partition-${n}/model.json`),
      ]);
      return partitions.map((n) => readFileSync(join(path, `partition-${n}`, "weights.bin")));
    };
    await feed(where, 100);
    await runTo(where, 100);
    const weights = await exportTo(early);
    await feed(where, 60, 100);
    await runTo(where, 160);
    expect(await exportTo(late)).not.toEqual(weights);

    const before = await inspect(where);
    const imported = await run(["import", early, "--format", "tfjs"], where);
    expect([imported.code, imported.out]).toEqual([
      0,
      before.map(
        ({ partition, state }) =>
          `partition ${partition}: 3 keys, snapshot at offset ${state}; committed offset 160 (was 160)`,
      ),
    ]);
    expect(await inspect(where)).toEqual(before);
    expect(await exportTo(again)).toEqual(weights);
    await feed(where, 20, 160);
    await runTo(where, 180);
    expect((await forecasts(where, 360)).map(({ length }) => length)).toEqual([180, 180]);

    renameSync(join(early, "partition-1"), join(early, "partition-7"));
    const foreign = await run(["import", early, "--format", "tfjs"], where);
    expect([foreign.code, foreign.err.at(-3)]).toEqual([
      2,
      expect.stringMatching(/partition 7, which .* does not have/),
    ]);
  }, 120_000);

  test("begins at another offset where a reset names one", async () => {
    const where = await deployment(2, settings);
    await feed(where, 30);
    await runTo(where, 30);
    const [first] = await forecasts(where, 60);
    const outside = await run(["reset", "--yes", "--partition", "0", "--to-offset", "31"], where);
    expect([outside.code, outside.err[0]]).toEqual([
      2,
      expect.stringMatching(/expected an offset from 0 to 30/),
    ]);
    expect((await run(["reset", "--yes", "--partition", "0", "--to-offset", "20"], where)).code).toBe(0);
    expect((await inspect(where))[0]).toMatchObject({ state: 20, committed: 20, keys: 0 });
    expect((await run(["reset", "--yes", "--to-earliest"], where)).code).toBe(0);
    expect((await inspect(where)).map(({ committed: offset }) => offset)).toEqual([0, 0]);
    await runTo(where, 30);
    expect((await forecasts(where, 120))[0]).toEqual([...first!, ...first!]);
  }, 120_000);

  test("shows a key of the partition that has it", async () => {
    const where = await deployment(2, settings);
    await produce(where, 1, 60);
    const service = startService(where);
    await committed(service, 1, 60);
    const live = await inspect(where);
    expect(live[1]).toMatchObject({ committed: 60, keys: 3 });
    await service.end();
    const [none, some] = await inspect(where, "--key", "key-2");
    expect(none!.key).toBe(null);
    expect(some!.key!.numbers).toMatchObject({ held: 59, count: 20 });
    const text = await run(["inspect"], where);
    expect(text.out.join("\n")).toMatch(
      /partition 0: snapshot at offset 0, .* 0 keys.*partition 1: snapshot at offset 60, committed offset 60, .* 3 keys/s,
    );
  }, 60_000);

  test("refuses to write while the service runs, and to reset without a word of consent", async () => {
    const where = await deployment(2, settings);
    await feed(where, 30);
    const service = startService(where);
    await Promise.all(partitions.map((partition) => committed(service, partition, 30)));
    const file = newFile();
    expect((await run(["export", file], where)).code).toBe(0);
    for (const command of [
      ["reset", "--yes"],
      ["import", file],
    ]) {
      const { code, err } = await run(command, where);
      expect([code, err[0]]).toEqual([5, expect.stringMatching(/^error GROUP_ACTIVE: .* 1 member$/)]);
    }
    const { code, err } = await run(["reset"], where);
    expect([code, err[0]]).toEqual([2, expect.stringMatching(/--yes/)]);
    await feed(where, 30, 30);
    await Promise.all(partitions.map((partition) => committed(service, partition, 60)));
  }, 60_000);

  test("imports no file that is damaged, or of another topic or number of partitions", async () => {
    const where = await deployment(2, settings);
    await feed(where, 60);
    await runTo(where, 60);
    const file = newFile();
    expect((await run(["export", file], where)).code).toBe(0);
    const again = await run(["export", file], where);
    expect([again.code, again.err[0]]).toEqual([4, expect.stringMatching(/OUTPUT_UNWRITABLE: .*exists/)]);
    const other = await deployment(2, settings);
    const foreign = await run(["import", file], other);
    expect([foreign.code, foreign.err[0]]).toEqual([5, expect.stringMatching(/STATE_FILE_INVALID/)]);
    const damaged = newFile();
    writeFileSync(damaged, readFileSync(file).subarray(0, -1));
    const before = await inspect(where);
    const refused = await run(["import", damaged], where);
    expect([refused.code, refused.err[0]]).toEqual([
      5,
      expect.stringMatching(/STATE_FILE_INVALID: .*truncated/),
    ]);
    expect(await inspect(where)).toEqual(before);
    expect(readdirSync(dirname(file)).filter((name) => name.endsWith(".partial"))).toEqual([]);
    // An input that no longer leads on from the state.
    await broker.deleteBefore(where.topics.input, 0, 60);
    const gap = await run(["import", file], where);
    expect([gap.code, gap.err[0]]).toEqual([5, expect.stringMatching(/STATE_GAP: .*holds 60 to 60/)]);
  }, 120_000);
});
