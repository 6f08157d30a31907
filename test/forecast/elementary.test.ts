import fc from "fast-check";
import { expect, test } from "vitest";
import { exponential, harmonics, logarithm, remainder } from "../../src/forecast/elementary.js";

const relative = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));

test("exponential agrees with Math.exp to 1e-14", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -700, max: 700, noNaN: true }),
      (x) => relative(exponential(x), Math.exp(x)) < 1e-14,
    ),
    { numRuns: 10_000 },
  );
});

test("exponential stays finite and never negative beyond the range of doubles", () => {
  expect(exponential(-1e300)).toBe(0);
  expect(exponential(0)).toBe(1);
  expect(exponential(1e300)).toBe(2 ** 1023);
});

test("logarithm agrees with Math.log to 1e-13", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
      (x) => Math.abs(logarithm(x) - Math.log(x)) < 1e-13 * Math.max(1, Math.abs(Math.log(x))),
    ),
    { numRuns: 10_000 },
  );
  expect(logarithm(1)).toBe(0);
});

test("logarithm agrees with Math.log at the ends of every power of two, and is finite beyond them", () => {
  for (let exponent = -1022; exponent <= 1023; exponent++) {
    for (const mantissa of [1, 1 + Number.EPSILON, Math.SQRT2, 2 - Number.EPSILON]) {
      const x = mantissa * 2 ** exponent;
      const exact = Math.log(x);
      expect(Math.abs(logarithm(x) - exact)).toBeLessThan(1e-13 * Math.max(1, Math.abs(exact)));
    }
  }
  expect(logarithm(0)).toBe(-1023 * Math.LN2);
  expect(logarithm(Infinity)).toBeCloseTo(1024 * Math.LN2);
  expect(Number.isFinite(logarithm(Number.MIN_VALUE))).toBe(true);
});

test("harmonics are the sines and cosines of the multiples of the angle", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 24 }),
      (turns, pairs) => {
        const into = new Float32Array(2 * pairs + 2).fill(7);
        harmonics(turns, pairs, into, 1);
        for (let i = 0; i < pairs; i++) {
          const angle = 2 * Math.PI * turns * (i + 1);
          expect(Math.abs(into[1 + 2 * i]! - Math.sin(angle))).toBeLessThan(1e-7);
          expect(Math.abs(into[2 + 2 * i]! - Math.cos(angle))).toBeLessThan(1e-7);
        }
        expect(into[0]).toBe(7);
        expect(into[2 * pairs + 1]).toBe(7);
      },
    ),
  );
});

test("remainder is that of counts up to 2^53, to the bit", () => {
  const count = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  const divisor = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(count, divisor, (n, d) => Object.is(remainder(n, d), n % d)),
    { numRuns: 10_000 },
  );
  for (const d of [1, 3, 7, 56, 9999]) {
    const greatest = Number.MAX_SAFE_INTEGER - (Number.MAX_SAFE_INTEGER % d);
    for (const n of [greatest - 1, greatest, greatest - d]) expect(remainder(n, d)).toBe(n % d);
  }
});
