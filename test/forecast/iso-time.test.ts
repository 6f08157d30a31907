import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../src/errors/errors.js";
import { readTime } from "../../src/forecast/input.js";
import { parseIsoTime } from "../../src/forecast/iso-time.js";
import { DayStarts, isoTimeAt } from "../../src/pipeline/decode/scan/iso-scan.js";

const commonYear = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  readonly zone: number | undefined;
}

const moments: fc.Arbitrary<Moment> = fc.record({
  year: fc.oneof(fc.integer({ min: 1890, max: 2110 }), fc.constantFrom(0, 4, 99, 100, 400, 1970, 2000, 9999)),
  month: fc.integer({ min: 0, max: 14 }),
  day: fc.oneof(fc.integer({ min: 0, max: 33 }), fc.integer({ min: 28, max: 31 })),
  hour: fc.oneof(fc.integer({ min: 0, max: 26 }), fc.constant(24)),
  minute: fc.oneof(fc.integer({ min: 0, max: 61 }), fc.constant(0)),
  second: fc.oneof(fc.integer({ min: 0, max: 61 }), fc.constant(0)),
  millisecond: fc.oneof(fc.integer({ min: 0, max: 999 }), fc.constant(0)),
  /** Minutes ahead of UTC. */
  zone: fc.option(fc.integer({ min: -24 * 60, max: 24 * 60 }), { nil: undefined }),
});

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (commonYear[month - 1] ?? 0);

/** Counts whole years and months, without a Date. */
function expected({ year, month, day, hour, minute, second, millisecond, zone = 0 }: Moment): number {
  const ofDay = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
  const exists =
    day >= 1 &&
    day <= daysIn(year, month) &&
    minute < 60 &&
    second < 60 &&
    ofDay <= 86_400_000 &&
    Math.abs(zone) < 24 * 60;
  if (!exists) return NaN;
  let days = day - 1;
  for (let y = Math.min(year, 1970); y < Math.max(year, 1970); y++) {
    days += (year < 1970 ? -1 : 1) * (isLeap(y) ? 366 : 365);
  }
  for (let m = 1; m < month; m++) days += daysIn(year, m);
  return days * 86_400_000 + ofDay - zone * 60_000;
}

const digits = (number: number, width: number): string => String(number).padStart(width, "0");

function text({ year, month, day, hour, minute, second, millisecond, zone }: Moment): string {
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const time = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}.${digits(millisecond, 3)}`;
  return `${date}T${time}${zone === undefined ? "" : zoneText(zone)}`;
}

function zoneText(zone: number): string {
  if (zone === 0) return "Z";
  const size = Math.abs(zone);
  return `${zone < 0 ? "-" : "+"}${digits(Math.trunc(size / 60), 2)}:${digits(size % 60, 2)}`;
}

const readOrNaN = (time: string): number => {
  try {
    return readTime(time);
  } catch (error) {
    expect((error as UndercurrentError).code).toBe("TIME_INVALID");
    return NaN;
  }
};

const scanned = (time: string): number => {
  const bytes = Buffer.from(time);
  return isoTimeAt(bytes, 0, bytes.length, new DayStarts());
};

describe("ISO 8601 text", () => {
  test("is read as a count of days and milliseconds has it, and refused where the calendar has no such moment", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        expect(readOrNaN(text(moment)), text(moment)).toBe(expected(moment));
      }),
      { numRuns: 5000 },
    );
  });

  test("of the form that is read from bytes gives the same there, or is left to the decoder", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const read = scanned(text(moment));
        if (!Number.isNaN(read)) expect(read, text(moment)).toBe(expected(moment));
      }),
      { numRuns: 5000 },
    );
  });

  test("never names a day that its month does not have", () => {
    const missing = ["2026-02-29", "2026-02-30", "2026-02-31", "2026-04-31", "2026-06-31", "2100-02-29"];
    const forms = [
      "",
      "T10:00:00Z",
      "T10:00:00",
      " 10:00",
      "T10:00:00.250Z",
      "T10:00:00+02:00",
      " 10:00:00 UTC",
    ];
    for (const day of missing) {
      for (const form of forms) {
        expect(() => readTime(`${day}${form}`)).toThrow("a day that the calendar does not have");
        expect(scanned(`${day}${form}`)).toBeNaN();
      }
    }
    for (const day of ["2024-02-29", "2000-02-29", "2026-04-30"]) {
      expect(new Date(readTime(day)).toISOString()).toBe(`${day}T00:00:00.000Z`);
    }
  });

  test("has 24:00:00 as the end of its day, and no later moment of that hour", () => {
    expect(readTime("2026-02-28T24:00:00Z")).toBe(Date.UTC(2026, 2, 1));
    expect(readTime("2026-12-31T24:00Z")).toBe(Date.UTC(2027, 0, 1));
    for (const time of ["24:00:01", "24:01:00", "24:00:00.0001", "23:59:60", "25:00:00"]) {
      expect(() => readTime(`2026-02-28T${time}Z`)).toThrow("2026-02-28");
    }
  });

  test.each([
    ["2026-03-01T10:00:05+0100", "2026-03-01T09:00:05.000Z"],
    ["2026-03-01T10:00:05+01", "2026-03-01T09:00:05.000Z"],
    ["2026-03-01 10:00:05 UTC", "2026-03-01T10:00:05.000Z"],
    ["2026-03-01t10:00:05z", "2026-03-01T10:00:05.000Z"],
    ["2026-03-01T10:00:05.123999999Z", "2026-03-01T10:00:05.123Z"],
    ["2026-03-01T10:00:05,5-05:30", "2026-03-01T15:30:05.500Z"],
    ["2026-03-01Z", "2026-03-01T00:00:00.000Z"],
    ["+012026-03-01", "+012026-03-01T00:00:00.000Z"],
    ["-000001-12-31T23:59:59Z", "-000001-12-31T23:59:59.000Z"],
    ["0050-03-01", "0050-03-01T00:00:00.000Z"],
  ])("%s is %s", (time, instant) => {
    expect(new Date(parseIsoTime(time)).toISOString()).toBe(instant);
  });

  test.each([
    "2026-03-01 10:00 AM",
    "2026-03-01 (sic)",
    "2026-03-01  10:00",
    "2026-03-01T10:00:05 MST",
    "-000000-01-01",
    "2026-3-1",
    "2026-03-01T10",
    "2026-03-01T10:00:05.Z",
    "2026-03-01T10:00:05+24:00",
  ])("%s is none", (time) => {
    expect(parseIsoTime(time)).toBeNaN();
  });
});
