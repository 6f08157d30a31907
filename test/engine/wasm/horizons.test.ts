import fc from "fast-check";
import { expect, test } from "vitest";
import { NextRegressions, StepRegressions } from "../../../src/engine/wasm/horizons.js";
import { uniform } from "../../../src/engine/random.js";
import { ReferenceNext, ReferenceSteps } from "../../reference/horizons.js";

const forgetting = 0.998;
/** Of forecasts some 8 in size. Before there are as many events as features, rounding is amplified most. */
const tolerance = 0.05;

/** Features, and the values that a linear law of each step, from `first` on, makes of the features that many events before. */
function linearStream(features: number, first: number, last: number, seed: number) {
  const next = uniform(seed);
  const truths = Array.from({ length: last - first + 1 }, () =>
    Array.from({ length: features }, () => 2 * next() - 1),
  );
  const seen: number[][] = [];
  return {
    /** The features of events, the latest last. */
    seen,
    /** One more event. */
    next(): number[] {
      const x = Array.from({ length: features }, (_, i) => (i === features - 1 ? 1 : 4 * next() - 2));
      seen.push(x);
      return x;
    },
    /** What the law of a step makes of features. */
    target(x: readonly number[], step: number): number {
      return x.reduce((sum, value, k) => sum + value * truths[step - first]![k]!, 0) + 0.1 * (next() - 0.5);
    },
  };
}

test("the model of the next value follows the 64-bit oracle", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1e6 }), (features, seed) => {
      const regressions = new NextRegressions(features, forgetting);
      regressions.reserve(1);
      regressions.start(0);
      const oracle = new ReferenceNext(features, forgetting);
      const stream = linearStream(features, 1, 1, seed);
      const next = uniform(seed + 1);
      for (let event = 0; event < 300; event++) {
        const before = stream.seen.at(-1);
        if (before !== undefined && next() > 0.1) {
          const target = stream.target(before, 1);
          regressions.buffers.targets[0] = target;
          regressions.learn(0, event > 10);
          // The kernel's target has 32 bits.
          oracle.learn(Math.fround(target), event > 10);
        }
        const x = stream.next();
        regressions.buffers.features.set(x);
        regressions.forecast(0);
        expect(Math.abs(regressions.buffers.forecasts[0]! - oracle.forecast(x))).toBeLessThan(tolerance);
      }
      regressions.dispose();
    }),
    { numRuns: 15 },
  );
});

test("further steps follow the 64-bit oracle, which learns in blocks, late, and never from what is missing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: 1, max: 1e6 }),
      (features, horizon, seed) => {
        const regressions = create(features, horizon);
        const oracle = new ReferenceSteps(features, horizon, forgetting);
        const stream = linearStream(features, 2, horizon, seed);
        const next = uniform(seed + 1);
        const middle = 2 + ((horizon - 2) >> 1);
        for (let event = 0; event < 300; event++) {
          if (event > 10 && next() > 0.1) {
            regressions.buffers.features.set(stream.seen.at(-1)!);
            regressions.absorb(0);
            oracle.absorb(stream.seen.at(-1)!);
          }
          for (const [first, last] of [
            [2, middle],
            [middle + 1, horizon],
          ] as const) {
            const x = stream.seen.at(-last);
            if (x === undefined || first > last) continue;
            const targets = Array.from({ length: last - first + 1 }, (_, i) =>
              next() < 0.1 ? NaN : Math.fround(stream.target(x, first + i)),
            );
            regressions.buffers.features.set(x);
            regressions.buffers.targets.set(targets, first - 2);
            const events = next() < 0.5 ? 1 : 3;
            regressions.learn(0, first, last, events);
            oracle.learn(x, first, targets, events);
          }
          const x = stream.next();
          const expected = oracle.forecast(x);
          forecast(regressions, 0, x).forEach((value, i) => {
            expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
          });
        }
        regressions.dispose();
      },
    ),
    { numRuns: 15 },
  );
});

function create(features: number, horizon: number, rows = 1): StepRegressions {
  const regressions = new StepRegressions(features, horizon, forgetting);
  regressions.reserve(rows);
  for (let row = 0; row < rows; row++) regressions.start(row);
  return regressions;
}

