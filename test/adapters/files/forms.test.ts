/** How files are written: units and formats of times, delimiters, decimal marks, UTF-16, headers, words for missing values. */
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CsvColumns } from "../../../src/adapters/files/csv/csv-layout.js";
import { readObservations, type FileForm } from "../../../src/adapters/files/csv/csv-reader.js";
import { CsvRecords } from "../../../src/adapters/files/csv/csv-records.js";
import { decoderOf } from "../../../src/adapters/files/encodings/decoder.js";
import { Utf16Decoder } from "../../../src/adapters/files/encodings/utf16.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-forms-"));
afterAll(() => rmSync(folder, { recursive: true }));
const start = Date.UTC(2026, 2, 1);

interface Outcome {
  readonly times: number[];
  readonly values: number[];
  readonly rejected: string[];
  readonly notices: string[];
}

async function read(
  content: string | Buffer,
  form: FileForm = {},
  columns: CsvColumns = {},
): Promise<Outcome> {
  const path = join(folder, "in.csv");
  writeFileSync(path, content);
  const outcome: Outcome = { times: [], values: [], rejected: [], notices: [] };
  const batches = readObservations([path], {
    columns,
    form,
    batchSize: 7,
    slotOf: () => 0,
    reject: ({ code, message }) => void outcome.rejected.push(`${code}: ${message}`),
    notice: (text) => void outcome.notices.push(text),
  });
  for await (const { times, values, count } of batches) {
    outcome.times.push(...times.subarray(0, count));
    outcome.values.push(...values.subarray(0, count));
  }
  return outcome;
}

const table = (times: readonly (string | number)[]): string =>
  `time,value\n${times.map((time, i) => `${time},${i}\n`).join("")}`;
const hours = Array.from({ length: 200 }, (_, i) => start + i * 3_600_000);

describe("times that are numbers", () => {
  test.each([
    ["seconds", "s", (ms: number) => String(ms / 1000)],
    ["microseconds", "us", (ms: number) => `${ms}000`],
    ["nanoseconds", "ns", (ms: number) => `${ms}000000`],
  ] as const)("in epoch %s are told and read as such", async (name, unit, write) => {
    const { times, rejected, notices } = await read(table(hours.map(write)));
    expect(times).toEqual(hours);
    expect(rejected).toEqual([]);
    expect(notices).toEqual([
      `in.csv: times are taken as epoch ${name} (--time-unit ${unit}): ${write(start)} is 2026-03-01T00:00:00.000Z`,
    ]);
    const named = await read(table(hours.map(write)), { timeUnit: unit });
    expect([named.times, named.notices]).toEqual([hours, []]);
  });

  test("in milliseconds are read in silence", async () => {
    const { times, notices } = await read(table(hours));
    expect([times, notices]).toEqual([hours, []]);
  });

  test.each([
    ["years", ["2019", "2020", "2021"], "--time-format yyyy"],
    ["days as digits", ["20260101", "20260102"], "--time-format yyyyMMdd"],
    ["hours as digits", ["2026010100", "2026010101"], "--time-format yyyyMMddHH"],
    ["minutes as digits", ["202601010000", "202601010001"], "--time-format yyyyMMddHHmm"],
    ["small ids", ["1", "2", "3"], "--time-unit"],
    ["two units", ["1772323200", "1772323201000"], "several units"],
  ])("that are %s are refused", async (_, times, message) => {
    await expect(read(table(times))).rejects.toMatchObject({
      code: "TIME_UNIT_UNCLEAR",
      message: expect.stringContaining(message) as string,
    });
  });

  test("that contradict the named unit are refused, and those that contradict it later are rejected", async () => {
    await expect(read(table([1772323200, 1772323201]), { timeUnit: "ms" })).rejects.toMatchObject({
      code: "TIME_UNIT_UNCLEAR",
    });
    await expect(read(table([start]), { timeUnit: "s" })).rejects.toMatchObject({
      code: "TIME_UNIT_UNCLEAR",
    });
    const late = await read(table([...hours, start / 1000, 0]));
    expect(late.times).toEqual(hours);
    expect(late.rejected[0]).toContain("1772323200, which is not plausible in milliseconds");
    expect(late.rejected).toHaveLength(2);
  });

  test("of any size are taken in the unit that is named", async () => {
    expect((await read(table([0, 60_000, 86_400_000]), { timeUnit: "ms" })).times).toEqual([
      0, 60_000, 86_400_000,
    ]);
    expect((await read(table([0, 60]), { timeUnit: "s" })).times).toEqual([0, 60_000]);
  });
});

