import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { openStateFile } from "../../src/adapters/files/state-file.js";
import { partitionOfKey } from "../../src/adapters/kafka/producer/placement.js";
import { learnCommand } from "../../src/cli/learn/learn.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";
import { Learner } from "../../src/pipeline/learner.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { readState } from "../../src/pipeline/state/state-records.js";
import type { ExportedState } from "../../src/pipeline/state/transfer.js";
import { quick, syntheticEvents } from "../support/streams.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config = {
  applicationId: "app",
  kafka: { bootstrapServers: ["127.0.0.1:1"] },
  topics: { input: "in", forecasts: "out", state: "state" },
  model: quick,
  decode: { time: "time" },
};
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const configFile = file("config.yaml", JSON.stringify(config));
const events = syntheticEvents(300, 5).map((event) => ({
  ...event,
  time: event.time - 10 * 365 * 86_400_000,
}));
const csv = file(
  "old.csv",
  `time,key,value\n${events.map(({ time, key, value }) => `${time},${key},${Number.isNaN(value) ? "" : value}\n`).join("")}`,
);
const lines = file(
  "old.jsonl",
  events.map(({ time, key, value }) => `${JSON.stringify({ key, time, value })}\n`).join(""),
);

let outputs = 0;
async function learn(
  ...args: readonly string[]
): Promise<{ readonly states: ExportedState[]; readonly out: string }> {
  const path = join(folder, `state-${outputs++}`);
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await learnCommand().parseAsync(["-c", configFile, "-o", path, ...args], { from: "user" });
    const opened = await openStateFile(path);
    expect(opened.head).toMatchObject({ application: "app", input: "in" });
    const states: ExportedState[] = [];
    for await (const state of opened.states()) states.push(state);
    return { states, out: written.mock.calls.join("") };
  } finally {
    written.mockRestore();
  }
}

describe("learn", () => {
  test("takes the same state from CSV and JSON lines, each key in its partition", async () => {
    const fromCsv = await learn(csv, "--partitions", "2");
    const fromLines = await learn(lines, "--partitions", "2");
    expect(fromCsv.out).toMatch(/^learned 300 events of 5 keys in 2 partitions/);
    expect(fromCsv.states.map(({ anyOffset }) => anyOffset)).toEqual([true, true]);
    for (const [partition, { records }] of fromCsv.states.entries()) {
      const { keys } = readState(records);
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) expect(partitionOfKey(Buffer.from(key), 2)).toBe(partition);
    }
    expect(fromLines.states).toEqual(fromCsv.states);
  });

  test("places keys that are binary integers as their producer did, from CSV and JSON lines", async () => {
    const integer = (key: unknown): string => String(String(key).charCodeAt(String(key).length - 1));
    const numbered = events.map((event) => ({ ...event, key: integer(event.key) }));
    const binary = file(
      "binary.json",
      JSON.stringify({ ...config, decode: { time: "time", keyFormat: "int64" } }),
    );
    const rows = numbered.map(
      ({ time, key, value }) => `${time},${key},${Number.isNaN(value) ? "" : value}\n`,
    );
    const table = file("binary.csv", `time,key,value\n${rows.join("")}`);
    const texts = numbered.map(
      ({ key, time, value }) => `${JSON.stringify({ key: Number(key), time, value })}\n`,
    );
    const { states } = await learn(file("binary.jsonl", texts.join("")), "-c", binary, "--partitions", "3");
    for (const [partition, { records }] of states.entries()) {
      for (const key of readState(records).keys) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64BE(BigInt(key));
        expect(partitionOfKey(bytes, 3)).toBe(partition);
      }
    }
    expect((await learn(table, "-c", binary, "--partitions", "3")).states).toEqual(states);
  });

  test("takes the state that records would have given, whatever the size of batches", async () => {
    const [state] = (await learn(csv, "--partitions", "1")).states;
    const settings = pipelineSettings({ decode: config.decode });
    const learner = new Learner({
      model: modelSettings(config.model, settings.decode),
      settings,
      engine: wasmEngine,
      origin: { topic: "in", partition: 0 },
      reject: ({ message }) => {
        throw new Error(message);
      },
    });
    const records = events.map(({ key, time, value }, offset) => ({
      offset,
      timestamp: -1,
      key: Buffer.from(key),
      value: Buffer.from(JSON.stringify({ time, value })),
      headers: [],
    }));
    for (let at = 0; at < records.length; at += 7) learner.learn(records.slice(at, at + 7));
    expect(state!.records).toEqual(learner.end(0));
  });

  test("takes the same state for a topic of any format", async () => {
    const hook = file("decode.mjs", "export default (value) => JSON.parse(Buffer.from(value));");
    const place = file(
      "place.avsc",
      JSON.stringify({ type: "record", name: "Place", fields: [{ name: "site", type: "string" }] }),
    );
    const keys = { keyFormat: "avro", keySchemaFile: place, key: { record: "key", path: "site" } };
    const formats: Readonly<Record<string, object>> = {
      module: { format: "module", module: hook },
      avro: { format: "avro" },
      text: { format: "text", columns: ["time", "value"] },
      keys,
    };
    const [expected] = (await learn(csv, "--partitions", "1")).states;
    for (const [name, decode] of Object.entries(formats)) {
      const schemaRegistry = { url: "http://127.0.0.1:1" };
      const other = file(
        `${name}.yaml`,
        JSON.stringify({ ...config, schemaRegistry, decode: { ...config.decode, ...decode } }),
      );
      const [state] = (await learn(csv, "--partitions", "1", "-c", other)).states;
      expect(state!.records, name).toEqual(expected!.records);
      if (name === "keys") continue; // The keys in a line are texts.
      const fromLines = learn(lines, "--partitions", "1", "-c", other);
      if (name === "module") expect((await fromLines).states[0]!.records).toEqual(expected!.records);
      // Lines of text would be rows without a header, and these are JSON.
      else
        await expect(fromLines).rejects.toMatchObject({
          code: name === "text" ? "INPUT_EMPTY" : "SETTING_INVALID",
        });
    }
  });

  test("cuts by event time, and refuses a history without anything", async () => {
    const middle = [...events.map(({ time }) => time)].sort((a, b) => a - b)[150]!;
    const early = await learn(csv, "--partitions", "1", "--to", String(middle));
    const late = await learn(csv, "--partitions", "1", "--from", new Date(middle).toISOString());
    const counts = [early, late].map(({ out }) => Number(/^learned (\d+)/.exec(out)![1]));
    expect(counts).toEqual([150, 150]);
    await expect(learn(csv, "--partitions", "1", "--from", "2030-01-01")).rejects.toMatchObject({
      code: "INPUT_EMPTY",
    });
  });
});
