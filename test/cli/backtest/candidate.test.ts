/** `backtest` with a candidate in the configuration: both models side by side on the same events. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Scores {
  readonly model: string;
  readonly overall: object;
  readonly incidents: { readonly alarms: number };
  readonly candidate?: Scores;
}

const rows = Array.from({ length: 1200 }, (_, i) => {
  const value = Math.sin(i / 9) + ((i * 37) % 101) / 500 + (i === 900 ? 30 : 0);
  return `key-${i % 3},${new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString()},${value}\n`;
});
const series = join(folder, "series.csv");
writeFileSync(series, `key,time,value\n${rows.join("")}`);

/** `maxKeys` gives slots of its own to the candidate's keys. */
const models = [
  "{cell: lstm, hidden: 8, maxKeys: 2, alarmRate: 0.01}",
  "{cell: gru, hidden: 8, alarmRate: 0.02, maxKeys: 0}",
];

function backtest(name: string, text: string, ...flags: string[]): string {
  const config = join(folder, `${name}.yaml`);
  writeFileSync(config, text);
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [cli, "backtest", series, "-c", config, ...flags],
    {
      encoding: "utf8",
    },
  );
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}
const scoresOf = (name: string, text: string): Scores => JSON.parse(backtest(name, text, "--json")) as Scores;

test.each([
  ["events", ""],
  ["windows", "\naggregate: {every: 10m, by: mean}"],
])("the scores of both are those that each has alone: %s", (name, more) => {
  const [first, second] = models.map((model, i) => scoresOf(`${name}-${i}`, `model: ${model}${more}`));
  const both = scoresOf(`${name}-both`, `model: ${models[0]}\ncandidate: {model: ${models[1]}}${more}`);
  expect(both).toMatchObject({ overall: first!.overall, incidents: first!.incidents });
  const { model, overall, incidents } = second!;
  expect(both.candidate).toMatchObject({ model, overall, incidents });
  expect(model).toMatch(/^gru8@/);
});

test("the table of all keys and the alarms name the candidate", () => {
  const text = backtest("table", `model: ${models[0]}\ncandidate: {model: ${models[1]}}`);
  expect(text).toMatch(/^undercurrent lstm8@.*\ncandidate gru8@\d+ +[\d.]+ +[\d.]+ /m);
  expect(text).toMatch(/^Candidate: [\d,]+ alarms, [\d,]+ incidents/m);
});