describe("times in a format", () => {
  test.each([
    ["M/d/yyyy H:mm", "1/2/2010 13:00", "UTC", "2010-01-02T13:00:00Z"],
    ["M/d/yyyy H:mm", "1/2/2010 13:00", "Europe/Berlin", "2010-01-02T12:00:00Z"],
    ["dd.MM.yyyy", "31.12.2026", undefined, "2026-12-31T00:00:00Z"],
    ["yyyy/M/d H:mm", "2026/1/2 0:00", undefined, "2026-01-02T00:00:00Z"],
    ["yyyyMMdd", "20260301", undefined, "2026-03-01T00:00:00Z"],
    ["d MMM yyyy h:mm a", "1 Mar 2026 1:05 PM", "America/New_York", "2026-03-01T18:05:00Z"],
    ["d.M.yyyy HH:mm ZZ", "1.3.2026 12:00 +02:00", "Asia/Tokyo", "2026-03-01T10:00:00Z"],
    [undefined, "2026-07-01 12:00", "Europe/Berlin", "2026-07-01T10:00:00Z"],
    [undefined, "2026-07-01T12:00Z", "Europe/Berlin", "2026-07-01T12:00:00Z"],
    // Twice: the earlier one. Never: moved forward.
    [undefined, "2026-10-25 02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"],
    [undefined, "2026-03-29 02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"],
    ["yyyy-MM-dd HH:mm", "2026-11-01 01:30", "America/New_York", "2026-11-01T05:30:00Z"],
  ])("%s: %s in %s", async (timeFormat, text, timeZone, iso) => {
    const { times, rejected } = await read(table([text]), { timeFormat, timeZone });
    expect(rejected).toEqual([]);
    expect(times).toEqual([Date.parse(iso)]);
  });

  test("reject what has another form, and days that do not exist", async () => {
    const { times, rejected } = await read(table(["30.02.2026", "2026-03-01", "01.03.2026"]), {
      timeFormat: "dd.MM.yyyy",
    });
    expect(times).toEqual([start]);
    expect(rejected[0]).toBe('TIME_INVALID: the time is the text "30.02.2026", not of the format dd.MM.yyyy');
    expect(rejected).toHaveLength(2);
  });
});

