/** CSV in and out: layouts, bad input that changes nothing else, and rows that read back as the same numbers. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readTimeCell, readValueCell } from "../../../../src/adapters/files/csv/cells.js";
import type { CsvColumns } from "../../../../src/adapters/files/csv/csv-layout.js";
import { readObservations, type FileForm } from "../../../../src/adapters/files/csv/csv-reader.js";
import { csvCell, ForecastCsvWriter, TextCells } from "../../../../src/adapters/files/csv/csv-writer.js";
import { checkReadable } from "../../../../src/adapters/files/open.js";
import { TextOutput } from "../../../../src/adapters/files/text-output.js";
import { UndercurrentError } from "../../../../src/errors/errors.js";
import { forecastColumns } from "../../../../src/forecast/columns.js";
import type { Rejection } from "../../../../src/pipeline/telemetry.js";
import { bitsOf, quick, rowsWhere, runFresh, type Event } from "../../../support/streams.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(
  files: readonly string[],
  columns: CsvColumns = {},
  form: FileForm = { timeUnit: "ms" },
): Promise<{ events: Event[]; rejections: Rejection[]; notices: string[]; largestBatch: number }> {
  const events: Event[] = [];
  const rejections: Rejection[] = [];
  const keys: string[] = [];
  let largestBatch = 0;
  const slotOf = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.push(key) - 1);
  const reject = (rejection: Rejection): void => void rejections.push(rejection);
  const notices: string[] = [];
  const notice = (text: string): void => void notices.push(text);
  for await (const batch of readObservations(files, { columns, form, notice, slotOf, reject })) {
    largestBatch = Math.max(largestBatch, batch.count);
    const width = columns.features?.length ?? 0;
    for (let row = 0; row < batch.count; row++) {
      const features = [...batch.features.subarray(row * width, (row + 1) * width)];
      const event = { key: keys[batch.slots[row]!]!, time: batch.times[row]!, value: batch.values[row]! };
      events.push(width === 0 ? event : { ...event, features });
    }
  }
  return { events, rejections, notices, largestBatch };
}

async function errorOf(promise: Promise<unknown>): Promise<UndercurrentError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UndercurrentError) return error;
  throw new Error("no error of ours", { cause: error });
}

const short = ({ code, origin }: Rejection): string => `${origin} ${code}`;

describe("cells", () => {
  it("hold one complete decimal number, or are missing", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e30, max: 1e30, noNaN: true }), (value) => {
        expect(readValueCell(String(value))).toBe(Object.is(value, -0) ? 0 : value);
        expect(readValueCell(` ${value.toExponential()} `)).toBeCloseTo(value, 5);
      }),
    );
    for (const cell of [
      "",
      " ",
      "NaN",
      "nan",
      "NAN",
      "null",
      "NULL",
      "None",
      "NA",
      "n/a",
      "N/A",
      " NA ",
      "#N/A",
      "nil",
      "-",
    ])
      expect(readValueCell(cell)).toBeNaN();
    for (const cell of [
      "abc",
      "1,5",
      "1.2.3",
      "0x10",
      " 0b1",
      "0o7",
      "0x0",
      "1_000",
      "12 kWh",
      "--1",
      "true",
    ]) {
      expect(() => readValueCell(cell), cell).toThrow(
        expect.objectContaining({ code: "VALUE_NOT_A_NUMBER" }),
      );
    }
    for (const cell of ["Infinity", "-Infinity", "inf", "-inf", "1e308", "-1e31", "1e999"]) {
      expect(() => readValueCell(cell), cell).toThrow(
        expect.objectContaining({ code: "VALUE_OUT_OF_RANGE" }),
      );
    }
    expect(readValueCell("-9999")).toBe(-9999);
  });

  it("hold a time as ISO 8601, in UTC without a zone, or as epoch milliseconds", () => {
    const time = Date.UTC(2016, 6, 1, 10, 30);
    for (const cell of [
      "2016-07-01 10:30:00",
      "2016-07-01T10:30",
      "2016-07-01T12:30:00+02:00",
      ` ${time} `,
    ]) {
      expect(readTimeCell(cell), cell).toBe(time);
    }
    expect(readTimeCell("2016-07-01")).toBe(Date.UTC(2016, 6, 1));
    for (const cell of ["", "7/1/2016", "yesterday", "1e999", "2016-13-01"]) {
      expect(() => readTimeCell(cell), cell).toThrow(expect.objectContaining({ code: "TIME_INVALID" }));
    }
  });
});

describe("layouts", () => {
  it("feed wide rows from left to right, in file order", async () => {
    const path = file("wide.csv", "a,when,b\n1,2020-01-01,2\n,2020-01-02,4\n");
    const { events } = await read([path], { wide: true, time: "when" });
    const [first, second] = [Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2)];
    expect(events).toEqual([
      { key: "a", time: first, value: 1 },
      { key: "b", time: first, value: 2 },
      { key: "a", time: second, value: NaN },
      { key: "b", time: second, value: 4 },
    ]);
    expect((await read([file("first.csv", "t,x\n5,1\n")], { wide: true })).events).toEqual([
      { key: "x", time: 5, value: 1 },
    ]);
  });

  it("name the columns of long files, with defaults", async () => {
    const named = file("named.csv", 'sensor,at,celsius\n"a ""b""\nc",1,2\n');
    expect((await read([named], { key: "sensor", time: "at", value: "celsius" })).events).toEqual([
      { key: 'a "b"\nc', time: 1, value: 2 },
    ]);
    const plain = file("plain.csv", "note,value,time,key\n-,2,1,k\n");
    expect((await read([plain])).events).toEqual([{ key: "k", time: 1, value: 2 }]);
  });

  it("call the only series of a file by its name, unpack .gz, and read several files one by one", async () => {
    const one = file("pump-7.csv", "timestamp,reading\n1,2\n");
    const two = file("pump-8.csv.gz", gzipSync("timestamp,reading\n0,3\n"));
    expect((await read([one, two])).events).toEqual([
      { key: "pump-7", time: 1, value: 2 },
      { key: "pump-8", time: 0, value: 3 },
    ]);
  });

  it("say which column is missing, twice there or without a name", async () => {
    const cases: readonly [string, CsvColumns, string, RegExp][] = [
      [
        "a,b,c\n1,2,3\n",
        {},
        "INPUT_COLUMN_MISSING",
        /value column is ambiguous; name it with --value; its columns are "a", "b", "c"/,
      ],
      [
        "Datum;Uhrzeit;Wert\n1.2.2026;10:00;3\n",
        {},
        "INPUT_COLUMN_MISSING",
        /ambiguous; if the time is in two columns, give --time "Datum,Uhrzeit"; otherwise name it with --value;/,
      ],
      ["a,b\n1,2\n", { value: "x" }, "INPUT_COLUMN_MISSING", /no column "x"/],
      ["a,b\n1,2\n", { wide: true, time: "x" }, "INPUT_COLUMN_MISSING", /no column "x"/],
      ["a\n1\n", { wide: true }, "INPUT_COLUMN_MISSING", /no column besides the time/],
      ["a,b\n1,2\n", { wide: true, features: ["b"] }, "INPUT_COLUMN_MISSING", /no column besides the time/],
      ["a,b\n1,2\n", { features: ["x"] }, "INPUT_COLUMN_MISSING", /no column "x"/],
      ["a,b,b\n1,2,3\n", { wide: true }, "INPUT_COLUMN_INVALID", /columns 2 and 3 are both named "b"/],
      [
        "a,b,\n1,2,3\n",
        { wide: true },
        "INPUT_COLUMN_INVALID",
        /line 2: column 3 has no name in the header, and the cell "3"/,
      ],
      [
        "a,,b\n1,2,3\n",
        { wide: true },
        "INPUT_COLUMN_INVALID",
        /name of column 2 is not a valid key: the key is empty/,
      ],
      [`a,${"b".repeat(10_000)}\n1,2\n`, { wide: true }, "INPUT_COLUMN_INVALID", /10000 characters/],
      ["time,value,value\n1,2,3\n", {}, "INPUT_COLUMN_INVALID", /columns 2 and 3/],
      ['"a\n1,2\n', {}, "INPUT_COLUMN_MISSING", /line 1: the header/],
    ];
    for (const [content, columns, code, message] of cases) {
      const error = await errorOf(read([file("bad-header.csv", content)], columns));
      expect(error.code, content.slice(0, 40)).toBe(code);
      expect(error.message).toMatch(message);
    }
  });

  it("take columns of features: of a long row's observation, of all keys of a wide row", async () => {
    const long = file("long-features.csv", "load,time,value,outside\n7,1,2,-3\n,2,4,nan\n");
    expect((await read([long], { features: ["outside", "load"] })).events).toEqual([
      { key: "long-features", time: 1, value: 2, features: [-3, 7] },
      { key: "long-features", time: 2, value: 4, features: [NaN, NaN] },
    ]);
    const wide = file("wide-features.csv", "t,a,outside,b\n1,2,-3,4\n");
    expect((await read([wide], { wide: true, features: ["outside"] })).events).toEqual([
      { key: "a", time: 1, value: 2, features: [-3] },
      { key: "b", time: 1, value: 4, features: [-3] },
    ]);
  });

  it("split what is long into batches, but never a row", async () => {
    const width = 20_000;
    const names = Array.from({ length: width }, (_, i) => `k${i}`);
    const row = names.map((_, i) => i).join(",");
    const { events, largestBatch } = await read(
      [file("broad.csv", `time,${names.join(",")}\n1,${row}\n2,${row}\n`)],
      { wide: true },
    );
    expect(events).toHaveLength(2 * width);
    expect(events.at(-1)).toEqual({ key: "k19999", time: 2, value: 19_999 });
    expect(largestBatch).toBe(width);
    const long = Array.from({ length: 20_000 }, (_, i) => `${i},${i}\n`).join("");
    const many = await read([file("long.csv", `time,value\n${long}`)]);
    expect(many.events.map((event) => event.value)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    expect(many.largestBatch).toBe(8192);
  });
});

describe("bad input", () => {
  it("is rejected with its file and line, and everything else is read", async () => {
    const rows = [
      "time,key,value",
      "1,a,1",
      "soon,a,2",
      "2,a,two",
      "3,a,Infinity",
      "4,a,1e308",
      "5,a,-9999",
      "6,,1",
      `7,${"k".repeat(10_000)},1`,
      "8,a",
      "9,__proto__,3",
      '10,"new\nline",4',
      `11,a,${"9".repeat(10_000_000)}`,
      '12,"open,1',
      "13,constructor,5",
    ];
    const { events, rejections } = await read([file("bad.csv", rows.join("\n"))]);
    expect(events.map(({ key, time, value }) => [key, time, value])).toEqual([
      ["a", 1, 1],
      ["a", 5, -9999],
      ["__proto__", 9, 3],
      ["new\nline", 10, 4],
      ["constructor", 13, 5],
    ]);
    expect(rejections.map(short)).toEqual([
      "bad.csv:3 TIME_INVALID",
      "bad.csv:4 VALUE_NOT_A_NUMBER",
      "bad.csv:5 VALUE_OUT_OF_RANGE",
      "bad.csv:6 VALUE_OUT_OF_RANGE",
      "bad.csv:8 KEY_INVALID",
      "bad.csv:9 KEY_INVALID",
      "bad.csv:10 ROW_UNREADABLE",
      "bad.csv:14 LINE_TOO_LONG",
      "bad.csv:15 ROW_UNREADABLE",
    ]);
  });

  it("takes one cell of a wide row, or the row if its time or width is wrong", async () => {
    const path = file("wide-bad.csv", "t,a,b\n1,x,2\nsoon,1,2\n3,1\n4,5,6\n");
    const { events, rejections } = await read([path], { wide: true });
    expect(events.map(({ key, value }) => `${key}${value}`)).toEqual(["b2", "a5", "b6"]);
    expect(rejections.map(({ origin, message }) => `${origin} ${message}`)).toEqual([
      'wide-bad.csv:2 column "a": the value is the text "x"',
      'wide-bad.csv:3 the time is the text "soon"',
      "wide-bad.csv:4 expected 3 cells as in the header, found 2",
    ]);
  });

  it("takes a whole row where one of its features is wrong, and names the column", async () => {
    const path = file("bad-feature.csv", "t,a,b,outside\n1,1,2,warm\n2,3,4,1e31\n3,5,6,7\n");
    const { events, rejections } = await read([path], { wide: true, features: ["outside"] });
    expect(events.map(({ value }) => value)).toEqual([5, 6]);
    expect(rejections.map(({ origin, message }) => `${origin} ${message}`)).toEqual([
      'bad-feature.csv:2 the feature "outside" is the text "warm"',
      'bad-feature.csv:3 the feature "outside" is 1e+31',
    ]);
  });

  it("may be nothing at all, a header alone, or one row", async () => {
    const empty = await read([file("empty.csv", "")]);
    expect([empty.events, empty.rejections.map(short)]).toEqual([[], ["empty.csv INPUT_EMPTY"]]);
    const header = await read([file("header.csv", "time,value\n")]);
    expect([header.events, header.rejections]).toEqual([[], []]);
    expect((await read([file("one.csv", "time,value\n1,2")])).events).toHaveLength(1);
  });

  it("may be a file that is not there, a folder, or broken compression", async () => {
    const codes = [
      await errorOf(checkReadable([join(folder, "nowhere.csv")])),
      await errorOf(checkReadable([folder])),
      await errorOf(read([join(folder, "nowhere.csv")])),
      await errorOf(read([file("broken.csv.gz", "time,value\n")])),
    ].map((error) => error.code);
    expect(codes).toEqual(new Array(4).fill("FILE_UNREADABLE"));
  });

  it("never changes a bit of the forecasts of other keys", async () => {
    // Lines that are rejected wherever they stand; none of them opens a quotation mark that another could close.
    const junk = fc.constantFrom(
      "",
      "x",
      "1,2,3,4",
      "soon,good-0,1",
      "5,good-0,abc",
      "5,good-1,1e308",
      "5,good-1,-Infinity",
      "5,,1",
      'a"b,good-0,1',
      `5,${"k".repeat(5000)},1`,
    );
    const good = Array.from(
      { length: 240 },
      (_, i) => `${i * 60_000},good-${i % 3},${Math.sin(i / 5) + (i % 7)}`,
    );
    const clean = await read([file("clean.csv", ["time,key,value", ...good].join("\n"))]);
    const expected = bitsOf(runFresh(quick, clean.events));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 240 }), junk), { maxLength: 40 }),
        async (insertions) => {
          const lines = [...good];
          for (const [at, line] of insertions) lines.splice(at, 0, line);
          const { events, rejections } = await read([
            file("mixed.csv", ["time,key,value", ...lines].join("\n")),
          ]);
          expect(rejections).toHaveLength(insertions.filter(([, line]) => line !== "").length);
          expect(bitsOf(runFresh(quick, events))).toBe(expected);
        },
      ),
      { numRuns: 20 },
    );
    const hostile = ["__proto__", "constructor", '"a\nb"', "x".repeat(1024)].map((key, i) => `${i},${key},`);
    const missing = await read([file("hostile.csv", ["time,key,value", ...hostile, ...good].join("\n"))]);
    expect(missing.events).toHaveLength(244);
    const forecasts = runFresh(quick, missing.events);
    expect(bitsOf(rowsWhere(forecasts, (row) => row >= 4))).toBe(expected);
  });
});

describe("the writer", () => {
  it("writes rows that read back as the same keys, times and numbers", async () => {
    const number = fc.oneof(fc.double({ min: -1e30, max: 1e30, noNaN: true }), fc.constant(NaN));
    const row = fc.record({
      key: fc.oneof(
        fc.constantFrom("__proto__", 'q"q', "a,b", "new\nline", " pad ", "=1+1"),
        fc.string({ minLength: 1 }),
      ),
      time: fc.integer({ min: -8.64e15, max: 8.64e15 }),
      numbers: fc.array(number, { minLength: 8, maxLength: 8 }),
      due: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constantFrom(NaN, 9e15)),
    });
    const path = join(folder, "out.csv");
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const columns = forecastColumns(rows.length);
        const past = ["values", "expected", "expectedLower", "expectedUpper", "anomalyScore"] as const;
        const written = [...past, "yhat", "yhatLower", "yhatUpper"] as const;
        rows.forEach(({ time, numbers, due }, i) => {
          columns.slots[i] = i;
          columns.times[i] = time;
          columns.yhatTime[i] = due;
          written.forEach((name, c) => (columns[name][i] = numbers[c]!));
        });
        const output = TextOutput.toFile(path);
        new ForecastCsvWriter(output).write({
          count: rows.length,
          columns,
          keyOf: (slot) => rows[slot]!.key,
        });
        await output.close();
        const [header, ...cells] = parse(readFileSync(path, "utf8"), { record_delimiter: "\n" });
        expect(header!.join()).toBe(
          "key,time,y,yhat,yhat_lower,yhat_upper,anomaly_score,next_time,next_yhat,next_yhat_lower,next_yhat_upper,expected,expected_lower,expected_upper",
        );
        const back = cells.map(([key, time, ...numbers]) => ({
          key,
          time: Date.parse(time!),
          due: Date.parse(numbers.splice(past.length, 1)[0]!),
          numbers: numbers.map((cell) => (cell === "" ? NaN : Number(cell))),
        }));
        const positiveZero = ({ numbers, due, ...rest }: (typeof rows)[number]): unknown => ({
          ...rest,
          due: due > 8.64e15 ? NaN : due,
          // The forecast of the row comes under both of its names.
          numbers: [...numbers, ...numbers.slice(1, 4)].map((n) => n + 0),
        });
        expect(back).toEqual(rows.map(positiveZero));
      }),
      { numRuns: 50 },
    );
  });

  it("writes keys that our reader takes for the same, those that look like formulas too", async () => {
    const keys = [
      "=cmd|' /C calc'!A0",
      "+1+1",
      "-pump",
      "@SUM(A1)",
      "\ttab",
      " =1",
      "'=1",
      '"',
      "a\nb",
      "é🌊",
    ];
    const columns = forecastColumns(keys.length);
    keys.forEach((_, slot) => (columns.slots[slot] = slot));
    const path = join(folder, "keys.csv");
    const output = TextOutput.toFile(path);
    const writer = new ForecastCsvWriter(output);
    writer.write({ count: keys.length, columns, keyOf: (slot) => keys[slot]! });
    await output.close();
    const { events, rejections } = await read([path], { value: "y" });
    expect(rejections).toEqual([]);
    expect(events.map(({ key }) => key)).toEqual(keys);
    expect(writer.formula).toBe(keys[0]);
  });

  it.each(["=1", "+a", "-a", "@a", " =1", "\ta", "\r=1", "--1"])("remembers %j as a formula", (text) => {
    const cells = new TextCells();
    cells.of("pump=7");
    cells.of("-5");
    cells.of("+4.5e3");
    expect(cells.formula).toBeUndefined();
    cells.of(text);
    cells.of("=2");
    expect(cells.formula).toBe(text);
  });

  it("quotes only where it must, and alters nothing", () => {
    expect(csvCell("pump 7")).toBe("pump 7");
    expect(csvCell("=SUM(A1)")).toBe("=SUM(A1)");
    expect(csvCell('a"b')).toBe('"a""b"');
  });

  it("says where it cannot write", async () => {
    const output = TextOutput.toFile(join(folder, "no", "such", "folder.csv"));
    output.write("x");
    await expect(output.close()).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  });
});
