/** The unit, format and zone of a record's time, and its words for a missing value. */
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { decoder } from "../../../src/pipeline/decode/decode.js";
import { epochTime, plausibleUnit, timeUnits } from "../../../src/pipeline/times/epoch.js";
import { RecordScan } from "../../../src/pipeline/decode/scan/scan.js";
import { detectingTimeReader } from "../../../src/pipeline/times/detection.js";
import { flagNames } from "../../../src/pipeline/times/reader.js";
import { InputSample } from "../../../src/pipeline/input-sample.js";
import { pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { bytes, jsonRecord, start } from "../records.js";

type DecodeOptions = NonNullable<PipelineOptions["decode"]>;
const settings = (options: DecodeOptions) => pipelineSettings({ decode: { time: "at", ...options } }).decode;
const record = (document: object) => jsonRecord(0, "key-1", document);

/** What the decoder says; the scan has to agree or leave the record to it. */
function timeOf(at: unknown, options: DecodeOptions = {}): number | string {
  const input = record({ at, value: 1 });
  const scan = RecordScan.of(settings(options));
  try {
    const { time } = decoder(settings(options))(input);
    if (scan?.read(input) === true) expect(scan.time).toBe(time);
    return time;
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    expect(scan?.read(input) ?? false).toBe(false);
    return `${error.code}: ${error.message}`;
  }
}

describe("a record's time that is a number", () => {
  test("is milliseconds without a unit, and a dead letter where it is plausible in another unit alone", () => {
    expect(timeOf(start)).toBe(start);
    expect(timeOf(start + 0.5)).toBe(start + 0.5);
    expect(timeOf(Date.UTC(2400, 0))).toBe(Date.UTC(2400, 0));
    expect(timeOf(Date.UTC(1950, 0))).toBe(Date.UTC(1950, 0));
    expect(timeOf(1772323200)).toBe(
      "TIME_INVALID: the time is 1772323200, which is not plausible in milliseconds: as epoch seconds it is 2026-03-01T00:00:00.000Z (decode.timeUnit: s)",
    );
    for (const at of [
      1772323200_000_000, 1772323200_000_000_000, 20260301, 20260301120000, 2026, 0, -5, 5e13,
    ]) {
      expect(timeOf(at), String(at)).toMatch(/^TIME_INVALID: .*decode\.timeUnit/);
    }
  });

  test("is of the unit that is set", () => {
    expect(timeOf(1772323200.123, { timeUnit: "s" })).toBe(1772323200123);
    expect(timeOf(1772323200_123_456, { timeUnit: "us" })).toBe(1772323200123);
    expect(timeOf("1772323200123456789", { timeUnit: "ns" })).toBe(1772323200123);
    expect(timeOf(1772323200_123_456_768, { timeUnit: "ns" })).toBe(1772323200123);
    expect(timeOf(0, { timeUnit: "ms" })).toBe(0);
    expect(timeOf("2026-03-01T00:00:00Z", { timeUnit: "s" })).toBe(1772323200000);
    expect(timeOf(1772323200000, { timeUnit: "s" })).toMatch(/contradicts decode\.timeUnit: s/);
  });

  test("is plausible in one unit at most, and keeps its value in milliseconds", () => {
    for (let exponent = -1; exponent < 20; exponent += 0.01) {
      const number = 10 ** exponent;
      const found = timeUnits.filter((unit) => plausibleUnit(number) === unit);
      expect(found.length).toBeLessThanOrEqual(1);
      if (found[0] === "ms") expect(epochTime(number, undefined)).toBe(number);
      else expect(epochTime(number, undefined)).toBeNaN();
    }
  });
});

test("a record's time may have a format and a zone", () => {
  const options = { timeFormat: "M/d/yyyy H:mm", timeZone: "Europe/Berlin" };
  expect(timeOf("1/2/2010 13:00", options)).toBe(Date.UTC(2010, 0, 2, 12));
  expect(timeOf("2010-01-02", options)).toMatch(/^TIME_INVALID/);
  expect(timeOf(20260301, { timeFormat: "yyyyMMdd" })).toBe(Date.UTC(2026, 2, 1));
  expect(timeOf("2026-07-01T12:00", { timeZone: "Europe/Berlin" })).toBe(Date.UTC(2026, 6, 1, 10));
});

test("texts that stand for a missing value are missing where they are set", () => {
  const options = settings({ missing: ["Unavailable"], features: ["x"] });
  const { value, features } = decoder(options)(record({ at: start, value: "unavailable", x: "UNAVAILABLE" }));
  expect([value, ...features]).toEqual([NaN, NaN]);
  expect(() => decoder(options)(record({ at: start, value: "unknown" }))).toThrow("unknown");
  const number = pipelineSettings({ decode: { format: "number", missing: ["-"] } }).decode;
  expect(decoder(number)({ ...record({}), value: bytes(" - ") }).value).toBeNaN();
});

test.each([
  [{ timeUnit: "s", timeFormat: "yyyy", time: "at" }, "exclude"],
  [{ timeUnit: "s" }, "require time"],
  [{ time: "at", timeFormat: "HH:mm" }, "year"],
  [{ time: "at", timeFormat: "yyyy z" }, "offsets"],
  [{ time: "at", timeZone: "Mars/Base" }, "time zone"],
] as const)("%j is refused", (decode, message) => {
  expect(() => pipelineSettings({ decode })).toThrow(message);
});

test("a sample names the plausible unit", () => {
  const sample = new InputSample({ decode: settings({}), model: forecasterSettings() }, start);
  for (let i = 0; i < 5; i++) sample.add(0, record({ at: 1772323200 + i, value: i }));
  expect(sample.findings()).toMatchObject([
    { code: "INPUT_UNUSABLE", message: expect.stringContaining("decode.timeUnit: s") as string },
  ]);
});

test("a stream's first plausible number decides the unit, whatever comes before it", () => {
  const notices: string[] = [];
  const read = detectingTimeReader({}, flagNames, (text) => notices.push(text));
  expect(read("2026-03-01")).toBe(1772323200000);
  expect(() => read(3)).toThrow("--time-unit");
  expect(read(1772323201)).toBe(1772323201000);
  expect(read(1772323202)).toBe(1772323202000);
  expect(() => read(1772323203000)).toThrow("--time-unit s");
  expect(() => read(4)).toThrow("--time-unit");
  expect(notices).toEqual([
    "times are taken as epoch seconds (--time-unit s): 1772323201 is 2026-03-01T00:00:01.000Z",
  ]);
});

describe("a time in several fields", () => {
  const at = (document: object, more: object = {}): number =>
    decoder(settings({ time: ["date", "clock.hour"], key: { const: "all" }, ...more }))(record(document))
      .time;

  test("is joined with a blank, as ISO 8601 or in a format", () => {
    const afternoon = Date.UTC(2026, 0, 2, 13);
    expect(at({ date: "2026-01-02", clock: { hour: "13:00" }, value: 1 })).toBe(afternoon);
    expect(
      at({ date: "2026-01-02", clock: { hour: "13:00" }, value: 1 }, { timeZone: "Europe/Berlin" }),
    ).toBe(afternoon - 3_600_000);
    const timeFormat = "yyyyMMdd Hmm";
    expect(at({ date: 20260102, clock: { hour: " 1300 " }, value: 1 }, { timeFormat })).toBe(afternoon);
  });

  test("names the part that is not there", () => {
    expect(() => at({ date: "2026-01-02", value: 1 })).toThrow(
      'a part of the time is missing: nothing is at the path "clock.hour" (decode.time)',
    );
    expect(() => at({ date: {}, clock: { hour: "1" }, value: 1 })).toThrow(
      'a part of the time is missing: no text or number is at the path "date" (decode.time)',
    );
  });

  test("is one path if the list has one", () => {
    expect(at({ at: "2026-01-02", value: 1 }, { time: ["at"] })).toBe(Date.UTC(2026, 0, 2));
  });
});

test("a stream's first local time is told, and taken as UTC", () => {
  const notices: string[] = [];
  const read = detectingTimeReader({}, flagNames, (text) => notices.push(text));
  for (const time of ["2026-03-01", "2026-03-01T10:00Z", "2026-03-01 13:00", "2026-03-01 14:00"]) read(time);
  expect(notices).toEqual([
    "times name no zone and are taken as UTC: 2026-03-01 13:00 is 2026-03-01T13:00:00.000Z; for local times give --time-zone, such as --time-zone Europe/Berlin",
  ]);
  const quiet = (form: object): void => {
    detectingTimeReader(form, flagNames, (text) => notices.push(text))("2026-03-01 13:00 +01:00");
  };
  quiet({ timeFormat: "yyyy-MM-dd HH:mm ZZ" });
  quiet({ timeZone: "UTC" });
  expect(notices).toHaveLength(1);
});
