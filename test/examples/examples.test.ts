import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

function linesOf(example: string, args: readonly string[] = [], input = ""): string[] {
  const child = spawnSync(process.execPath, ["--import", "tsx", `examples/${example}.ts`, ...args], {
    cwd: root,
    encoding: "utf8",
    input,
  });
  expect(child.stderr).toBe("");
  expect(child.status).toBe(0);
  return child.stdout.trim().split("\n");
}

/** The columns of a table's row behind its name, as numbers where they are some. */
function rowOf(lines: readonly string[], name: string): number[] {
  const line = lines.find((each) => each.startsWith(name));
  return line!
    .slice(name.length)
    .match(/-?\d+(?:\.\d+)?/g)!
    .map(Number);
}

test("prices have no skill to speak of, volumes and the size of moves do, and the interval keeps its coverage", () => {
  const lines = linesOf("stocks");
  const [closeSkill, closeCoverage] = rowOf(lines, "close, points");
  expect(Math.abs(closeSkill!)).toBeLessThan(0.01);
  expect(closeCoverage).toBeCloseTo(0.9, 1);
  for (const name of ["volume, 10^9 shares", "move, per cent"]) {
    const [skill, coverage] = rowOf(lines, name);
    expect(skill, name).toBeGreaterThan(0.08);
    expect(coverage, name).toBeCloseTo(0.9, 1);
  }
});

test("tomorrow's weather is nearer than today's, for each of the eight series", () => {
  const lines = linesOf("weather").slice(1);
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    const [error, errorOfLast] = line.trim().split(/\s+/).slice(-2).map(Number);
    expect(error, line).toBeLessThan(errorOfLast!);
  }
});

test("this machine's load and memory are forecast, a line a reading", () => {
  const lines = linesOf("host-metrics", ["2"]);
  expect(lines.map((line) => line.split(/\s{2,}| \d/)[0])).toEqual([
    "load",
    "memory in use",
    "load",
    "memory in use",
  ]);
});

test("the first program of the docs finds the fault", () => {
  const lines = linesOf("first-program");
  expect(lines.at(-1)).toMatch(/^pump-7 95 expected 4\d\./);
  expect(lines.length).toBeLessThan(4);
});

test("ten lines forecast the numbers of standard input", () => {
  const lines = linesOf("ten-lines", [], Array.from({ length: 300 }, (_, i) => `${i}\n`).join(""));
  expect(lines).toHaveLength(300);
  const [, next] = /next: (\S+)/.exec(lines.at(-1)!)!;
  expect(Math.abs(Number(next) - 300)).toBeLessThan(0.1);
});

test("a fault of the thermometer is the only anomaly of its last day", () => {
  const lines = linesOf("readings");
  const anomalies = lines.filter((line) => line.includes("<- anomaly"));
  expect(lines.length).toBeGreaterThan(20);
  expect(anomalies.length).toBeGreaterThan(0);
  expect(anomalies[0]).toContain("2026-03-01T14:00");
});

test("clicks are counted per page and minute, and the cart without clicks is told at once", () => {
  const lines = linesOf("clicks-per-minute");
  expect(lines[0]).toMatch(/^2026-03-02T09:21:00.000Z \/cart 0 clicks, expected \d+/);
  expect(lines.slice(0, -1).every((line) => line.includes(" /cart 0 clicks"))).toBe(true);
  expect(lines.at(-1)).toBe("4320 windows of a minute");
});

test("a sensor that is moved is one incident, opened at once and closed when its kind is settled", () => {
  const lines = linesOf("incidents");
  expect(lines[0]).toMatch(/^2026-02-08T13:00:00.000Z attic-3700 opened spike above severity \d/);
  expect(lines.at(-1)).toContain("attic-3700 closed");
  expect(new Set(lines.map((line) => line.split(" ")[1]))).toEqual(new Set(["attic-3700"]));
});

test("pumps of a site that deviate together are one incident of the site, told at once", () => {
  const lines = linesOf("groups");
  const [opened, ...further] = lines.filter((line) => line.includes(" north "));
  expect(opened).toMatch(/^2026-02-01T15:0\d:00.000Z north opened: \d+ pumps deviated, north\/\d first$/);
  expect(further.filter((line) => line.includes("opened"))).toEqual([]);
});

test("the next character of a text and the next page of a visitor are forecast, better as they come", () => {
  const lines = linesOf("next-character", ["24000"]);
  const perplexities = lines.slice(1, 5).map((line) => Number(line.trim().split(/\s+/)[1]));
  expect(perplexities).toHaveLength(4);
  for (const perplexity of perplexities) expect(perplexity).toBeLessThan(6);
  const [, perplexity] = /perplexity (\S+) over/.exec(linesOf("next-page", ["20000"]).at(-1)!)!;
  expect(Number(perplexity)).toBeLessThan(1.9);
});

test("readings are corrected by a registry that answers late, and only the fault of a pump is far from its forecast", () => {
  const [summary, ...alerts] = linesOf("device-registry");
  expect(summary).toBe("1200 forecasts of 1800 readings in 6 commits");
  const found = alerts.map((line) => {
    const [, text] = /^alerts (.*)$/.exec(line)!;
    return JSON.parse(text!) as { key: string; site: string; value: number; expected: number };
  });
  const sites: Readonly<Record<string, string>> = { "pump-1": "north", "pump-2": "south" };
  for (const { key, site } of found) expect(site).toBe(sites[key]);
  const far = found.filter(({ value, expected }) => Math.abs(value - expected) > 2);
  // The value of the fault alone: no forecast is made from it.
  expect(far.map(({ key }) => key)).toEqual(["pump-2"]);
});

test("the page on alarms shows what tune prints for its command", () => {
  const page = readFileSync(`${root}docs/alarms.md`, "utf8");
  const [, command, shown] = /\$ npx undercurrent (tune .*)\n([^]*?alarmRate: .*\n)/.exec(page)!;
  const args = [`${root}dist/cli.js`, ...command!.split(" ")];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(stderr).toBe("");
  // The figures follow the forecasts; the rest of the page does not.
  const masked = (text: string): string => text.replaceAll(/\d[\d,.]*\d|\d/g, "N");
  expect(masked(stdout)).toContain(masked(shown!));
});

test("gates tell of the large leak and the silent tank alone, and the night's trial is muted", () => {
  expect(linesOf("gates")).toEqual([
    "2026-02-02T01:00:00.000Z large: spike, muted",
    "2026-02-02T09:24:00.000Z third: silence",
    "2026-02-02T16:00:00.000Z large: spike",
  ]);
});