function forecast(regressions: StepRegressions, row: number, x: readonly number[]): number[] {
  regressions.buffers.features.set(x);
  regressions.forecast(row);
  return [...regressions.buffers.forecasts];
}

/** All steps learn from the event that the last of them is of, and the covariance takes the last event. */
function learn(
  regressions: StepRegressions,
  row: number,
  { seen }: { readonly seen: readonly (readonly number[])[] },
  targetOf: (x: readonly number[], step: number) => number,
): void {
  const { features, targets } = regressions.buffers;
  const horizon = targets.length + 1;
  features.set(seen.at(-1)!);
  regressions.absorb(row);
  const origin = seen.at(-horizon);
  if (origin === undefined) return;
  for (let step = 2; step <= horizon; step++) targets[step - 2] = targetOf(origin, step);
  features.set(origin);
  regressions.learn(row, 2, horizon);
}

test("each step learns a law of its own to its noise", () => {
  const horizon = 6;
  const regressions = create(9, horizon);
  const stream = linearStream(9, 2, horizon, 5);
  const errors = new Array<number>(horizon - 1).fill(0);
  for (let event = 0; event < 2000; event++) {
    if (event > 0) learn(regressions, 0, stream, (x, step) => stream.target(x, step));
    const x = stream.next();
    const forecasts = forecast(regressions, 0, x);
    if (event < 1500) continue;
    forecasts.forEach((value, i) => (errors[i]! += Math.abs(value - stream.target(x, i + 2)) / 500));
  }
  expect(Math.max(...errors)).toBeLessThan(0.04);
});

test("stays finite on constant, silent and extreme features and targets for ever", () => {
  const kinds: ((event: number) => number[])[] = [
    () => [1, 1, 1, 1, 1],
    () => [0, 0, 0, 0, 0],
    (event) => [event % 2, 1e-20, 20, -20, 1],
    (event) => [20, 20, 20, 20, event % 97 === 0 ? -20 : 20],
  ];
  for (const kind of kinds) {
    const regressions = create(5, 4);
    const seen: number[][] = [];
    for (let event = 0; event < 30_000; event++) {
      if (event > 0) learn(regressions, 0, { seen }, () => (event % 3 === 0 ? 35 : -35));
      seen.push(kind(event));
      if (seen.length > 8) seen.shift();
      const forecasts = forecast(regressions, 0, seen.at(-1)!);
      if (!forecasts.every(Number.isFinite)) expect(forecasts).toBe("finite");
    }
    expect(regressions.read(0).every(Number.isFinite)).toBe(true);
    regressions.dispose();
  }
});

test("features that the covariance never took do not make a model overshoot", () => {
  const regressions = create(2, 2);
  const { features, targets } = regressions.buffers;
  for (let event = 0; event < 100; event++) {
    features.set([30, 1]);
    targets[0] = 5;
    regressions.learn(0, 2, 2);
    expect(Math.abs(forecast(regressions, 0, [30, 1])[0]!)).toBeLessThan(5.001);
  }
  expect(forecast(regressions, 0, [30, 1])[0]).toBeCloseTo(5, 3);
});

test("keeps its rows when there is room for more, and refuses rows and steps that are not there", () => {
  const regressions = create(5, 5, 2);
  const stream = linearStream(5, 2, 5, 8);
  for (let event = 0; event < 50; event++) {
    if (event > 0) learn(regressions, 1, stream, (x, step) => stream.target(x, step));
    forecast(regressions, 1, stream.next());
  }
  const before = regressions.read(1);
  regressions.reserve(5000);
  regressions.start(4999);
  expect(regressions.read(1)).toEqual(before);
  expect(forecast(regressions, 4999, [1, 1, 1, 1, 1])).toEqual([0, 0, 0, 0]);
  regressions.write(4999, before);
  expect(regressions.read(4999)).toEqual(before);
  expect(() => regressions.start(5000)).toThrow(RangeError);
  for (const [first, last] of [
    [1, 2],
    [3, 2],
    [2, 6],
  ] as const) {
    expect(() => regressions.learn(0, first, last)).toThrow(RangeError);
  }
  regressions.dispose();
  expect(() => regressions.read(0)).toThrow(
    expect.objectContaining({ code: "FORECASTER_DISPOSED" }) as Error,
  );
});
