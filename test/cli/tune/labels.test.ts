/** Files of labelled windows: CSV, what `backtest --incidents` writes, and the Numenta benchmark's JSON. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLabels } from "../../../src/cli/tune/labels.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const from = Date.UTC(2026, 0, 1, 10);
const to = Date.UTC(2026, 0, 1, 12);

test("a CSV file names key, from and to, in any order and beside other columns", async () => {
  const path = file("labels.csv", "to,note,key,from\n2026-01-01T12:00Z,pump broke,a,2026-01-01T10:00Z\n");
  expect(await readLabels(path, {})).toEqual([{ key: "a", from, to }]);
});

test("a file without keys has the windows of the only key", async () => {
  const path = file("unnamed.csv", "from,to\n2026-01-01 10:00,2026-01-01 12:00\n");
  expect(await readLabels(path, {})).toEqual([{ key: undefined, from, to }]);
});

test("begin and end serve as well, as backtest --incidents writes them", async () => {
  const path = file(
    "incidents.csv",
    "id,key,begin,end\n7,a,2026-01-01T10:00:00.000Z,2026-01-01T12:00:00.000Z\n",
  );
  expect(await readLabels(path, {})).toEqual([{ key: "a", from, to }]);
});

test("times are read in the format of the command", async () => {
  const path = file("format.csv", "key;from;to\na;1.1.2026 11:00;1.1.2026 13:00\n");
  const form = { timeFormat: "d.M.yyyy H:mm", timeZone: "Europe/Berlin", delimiter: ";" };
  expect(await readLabels(path, form)).toEqual([{ key: "a", from, to }]);
});

test("the benchmark's JSON names files, whose keys are theirs", async () => {
  const path = file(
    "windows.json",
    JSON.stringify({
      "realKnownCause/nyc_taxi.csv": [["2026-01-01 10:00:00.000000", "2026-01-01 12:00:00.000000"]],
      "realKnownCause/quiet.csv": [],
    }),
  );
  expect(await readLabels(path, {})).toEqual([{ key: "nyc_taxi", from, to }]);
});

test.each([
  ["no-columns.csv", "key,time\na,2026-01-01\n", "INPUT_COLUMN_MISSING"],
  ["empty.csv", "", "INPUT_COLUMN_MISSING"],
  ["time.csv", "key,from,to\na,2026-01-01,yesterday\n", "TIME_INVALID"],
  ["order.csv", "key,from,to\na,2026-01-02,2026-01-01\n", "TIME_INVALID"],
  ["width.csv", "key,from,to\na,2026-01-02\n", "ROW_UNREADABLE"],
  ["broken.json", "{", "ROW_UNREADABLE"],
  ["list.json", "[]", "ROW_UNREADABLE"],
  ["shape.json", '{"a.csv": [["2026-01-01"]]}', "ROW_UNREADABLE"],
])("a label that cannot be read refuses the file: %s", async (name, text, code) => {
  await expect(readLabels(file(name, text), {})).rejects.toMatchObject({ code });
});
