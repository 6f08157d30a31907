/** Windows of `backtest` and `pipe`, by options and by a configuration. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createForecaster } from "../../src/forecast/objects.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
const at = (name: string): string => join(folder, name);
const start = Date.UTC(2026, 0, 1);
const events = Array.from({ length: 400 }, (_, i) => ({
  key: i % 3 === 0 ? "b" : "a",
  // One in fifty is two minutes late.
  time: start + 7000 * i - (i % 50 === 49 ? 120_000 : 0),
  value: (i * 37) % 101,
}));
const flags = ["--every", "1m", "--by", "p90", "--hidden", "8"];

beforeAll(() => {
  const rows = events.map(({ key, time, value }) => `${time},${key},${value}\n`);
  writeFileSync(at("events.csv"), `time,key,value\n${rows.join("")}`);
  const clicks = events.map(({ key, time }) => `${time},${key}\n`);
  writeFileSync(at("clicks.csv"), `time,key\n${clicks.join("")}`);
  writeFileSync(at("config.yaml"), "aggregate: {every: 60s, by: p90}\nmodel: {hidden: 8}\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], input = ""): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8", input });
  return { status, out: stdout, err: stderr };
}

const lines = (given: readonly object[]): string => given.map((each) => `${JSON.stringify(each)}\n`).join("");

/** What the library says of the same events. */
function expectedRows(): unknown[] {
  const forecaster = createForecaster({
    hidden: 8,
    aggregate: { every: "1m", by: "p90" },
    onRejected: () => undefined,
  });
  const rows = forecaster.observe(events).map(({ key, time, value, yhat }) => ({ key, time, value, yhat }));
  forecaster.dispose();
  return rows;
}

const told = (line: string): unknown => {
  const { key, time, value, yhat } = JSON.parse(line) as Record<string, string>;
  return { key, time: Date.parse(time!), value, yhat };
};

describe("pipe", () => {
  test("says that it writes JSON where the configuration has another output", () => {
    const registry = "schemaRegistry: {url: 'http://localhost:1'}\n";
    writeFileSync(at("encode.yaml"), `${registry}encode: {format: protobuf}\n`);
    const { out, err } = run(["pipe", "-c", at("encode.yaml")], lines(events.slice(0, 3)));
    expect(out).toBe(run(["pipe"], lines(events.slice(0, 3))).out);
    expect(err).toContain('{"notice":"pipe writes lines of JSON: encode.format: protobuf is for run"}');
    expect(run(["pipe"], lines(events.slice(0, 3))).err).not.toContain("notice");
  });

  test("forecasts one observation per key and window, and counts late events", () => {
    const { status, out, err } = run(["pipe", ...flags], lines(events));
    expect(status).toBe(0);
    expect(out.trim().split("\n").map(told)).toEqual(expectedRows());
    const counts = JSON.parse(err.trim().split("\n").at(-1)!) as Record<string, unknown>;
    expect(counts).toMatchObject({
      events: 392,
      observations: expectedRows().length,
      rejections: { EVENT_LATE: 8 },
    });
  });

  test("takes windows and model from a configuration, which options replace", () => {
    expect(run(["pipe", "-c", at("config.yaml")], lines(events)).out).toBe(
      run(["pipe", ...flags], lines(events)).out,
    );
    const counts = run(["pipe", "-c", at("config.yaml"), "--by", "count"], lines(events)).out;
    expect(counts).toContain('"value":6.0');
  });

  test("counts lines without a value", () => {
    const clicks = events.map(({ key, time }) => ({ key, time }));
    const { out } = run(["pipe", "--every", "5m"], lines(clicks.slice(0, 45)));
    expect(out.trim().split("\n").map(told)).toMatchObject([
      { key: "b", value: 15 },
      { key: "a", value: 28 },
    ]);
  });
});

describe("backtest", () => {
  test("scores the observations of windows, and names the lines of late rows", () => {
    const { status, err } = run(["backtest", at("events.csv"), ...flags, "--out", at("out.csv")]);
    expect(status).toBe(0);
    expect(err).toContain("events.csv:51: EVENT_LATE");
    const [header, ...rows] = readFileSync(at("out.csv"), "utf8").trim().split("\n");
    const columns = header!.split(",");
    const written = rows.map((row) => {
      const cells = row.split(",");
      const cell = (name: string): string => cells[columns.indexOf(name)]!;
      return { key: cell("key"), time: Date.parse(cell("time")), value: Number(cell("y")) };
    });
    expect(written).toEqual(
      (expectedRows() as { key: string; time: number; value: number }[]).map(({ key, time, value }) => ({
        key,
        time,
        value,
      })),
    );
  });

  test("compares cells on the same windows", () => {
    const args = ["backtest", at("events.csv"), ...flags, "--compare", "--cell", "lstm,gru", "--json"];
    const { cells } = JSON.parse(run(args).out) as { cells: { overall: { events: number } }[] };
    expect(cells.map(({ overall }) => overall.events)).toEqual([
      expectedRows().length,
      expectedRows().length,
    ]);
  });

  test("counts rows of a file without a value column", () => {
    const { out } = run(["backtest", at("clicks.csv"), "--every", "1m", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ settings: { aggregate: { every: "1m", by: "count" } } });
  });

  test.each([
    [["--by", "count"], "--by: expected --every beside it"],
    [["--every", "soon"], "aggregate.every: expected duration such as 10s, 1m or 1h"],
    [["--every", "1m", "--kind", "symbol"], "--every cannot be used with --kind symbol"],
    [["--every", "9999d"], "no window of 9999d was closed by a later row"],
  ])("refuses %j", (args, message) => {
    const { status, err } = run(["backtest", at("events.csv"), ...args]);
    expect(status).toBeGreaterThan(0);
    expect(err).toContain(message);
  });
});