describe("a file", () => {
  const at = (i: number): string => new Date(hours[i]!).toISOString();

  test("that is not in the order of time is told, and taken as it stands", async () => {
    const descending = hours.map((_, i) => hours.length - 1 - i);
    const { times, notices } = await read(table(descending.map(at)));
    expect(times[0]).toBe(hours.at(-1));
    expect(notices).toEqual([
      "in.csv: 199 of 200 values are older than the one before of their key: rows are taken as they stand; sort them by time, the oldest first",
    ]);
    expect((await read(table(hours.map((_, i) => at(i))))).notices).toEqual([]);
  });

  test("of several series without a column of keys is told by its columns and its times", async () => {
    const rows = hours.map((_, i) => `${at(i >> 1)},pump,${i % 2 === 0 ? "bar" : "celsius"},${i}\n`);
    const { notices } = await read(`time,device,metric,value\n${rows.join("")}`);
    expect(notices).toEqual([
      'in.csv: all rows are of one key, for no column is named key; --key names its column, such as "device", "metric"',
      "in.csv: 100 of 200 values have the time of the one before of their key: if the rows are of several series, --key names the column that tells them apart",
    ]);
    const named = await read(`time,device,metric,value\n${rows.join("")}`, {}, { key: "metric" });
    // All keys of this test have one slot.
    expect(named.notices).toHaveLength(1);
  });

  test.each([
    ["1,500.0", "separators of thousands must be removed"],
    ["1 500.5", "separators of thousands must be removed"],
    ["1.500,25", "separators of thousands must be removed, a decimal comma needs --decimal ,"],
    ["41,5", "a decimal comma needs --decimal ,"],
    ["50.0%", '--value-unit "%" leaves out the unit'],
    ["$1500", '--value-unit "$" leaves out the unit'],
    ["$1,500.00", 'separators of thousands must be removed; --value-unit "$" leaves out the unit'],
    ["21.5 °C", '--value-unit "°C" leaves out the unit'],
    ["21.5 of 30", "write the number alone, without unit or sign of currency"],
    ["(12.50)", "a negative number needs a minus sign, and no brackets"],
  ])("with the value %s is told what would make it a number", async (cell, hint) => {
    const { rejected } = await read(`time,value\n2026-03-01,"${cell}"\n`);
    expect(rejected).toEqual([`VALUE_NOT_A_NUMBER: the value is the text ${JSON.stringify(cell)}; ${hint}`]);
  });

  test.each(["on", "Total", "--"])("with the value %s has no such advice", async (cell) => {
    const { rejected } = await read(`time,value\n2026-03-01,${cell}\n`);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).not.toContain(";");
  });

  test("with the day numbers of a spreadsheet is told what to export", async () => {
    await expect(read(table(["46101.00000", "46101.04167"]))).rejects.toThrow(
      "look like a spreadsheet's day numbers: give its cells a date format such as yyyy-mm-dd hh:mm before the export",
    );
  });

  test.each([";", "\t"])("with %j between its cells is read and told", async (delimiter) => {
    const content = `time,value\n2026-03-01,1,5\n`.replace("time,value", `time${delimiter}value`);
    const rows = content.replace("2026-03-01,", `2026-03-01${delimiter}`);
    const { values, notices } = await read(rows, { decimal: "," });
    expect(values).toEqual([1.5]);
    expect(notices).toEqual([expect.stringContaining("in.csv: cells are separated by ") as string]);
    expect((await read(rows, { decimal: ",", delimiter })).notices).toEqual([]);
  });

  test("with a decimal comma has no separator of thousands", async () => {
    const { values, rejected } = await read("time;value\n2026-03-01;1.234,5\n2026-03-02;-0,25\n", {
      decimal: ",",
    });
    expect(values).toEqual([-0.25]);
    expect(rejected).toEqual([expect.stringMatching(/^VALUE_NOT_A_NUMBER/) as string]);
  });

  test("with another delimiter is read where that is named", async () => {
    expect((await read("time|value\n2026-03-01|4\n", { delimiter: "|" })).values).toEqual([4]);
  });

  test("keeps its commas where a name has a semicolon", async () => {
    expect((await read("time,a;b\n2026-03-01,4\n")).values).toEqual([4]);
    expect((await read('"time;zone",a\n2026-03-01,4\n')).values).toEqual([4]);
  });

  test("without a header is refused, of times as text, as numbers and in a format", async () => {
    for (const [row, form] of [
      ["2026-03-01T00:00:00Z,5", {}],
      ["pump-1,2026-03-01T00:00:00Z,5", {}],
      ["1772323200,5,", {}],
      ["31.12.2026;1,5", { decimal: ",", timeFormat: "dd.MM.yyyy" }],
    ] as const) {
      await expect(read(`${row}\n${row}\n`, form), row).rejects.toMatchObject({
        code: "INPUT_COLUMN_MISSING",
        message: expect.stringContaining("the first row is data") as string,
      });
    }
  });

  test("may have numbers for the names of its columns", async () => {
    expect((await read("time,101,102\n2026-03-01,1,2\n", {}, { wide: true })).values).toEqual([1, 2]);
    expect((await read("2026,5\n2026-03-01,1\n")).values).toEqual([1]);
  });

  test("names its words for a missing value, in any case", async () => {
    const words = ["Unavailable", "unknown", "NULL", "None", "NaN", "n/a", "-", "-999", "3"];
    const rows = words.map((word, i) => `${hours[i]},${word}\n`).join("");
    const { values, rejected } = await read(`time,value\n${rows}`, {
      missing: ["unavailable", "UNKNOWN", "-999"],
    });
    expect(values).toEqual([...Array<number>(8).fill(NaN), 3]);
    expect(rejected).toEqual([]);
  });

  test("in UTF-16 is read by its byte order mark, and named without one", async () => {
    const text = "\ufefftime,value\n2026-03-01,1\n";
    const little = Buffer.from(text, "utf16le");
    for (const bytes of [little, Buffer.from(little).swap16()])
      expect((await read(bytes)).values).toEqual([1]);
    await expect(read(little.subarray(2))).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: expect.stringContaining("UTF-16 without a byte order mark") as string,
    });
  });
});

test("UTF-16 is the same text however it is cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(40), (text, cut) => {
      const bytes = Buffer.from(text, "utf16le");
      const decoder = new Utf16Decoder("LE");
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)].map((part) => decoder.push(part));
      expect(parts.join("") + decoder.end()).toBe(text);
    }),
  );
});

test("the delimiter is the same however the text is cut", () => {
  const text = 'a;b\n\n1;"x\n,y"\n2;3\n';
  const all = (pieces: readonly string[]): unknown => {
    const records = new CsvRecords();
    return [...pieces.flatMap((piece) => records.push(piece)), ...records.end()];
  };
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(text.length), (a, b) => {
      const [first, second] = a < b ? [a, b] : [b, a];
      expect(all([text.slice(0, first), text.slice(first, second), text.slice(second)])).toEqual(all([text]));
    }),
  );
  expect(all([text])).toMatchObject([
    { cells: ["a", "b"] },
    { cells: ["1", "x\n,y"] },
    { cells: ["2", "3"] },
  ]);
});

