import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { backtest } from "../../../src/index.js";

interface Reading {
  readonly sensor: string;
  readonly at: string;
  readonly celsius: number | null;
}

const read = {
  key: (event: Reading) => event.sensor,
  time: (event: Reading) => event.at,
  value: (event: Reading) => event.celsius,
};
const readings = Array.from({ length: 1500 }, (_, i) => ({
  sensor: `s${i % 3}`,
  at: new Date(Date.UTC(2026, 0, 1) + Math.floor(i / 3) * 3_600_000).toISOString(),
  celsius: i % 97 === 0 ? null : 20 + (i % 3) * 5 + Math.sin(i / 12) + ((i * 7919) % 13) / 20,
}));

test("returns what the command prints as JSON", () => {
  const folder = mkdtempSync(join(tmpdir(), "backtest-"));
  const file = join(folder, "readings.csv");
  const lines = readings.map(({ sensor, at, celsius }) => `${sensor},${at},${celsius ?? ""}`);
  writeFileSync(file, `key,time,value\n${lines.join("\n")}\n`);
  const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
  const flags = ["--json", "--warmup", "50", "--horizon", "3", "--hidden", "8"];
  const { stdout } = spawnSync(process.execPath, [cli, "backtest", file, ...flags], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const { files: _files, seconds: _seconds, ...printed } = JSON.parse(stdout) as Record<string, unknown>;
  const result = backtest(readings, { ...read, warmup: 50, horizon: 3, hidden: 8 });
  expect(JSON.parse(JSON.stringify(result))).toEqual(printed);
});

test("takes any iterable, counts what it refuses, and tells the caller's listener", () => {
  const told: string[] = [];
  function* events() {
    yield* readings.slice(0, 30);
    yield { sensor: "", at: "2026-01-01", celsius: 1 };
  }
  const result = backtest(events(), { ...read, hidden: 8, onRejected: ({ error }) => told.push(error.code) });
  expect(result).toMatchObject({
    rejected: 1,
    rejections: { KEY_INVALID: 1 },
    overall: { events: 30, keys: 3 },
  });
  expect(told).toEqual(["KEY_INVALID"]);
});

test.each([
  [{ warmup: -1 }, "warmup: expected whole number of at least 0; found -1"],
  [{ period: 0 }, "period: expected whole number of at least 1; found 0"],
  [{}, "no event holds an observation; 0 rejected"],
])("%j without events is refused", (options, message) => {
  expect(() => backtest([], { ...read, ...options })).toThrow(message);
});
