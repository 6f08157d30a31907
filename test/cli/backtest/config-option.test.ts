/** `backtest -c` takes the section `model` of a configuration, which options replace. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
const series = join(folder, "series.csv");
const config = join(folder, "config.yaml");
beforeAll(() => {
  const rows = Array.from({ length: 300 }, (_, i) => {
    return `${new Date(Date.UTC(2026, 0, 1) + i * 3_600_000).toISOString()},${Math.abs((i * 37) % 101)}\n`;
  });
  writeFileSync(series, `time,value\n${rows.join("")}`);
  writeFileSync(
    config,
    "model: {cell: gru, hidden: 8, alarmRate: 0.02, bounds: {min: 0}, intervalLevels: [0.8, 0.5]}\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function settingsOf(flags: readonly string[]): Record<string, unknown> {
  const { stdout, stderr } = spawnSync(process.execPath, [cli, "backtest", series, "--json", ...flags], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as { settings: Record<string, unknown> }).settings;
}

test("the model's settings come from the configuration", () => {
  expect(settingsOf(["-c", config])).toMatchObject({
    cell: "gru",
    hidden: 8,
    alarmRate: 0.02,
    bounds: { min: 0 },
    intervalLevels: [0.8, 0.5],
    featureCount: 0,
  });
});

test("options on the command line replace those of the configuration, also where they name a default", () => {
  expect(settingsOf(["-c", config, "--cell", "lstm", "--hidden", "32", "--max", "100"])).toMatchObject({
    cell: "lstm",
    hidden: 32,
    alarmRate: 0.02,
    bounds: { min: 0, max: 100 },
  });
});

test("a configuration with the defaults changes no byte of the forecasts", () => {
  const empty = join(folder, "empty.yaml");
  writeFileSync(empty, "");
  const written = [[], ["-c", empty]].map((flags, i) => {
    const out = join(folder, `${i}.csv`);
    expect(spawnSync(process.execPath, [cli, "backtest", series, "--out", out, ...flags]).status).toBe(0);
    return readFileSync(out, "utf8");
  });
  expect(written[0]).toBe(written[1]);
});

test("a wrong setting is refused with its line, and a missing file with its own code", () => {
  const wrong = join(folder, "wrong.yaml");
  writeFileSync(wrong, "model:\n  alarmrate: 0.1\n");
  const fails = (flags: readonly string[]): string =>
    spawnSync(process.execPath, [cli, "backtest", series, ...flags], { encoding: "utf8" }).stderr;
  expect(fails(["-c", wrong])).toContain("line 2");
  expect(fails(["-c", join(folder, "none.yaml")])).toContain("CONFIG_UNREADABLE");
  expect(fails(["-c", config, "--kind", "symbol"])).toContain("--config cannot be used with --kind symbol");
});
