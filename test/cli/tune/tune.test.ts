/** The command `tune`: settings that can be pasted, and what it says of a sample. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readObservations } from "../../../src/adapters/files/csv/csv-reader.js";
import type { TuneSummary } from "../../../src/cli/tune/summary.js";
import { parseConfig } from "../../../src/config/load.js";
import { forecastColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { IncidentNote } from "../../../src/forecast/incidents/watcher.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { noiseOf } from "../../bench/detection/ordinary.js";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
const series = join(folder, "series.csv");
const labels = join(folder, "labels.csv");
const start = Date.UTC(2026, 0, 1);
const iso = (minute: number): string => new Date(start + minute * 60_000).toISOString();

/** Ten days of ten-minute values of two keys, with twelve shifts of an hour in one of them. */
beforeAll(() => {
  const noise = noiseOf(3);
  const faults = Array.from({ length: 12 }, (_, i) => 2000 + 1000 * i);
  const rows = Array.from({ length: 1440 }, (_, i) => {
    const isFaulty = faults.some((fault) => i * 10 >= fault && i * 10 < fault + 60);
    const value = (level: number): string => (level + noise.normal()).toFixed(4);
    return `${iso(10 * i)},${value(isFaulty ? 30 : 10)},${value(50)}\n`;
  });
  writeFileSync(series, `time,a,b\n${rows.join("")}`);
  const windows = faults.map((fault) => `a,${iso(fault)},${iso(fault + 120)}\n`);
  writeFileSync(labels, `key,from,to\n${windows.join("")}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

const wide = [series, "--wide", "--cell", "gru", "--readout", "shared"];

function tuned(flags: readonly string[]): TuneSummary {
  const { status, out, err } = run(["tune", ...wide, "--json", ...flags]);
  expect([status, err]).toEqual([0, ""]);
  return JSON.parse(out) as TuneSummary;
}

describe("without labels", () => {
  test("the recommended settings tell at most the stated number a day", () => {
    const summary = tuned(["--incidents-per-day", "1"]);
    expect(summary.sample).toMatchObject({ events: 2880, keys: 2, windows: null });
    expect(summary.sample.days).toBeCloseTo(10 - 101 / 144, 1);
    const [best] = summary.choices;
    expect(summary.met).toBe(true);
    expect(best).toMatchObject({ name: "A", cell: "gru", readout: "shared", gates: "none added", f1: null });
    expect(best!.perDay).toBeLessThanOrEqual(1);
    expect(best!.told / summary.sample.days).toBeCloseTo(best!.perDay);
    expect(best!.incidents.length).toBe(best!.told);
    const { perDay, perDayInterval } = summary.heldOut;
    expect(perDayInterval.low).toBeLessThanOrEqual(perDay);
    expect(perDayInterval.high).toBeGreaterThanOrEqual(perDay);
  });

  test("a forecaster with the pasted configuration tells the promised incidents", async () => {
    const { configuration, choices } = tuned(["--incidents-per-day", "2"]);
    const { model } = parseConfig(configuration, process.env).settings;
    const forecaster = new Forecaster(forecasterSettings(model));
    const told: IncidentNote[] = [];
    let first = 0;
    const slotOf = (key: string): number => forecaster.slotOf(key);
    const reject = (): void => expect.unreachable();
    for await (const batch of readObservations([series], { columns: { wide: true }, slotOf, reject })) {
      const positions = Float64Array.from({ length: batch.count }, (_, row) => first + row);
      forecaster.observe({ ...batch, positions }, forecastColumns(batch.slots.length));
      told.push(...forecaster.incidentChanges);
      first += batch.count;
    }
    const opened = told.filter(({ change }) => change === "opened");
    expect(opened.length).toBeGreaterThan(3);
    expect(choices[0]!.incidents.map(({ key, position, opened: time }) => [key, position, time])).toEqual(
      opened.map(({ slot, time, incident }) => [
        forecaster.keyOf(slot),
        incident.position,
        new Date(time).toISOString(),
      ]),
    );
    forecaster.dispose();
  });

  test("settings of a configuration are kept, and what limits the figures is said in sentences", () => {
    const config = join(folder, "base.yaml");
    writeFileSync(config, "model: {hidden: 8, kind: rate}\n");
    const { status, out } = run(["tune", ...wide, "-c", config, "--incidents-per-day", "0.2"]);
    expect(status).toBe(0);
    expect(out).toMatch(/^model:\n {2}cell: gru\n {2}readout: shared\n {2}alarmRate: [\d.]+\n/m);
    expect(out).toContain("  hidden: 8\n");
    expect(out).toContain("  kind: rate\n");
    expect(out).toContain(
      "The sample is too small to be sure: 0.2 incidents a day are 1.86 in its 9.3 days.",
    );
    expect(out).toContain("Keys with fewer than 2,000 scored values: 2 of 2.");
    expect(out).toMatch(/Held out: [\d.]+ incidents a day \(90 % interval [\d.]+ to [\d.]+\)/);
  });
});

test("with labels the score is F1 over windows, which the counts of the choice give", () => {
  const { choices, sample, heldOut } = tuned(["--labels", labels]);
  const windows = 12;
  expect(sample.windows).toBe(windows);
  const [best] = choices;
  const { right, wrong, missed } = best as { right: number; wrong: number; missed: number };
  expect(right + missed).toBe(windows);
  expect(best!.f1).toBeCloseTo((2 * right) / (2 * right + wrong + missed));
  expect(right).toBeGreaterThan(windows / 2);
  expect(best!.incidents.filter((incident) => incident.right === false).length).toBe(wrong);
  expect(heldOut.f1Interval!.low).toBeLessThanOrEqual(heldOut.f1!);
});

test("wrong input ends with a code", () => {
  const short = join(folder, "short.csv");
  writeFileSync(short, `time,value\n${iso(0)},1\n`);
  expect(run(["tune", short])).toMatchObject({ status: 3, out: "" });
  expect(run(["tune", series, "--wide", "--key", "a"]).err).toContain("SETTING_INVALID");
  const other = join(folder, "other.csv");
  writeFileSync(other, `key,from,to\nc,${iso(5000)},${iso(6000)}\n`);
  const { status, err } = run(["tune", ...wide, "--labels", other]);
  expect(status).toBe(3);
  expect(err).toContain("has no window in the scored time of a key of the sample");
});
