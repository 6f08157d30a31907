/** Tables as spreadsheets, loggers and Home Assistant export them: what is read, and what the error of the rest says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CsvColumns } from "../../../../src/adapters/files/csv/csv-layout.js";
import { readObservations, type FileForm } from "../../../../src/adapters/files/csv/csv-reader.js";
import { parseConfig } from "../../../../src/config/load.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-exports-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(
  content: string,
  columns: CsvColumns = {},
  form: FileForm = {},
): Promise<Record<"times" | "values", number[]> & Record<"rejected" | "notices", string[]>> {
  const path = join(folder, "in.csv");
  writeFileSync(path, content);
  const times: number[] = [];
  const values: number[] = [];
  const rejected: string[] = [];
  const notices: string[] = [];
  const batches = readObservations([path], {
    columns,
    form,
    slotOf: () => 0,
    reject: ({ code, message }) => void rejected.push(`${code}: ${message}`),
    notice: (text) => void notices.push(text),
  });
  for await (const batch of batches) {
    times.push(...batch.times.subarray(0, batch.count));
    values.push(...batch.values.subarray(0, batch.count));
  }
  return { times, values, rejected, notices };
}

describe("trailing columns without a name", () => {
  test.each<[string, CsvColumns, string]>([
    ["wide", { wide: true }, "time,a,b,,\n2026-03-01,1,2,,\n2026-03-02,3,4, ,\n"],
    ["long, with the only other column", {}, "time;wert;;\n2026-03-01;1;;\n2026-03-02;2;;\n"],
    ["long, with a named value", {}, "time,value,\n2026-03-01,1,\n2026-03-02,2,\n"],
  ])("are left out if they are empty: %s", async (_, columns, content) => {
    const { values, rejected } = await read(content, columns);
    expect(values).toEqual(columns.wide === true ? [1, 2, 3, 4] : [1, 2]);
    expect(rejected).toEqual([]);
  });

  test.each<[CsvColumns, string]>([
    [{ wide: true }, "time,a,\n2026-03-01,1,x\n"],
    [{}, "time,wert,\n2026-03-01,1,x\n"],
  ])("are refused with data where a column is taken by its place: %j", async (columns, content) => {
    await expect(read(content, columns)).rejects.toMatchObject({
      code: "INPUT_COLUMN_INVALID",
      message: 'in.csv: line 2: column 3 has no name in the header, and the cell "x"',
    });
  });

  test("reject a later row that has data in them", async () => {
    const rows = Array.from(
      { length: 100 },
      (_, i) => `${Date.UTC(2026, 0, 1 + i)},${i},${i === 90 ? "7" : ""}\n`,
    );
    const { values, rejected } = await read(`time,a,\n${rows.join("")}`, { wide: true });
    expect(values).toHaveLength(99);
    expect(rejected).toEqual(['ROW_UNREADABLE: column 3 has no name in the header, and the cell "7"']);
  });

  test("do not hide a column without a name among the others", async () => {
    await expect(read("time,,a\n2026-03-01,,1\n", { wide: true })).rejects.toMatchObject({
      code: "INPUT_COLUMN_INVALID",
    });
  });
});

describe("a word for no value", () => {
  test.each([
    ["unavailable", "--missing unavailable"],
    ["Unknown", "--missing Unknown"],
    ["no data", '--missing "no data"'],
    ["#DIV/0!", '--missing "#DIV/0!"'],
  ])("%s names the option that reads it", async (word, option) => {
    const content = `time,value\n2026-03-01,1\n2026-03-02,${word}\n`;
    const { rejected } = await read(content);
    expect(rejected).toEqual([
      `VALUE_NOT_A_NUMBER: the value is the text "${word}"; if it stands for a missing value, ${option} reads it`,
    ]);
    expect((await read(content, {}, { missing: [word] })).values).toEqual([1, NaN]);
  });
});

describe("units of values", () => {
  const form = { valueUnit: ["%", "kWh", "$", "m3"] };

  test.each([
    ["12.5 %", 12.5],
    ["12.5%", 12.5],
    ["-3%", -3],
    ["1.5e2 kWh", 150],
    ["$4.25", 4.25],
    ["7 m3", 7],
    ["8", 8],
    ["", NaN],
  ])("that are named are left out: %s", async (cell, value) => {
    const { values, rejected } = await read(`time,value\n2026-03-01,${cell}\n`, {}, form);
    expect([values, rejected]).toEqual([[value], []]);
  });

  test.each(["12.5 MWh", "%", "1 2 %", "5 % %", "0x10%"])("make no number of %s", async (cell) => {
    const { values, rejected } = await read(`time,value\n2026-03-01,${cell}\n`, {}, form);
    expect([values, rejected]).toEqual([[], [expect.stringMatching(/^VALUE_NOT_A_NUMBER/) as string]]);
  });

  test("go with a decimal comma, with features and with the settings of records", async () => {
    const comma = "time;value;load\n2026-03-01;12,5 %;3 kWh\n";
    const german = await read(comma, { features: ["load"] }, { ...form, decimal: "," });
    expect([german.values, german.rejected]).toEqual([[12.5], []]);
    const { decode } = parseConfig("decode: { key: room, time: at, value: humidity }", {}).settings;
    const rows = "room,at,humidity\n5%,2026-03-01T00:00Z,40 %\n";
    const { values, rejected } = await read(rows, { decode }, form);
    expect([values, rejected]).toEqual([[40], []]);
  });
});

describe("a time of day in the column next to the date", () => {
  test("is named by the error of the date", async () => {
    const { rejected } = await read("Datum;Uhrzeit;Wert\n31.12.2026;13:00;1\n31.12.2026;14:00;2\n", {
      value: "Wert",
    });
    expect(rejected).toHaveLength(2);
    expect(rejected[0]).toMatch(/^TIME_INVALID: /);
    expect(rejected[0]).toContain(
      '; the time of day is in the column next to it: --time Datum,Uhrzeit --time-format "d.M.yyyy H:mm" reads both',
    );
  });

  test("is named by a note if the date is read without it", async () => {
    const { times, notices } = await read("date,clock time,value\n2026-03-01,13:00,1\n2026-03-01,14:00,2\n");
    expect(times).toHaveLength(2);
    expect(notices).toContain(
      'in.csv: the time of day in the column next to the date is not read: --time "date,clock time" reads both',
    );
  });

  test("is not seen in other columns, nor where both are read", async () => {
    const rows = "date,clock,value\n2026-03-01,13:00,1\n";
    expect((await read(rows, { time: "date,clock" }, { timeZone: "UTC" })).notices).toEqual([]);
    expect((await read("date,state,value\n2026-03-01,3,1\n")).notices).not.toContain("time of day");
  });
});
