/** `backtest --incidents`: a row per incident, and the counts of the summary and of the report. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { siteEvents } from "../../../support/sites.js";
import { eventsWithFaults } from "../../../support/faults.js";

const cli = fileURLToPath(new URL("../../../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
const series = join(folder, "series.csv");
const out = join(folder, "incidents.csv");
const events = eventsWithFaults(1000, 2);

beforeAll(() => {
  const rows = events.map(
    ({ key, time, value }) => `"=${key}, 1",${new Date(time).toISOString()},${value}\n`,
  );
  writeFileSync(series, `key,time,value\n${rows.join("")}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function backtest(...flags: string[]): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [cli, "backtest", series, "--hidden", "8", ...flags],
    { encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  return { stdout, stderr };
}

interface Summary {
  readonly incidents: {
    readonly days: number;
    readonly alarms: number;
    readonly alarms_per_day: number;
    readonly incidents: number;
    readonly incidents_per_day: number;
    readonly open: number;
    readonly muted: number;
    readonly kinds: Readonly<Record<string, number>>;
  };
}

test("each incident is a row, named by its first event, and the summary counts them per day", () => {
  const { stdout, stderr } = backtest("--incidents", out, "--json");
  const [head, ...rows] = readFileSync(out, "utf8").trimEnd().split("\n");
  expect(head).toBe(
    "id,key,kind,direction,begin,end,peak_time,peak_value,peak_expected,anomaly_score,severity,events,state,muted,group_incident,members",
  );
  // The first fault is the 151st value of each key.
  const first = events[300]!;
  const begin = new Date(first.time).toISOString();
  expect(rows[0]).toMatch(
    new RegExp(`^300,"=key-0, 1",[a-z ]+,above,${begin},${begin},${begin},${first.value},`),
  );
  expect(rows[1]).toMatch(/^301,"=key-1, 1",/);
  expect(stderr).toContain("a spreadsheet may run as a formula");
  const { incidents } = JSON.parse(stdout) as Summary;
  expect(incidents.incidents).toBe(rows.length);
  expect(incidents.alarms).toBeGreaterThanOrEqual(rows.length);
  expect(incidents.days).toBeCloseTo(499 / 1440, 10);
  expect(incidents.incidents_per_day).toBeCloseTo(rows.length / incidents.days, 10);
  expect(incidents.alarms_per_day).toBeCloseTo(incidents.alarms / incidents.days, 10);
  expect(incidents.open).toBe(rows.filter((row) => row.includes(",open,")).length);
  expect(Object.values(incidents.kinds).reduce((sum, count) => sum + count, 0)).toBe(rows.length);
});

test("the table lists incidents, and gates come from the configuration", () => {
  expect(backtest().stdout).toMatch(
    /\n\d+ alarms, \d+ incidents \(.* per day\), \d+ of them open at the end\.\n/,
  );
  const config = join(folder, "config.yaml");
  writeFileSync(config, "model: {detection: {direction: above, minimumDeviation: {absolute: 1000}}}\n");
  const { incidents } = JSON.parse(backtest("-c", config, "--json").stdout) as Summary;
  expect(incidents.alarms).toBeGreaterThan(0);
  expect(incidents.incidents).toBe(0);
});

test("without detection the summary has no incident, and the file no row", () => {
  const config = join(folder, "off.yaml");
  writeFileSync(config, "model: {detection: {enabled: false}}\n");
  const { stdout } = backtest("-c", config, "--incidents", out, "--json");
  expect((JSON.parse(stdout) as Summary).incidents).toMatchObject({ alarms: 0, incidents: 0, kinds: {} });
  expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(1);
});

test("the incidents of groups are rows of their groups, with their members", () => {
  const file = join(folder, "sites.csv");
  const config = join(folder, "groups.yaml");
  const sites = siteEvents((site, i) => `${site}/${i}`, 7);
  const rows = sites.map(({ key, time, value }) => `${key},${new Date(time).toISOString()},${value}\n`);
  writeFileSync(file, `key,time,value\n${rows.join("")}`);
  writeFileSync(config, `model:\n  detection:\n    group: ^([^/]+)/\n`);
  const args = [cli, "backtest", file, "--hidden", "8", "-c", config, "--incidents", out, "--json"];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const { incidents } = JSON.parse(stdout) as Summary;
  expect(incidents.kinds["group"]).toBeGreaterThan(0);
  const cells = readFileSync(out, "utf8")
    .trimEnd()
    .split("\n")
    .map((row) => row.split(","));
  const north = cells.find(([, key]) => key === "north")!;
  expect(north[0]).toMatch(/^\d+-group$/);
  expect(north.at(-1)).toMatch(/^north\/\d( north\/\d)*$/);
  const ofMembers = cells.filter((row) => row.at(-2) === north[0]);
  expect(ofMembers.length).toBeGreaterThan(0);
});
