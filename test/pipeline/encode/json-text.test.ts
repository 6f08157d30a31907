import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonText, longestAppend } from "../../../src/pipeline/encode/json-text.js";

const text = JsonText.shared();
const nothing = text.piece("");

function written(append: (text: JsonText) => void): string {
  text.reserve(longestAppend);
  append(text);
  return text.take().toString("latin1");
}
const numberText = (value: number): string => written((to) => to.number(nothing, value));
const integerText = (value: number): string => written((to) => to.integer(nothing, value));
const timeText = (time: number): string => written((to) => to.time(nothing, time));

/** What JSON.stringify writes, with a fraction where it writes neither fraction nor exponent. */
function reference(value: number): string {
  const shortest = JSON.stringify(value);
  return /^-?\d+$/.test(shortest) ? `${shortest}.0` : shortest;
}

const view = new DataView(new ArrayBuffer(8));
function fromBits(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
const anyBits = fc.bigInt(0n, 2n ** 64n - 1n).map(fromBits);

/** Numbers by a linear congruential generator, many and cheap. */
function* manyBits(count: number): Generator<number> {
  let state = 0x9e3779b97f4a7c15n;
  for (let i = 0; i < count; i++) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    yield fromBits(state);
  }
}

test("a number of any bits is what JSON.stringify writes, with a fraction or an exponent", () => {
  fc.assert(
    fc.property(fc.oneof(anyBits, fc.double()), (value) => {
      expect(numberText(value)).toBe(reference(value));
    }),
    { numRuns: 20_000 },
  );
  let wrong = 0;
  for (const value of manyBits(300_000)) if (numberText(value) !== reference(value)) wrong++;
  expect(wrong).toBe(0);
});

test("so are powers of two and ten with their neighbours, subnormals, and the ends of the range", () => {
  const values = [0, -0, 5e-324, 1e-323, 2.2250738585072014e-308, 1.7976931348623157e308, NaN, -Infinity];
  for (let e = -1074; e < 1024; e++) values.push(2 ** e);
  for (let e = -323; e <= 308; e++)
    values.push(Number(`1e${e}`), Number(`-9.5e${e}`), Number(`123456789e${e}`));
  for (let n = 1; n < 2000; n++) values.push(fromBits(BigInt(n)), n, n / 100, -n / 8, n * 1e18, 1 / n);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    view.setFloat64(0, value);
    const bits = view.getBigUint64(0);
    if (values.length < 30_000) values.push(fromBits(bits + 1n), fromBits(bits > 0n ? bits - 1n : 0n));
  }
  for (const value of values) expect(numberText(value)).toBe(reference(value));
});

test("so are whole numbers, whatever their number of digits", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 6 }), (digits, zeros) => {
      const value = digits * 10 ** zeros;
      expect(numberText(value)).toBe(reference(value));
      expect(JSON.parse(numberText(value))).toBe(value + 0);
      expect(numberText(value)).toMatch(/[.e]/);
    }),
    { numRuns: 20_000 },
  );
  expect([41, 0, -0, 1e20, 1e21, -1e21, 2 ** 53].map(numberText)).toEqual([
    ...["41.0", "0.0", "0.0", "100000000000000000000.0", "1e+21", "-1e+21", "9007199254740992.0"],
  ]);
});

test("so are numbers of few digits, as sensors send them", () => {
  const decimals = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 12 }));
  fc.assert(
    fc.property(decimals, ([digits, places]) => {
      const value = digits / 10 ** places;
      expect(numberText(value)).toBe(reference(value));
    }),
    { numRuns: 20_000 },
  );
});

test("an integer has no fraction", () => {
  for (const value of [0, 1, 9, 10, 96, 99, 100, 2 ** 31, 2 ** 32 - 1]) {
    expect(integerText(value)).toBe(String(value));
  }
});

test("a time is what toISOString writes, at any year that a Date has, and null beyond", () => {
  const limit = 8.64e15;
  const times = fc.oneof(
    fc.double({ min: -limit, max: limit, noNaN: true }),
    fc.integer({ min: -62_200_000_000, max: 253_500_000_000 }).map((seconds) => 1000 * seconds),
    fc.maxSafeInteger().map((n) => n % limit),
  );
  fc.assert(
    fc.property(times, (time) => {
      expect(timeText(time)).toBe(JSON.stringify(new Date(time)));
    }),
    { numRuns: 20_000 },
  );
  for (const time of [0, -0, -1, -0.5, limit, -limit, 951_782_400_000, 951_868_799_999, 4_107_542_400_000]) {
    expect(timeText(time)).toBe(JSON.stringify(new Date(time)));
  }
  for (const time of [NaN, Infinity, limit + 2, -limit - 2, 1e300]) expect(timeText(time)).toBe("null");
});

test("text grows beyond its first memory, and what was taken stays as it was", () => {
  const name = text.piece(',"yhat":');
  const parts: string[] = [];
  for (let i = 0; i < 60_000; i++) {
    text.reserve(2 * longestAppend);
    text.number(name, i / 7);
    text.bytes(Buffer.from("é"), 0, 2);
    parts.push(`,"yhat":${reference(i / 7)}é`);
  }
  const first = text.take();
  text.number(name, 1);
  expect(first.toString()).toBe(parts.join(""));
  expect(text.take().toString()).toBe(',"yhat":1.0');
});

test("a piece that has no room is refused, a known one is the same", () => {
  expect(text.piece(',"yhat":')).toBe(text.piece(',"yhat":'));
  expect(() => text.piece("x".repeat(32))).toThrow(RangeError);
});

test("whole numbers up to 2^53 have no fraction, and what is not finite is null", () => {
  const longText = (value: number): string => written((to) => to.long(nothing, value));
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(longText(value)).toBe(String(value));
    }),
  );
  expect([NaN, Infinity, -0].map(longText)).toEqual(["null", "null", "0"]);
});
