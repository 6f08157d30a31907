import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../src/errors/errors.js";
import { inputFault, readKey, readSymbol, readTime, readValue } from "../../src/forecast/input.js";

const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

describe("a key", () => {
  test("is any well-formed text up to 1,024 characters, the names of Object's own parts included", () => {
    for (const key of ["a", "__proto__", "a\nb", "🌊", "x".repeat(1024)]) expect(readKey(key)).toBe(key);
  });

  test("may be a number, read as its text", () => {
    expect(readKey(7)).toBe("7");
    expect(readKey(7n)).toBe("7");
  });

  test("is refused where it is empty, too long, half a character or no text", () => {
    for (const key of ["", "x".repeat(10_240), "\ud800", null, undefined, {}, [], true]) {
      expect(() => readKey(key)).toThrow(failing("KEY_INVALID"));
    }
  });

  test("appears shortened and escaped in the error", () => {
    expect(() => readKey("\n".repeat(2000))).toThrow(/^the key is 2000 characters long.{0,200}…"$/);
  });
});

describe("a time", () => {
  const moment = Date.UTC(2026, 2, 1, 10, 0, 5);

  test("is epoch milliseconds, a Date, or ISO 8601 text", () => {
    expect(readTime(moment)).toBe(moment);
    expect(readTime(new Date(moment))).toBe(moment);
    expect(readTime("2026-03-01T10:00:05.000Z")).toBe(moment);
    expect(readTime("2026-03-01T11:00:05+01:00")).toBe(moment);
    expect(readTime(0)).toBe(0);
    expect(readTime(-5)).toBe(-5);
  });

  test("without a zone is UTC, wherever the host is", () => {
    for (const text of ["2026-03-01T10:00:05", "2026-03-01 10:00:05", "2026-03-01 10:00:05.000"]) {
      expect(readTime(text)).toBe(moment);
    }
    expect(readTime("2026-03-01")).toBe(Date.UTC(2026, 2, 1));
  });

  test("is refused where it is anything else", () => {
    const wrong = [
      "",
      "yesterday",
      "3/1/2026",
      "12",
      "2026-13-01",
      NaN,
      Infinity,
      1e20,
      null,
      undefined,
      {},
      true,
    ];
    for (const time of wrong) expect(() => readTime(time)).toThrow(failing("TIME_INVALID"));
    expect(() => readTime(new Date(NaN))).toThrow(failing("TIME_INVALID"));
  });

  test("round trips through ISO 8601", () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true }),
        (date) => readTime(date.toISOString()) === date.getTime(),
      ),
    );
  });
});

describe("a value", () => {
  test("is a number up to 1e30 in size, or missing", () => {
    for (const value of [0, -0, 1.5, -9999, 1e30, -1e30, Number.MIN_VALUE])
      expect(readValue(value)).toBe(value);
    for (const missing of [null, undefined, NaN]) expect(readValue(missing)).toBeNaN();
  });

  test("is refused where it is out of range", () => {
    for (const value of [Infinity, -Infinity, 1e308, 1.1e30]) {
      expect(() => readValue(value)).toThrow(failing("VALUE_OUT_OF_RANGE"));
    }
  });

  test("is refused where it is not a number", () => {
    for (const value of ["1", "", true, {}, [1], 1n])
      expect(() => readValue(value)).toThrow(failing("VALUE_NOT_A_NUMBER"));
  });
});

test("an error that refuses one event is given back, and any other ends what is going on", () => {
  const wrong = [
    () => readKey(""),
    () => readTime("soon"),
    () => readValue("1"),
    () => readValue(Infinity),
    () => readSymbol(null),
  ];
  for (const read of wrong) {
    try {
      read();
      expect.unreachable();
    } catch (error) {
      expect(inputFault(error)).toBe(error);
    }
  }
  const alike = Object.assign(new Error("no room"), { code: "KEY_INVALID" });
  for (const error of [
    alike,
    new RangeError("no room"),
    new UndercurrentError("SETTING_INVALID", "it is odd"),
  ])
    expect(() => inputFault(error)).toThrow(error);
});

test.each([
  [() => readTime(1e20), "the time is 100000000000000000000"],
  [() => readTime(new Date(NaN)), "the time is an invalid Date"],
  [() => readTime(undefined), "the time is missing"],
  [() => readKey(null), "the key is missing"],
  [() => readKey({ secret: 1 }), "the key is of type object"],
  [() => readValue("1"), 'the value is the text "1"'],
  [() => readValue(1e31, "load"), "load is 1e+31"],
])("a refused event's error shows what was read: %# %s", (read, message) => {
  expect(read).toThrow(message);
});