describe("local times", () => {
  const local = "time,value\n2026-01-02 13:00,1\n2026-01-02 14:00,2\n";

  test("are taken as UTC, which one note says", async () => {
    const { times, notices } = await read(local);
    expect(times[0]).toBe(Date.UTC(2026, 0, 2, 13));
    expect(notices).toEqual([
      "in.csv: times name no zone and are taken as UTC: 2026-01-02 13:00 is 2026-01-02T13:00:00.000Z; for local times give --time-zone, such as --time-zone Europe/Berlin",
    ]);
    const german = await read("time,value\n2.1.2026 13:00,1\n", { timeFormat: "d.M.yyyy H:mm" });
    expect(german.notices).toEqual([expect.stringContaining("2.1.2026 13:00 is 2026-01-02T13:00:00.000Z")]);
  });

  test("need no note with a zone, and neither do days", async () => {
    expect((await read(local, { timeZone: "Europe/Berlin" })).notices).toEqual([]);
    expect((await read(local, { timeZone: "UTC" })).notices).toEqual([]);
    expect((await read("time,value\n2026-01-02,1\n2026-01-03,2\n")).notices).toEqual([]);
    expect((await read("time,value\n2026-01-02T13:00+01:00,1\n")).notices).toEqual([]);
  });
});

describe("a time in two columns", () => {
  const rows = "date,key,clock,value\n2026-01-02,a,13:00,1\n2026-01-02,a,14:00,2\n";
  const time = "date,clock";

  test("is joined with a blank", async () => {
    const { times, values, rejected } = await read(rows, { timeZone: "UTC" }, { time });
    expect(times).toEqual([13, 14].map((hour) => Date.UTC(2026, 0, 2, hour)));
    expect([values, rejected]).toEqual([[1, 2], []]);
    const wide = await read(
      "date,clock,a\n2.1.2026,1300,5\n",
      { timeFormat: "d.M.yyyy HHmm" },
      { time, wide: true },
    );
    expect([wide.times, wide.values]).toEqual([[Date.UTC(2026, 0, 2, 13)], [5]]);
  });

  test("is one column if one has the name, and names one that is missing", async () => {
    expect((await read('"date,clock",value\n2026-01-02,1\n', {}, { time })).values).toEqual([1]);
    await expect(read(rows, {}, { time: "date,hour" })).rejects.toThrow('the file has no column "hour"');
  });
});

describe("other encodings", () => {
  const text = "time,Süd €,value\n2026-01-02,a–b,1\n";
  const bytes = Buffer.from(Array.from(text, (c) => ({ "€": 0x80, "–": 0x96 })[c] ?? c.charCodeAt(0)));

  test.each(["windows-1252", "latin1", "iso-8859-1"])("%s is read as such", async (encoding) => {
    const { values, rejected } = await read(bytes, { encoding }, { key: "Süd €" });
    expect([values, rejected]).toEqual([[1], []]);
  });

  test("others are read by their name, UTF-16 without a mark included", async () => {
    const kana = Buffer.from([0x83, 0x4c, 0x81, 0x5b]);
    const japanese = Buffer.concat([Buffer.from("time,"), kana, Buffer.from("\n2026-01-02,7\n")]);
    expect((await read(japanese, { encoding: "shift_jis" }, { value: "キー" })).values).toEqual([7]);
    const little = Buffer.from("time,value\n2026-01-02,7\n", "utf16le");
    expect((await read(little, { encoding: "utf-16le" })).values).toEqual([7]);
  });

  test("the error of a file that is none names the option", async () => {
    await expect(read(bytes)).rejects.toThrow("--encoding windows-1252");
    const bad = Buffer.concat([Buffer.from("time,value\n2026-01-02,"), Buffer.from([0x81])]);
    await expect(read(bad, { encoding: "shift_jis" })).rejects.toThrow("in.csv is not shift_jis");
    await expect(read(Buffer.from("time", "utf16le"))).rejects.toThrow("--encoding utf-16le");
  });

  test("bytes of windows-1252 are characters of their own", () => {
    const decoder = decoderOf("windows-1252", "f");
    const all = decoder.push(Uint8Array.from({ length: 256 }, (_, byte) => byte)) + decoder.end();
    expect(new Set(all).size).toBe(256);
    expect(all.slice(0x80, 0x83)).toBe("€\u0081‚");
    expect(all.slice(0xa0)).toBe(String.fromCharCode(...Array.from({ length: 96 }, (_, i) => 0xa0 + i)));
  });
});

test("annotations of InfluxDB above the header are named", async () => {
  await expect(read("#datatype,string,long\n,result,table\n")).rejects.toThrow(
    /InfluxDB's annotations.*grep -v '\^#'/,
  );
});
