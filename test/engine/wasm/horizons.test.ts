import fc from "fast-check";
import { expect, test } from "vitest";
import { HorizonRegressions } from "../../../src/engine/wasm/horizons.js";
import { uniform } from "../../../src/engine/random.js";
import { ReferenceHorizons } from "../../reference/horizons.js";

const forgetting = 0.998;
/** Of forecasts some 8 in size. Before there are as many events as features, rounding is amplified most. */
const tolerance = 0.05;

/** Features, and for each step the targets that a linear law of its own makes of the features that many events before. */
function linearStream(features: number, horizon: number, seed: number) {
  const next = uniform(seed);
  const truths = Array.from({ length: horizon }, () =>
    Array.from({ length: features }, () => 2 * next() - 1),
  );
  const seen: number[][] = [];
  return (): { readonly x: number[]; readonly targets: number[] } => {
    const targets = truths.map((truth, i) => {
      const x = seen[seen.length - (i + 1)] ?? [];
      return x.reduce((sum, value, k) => sum + value * truth[k]!, 0) + 0.1 * (next() - 0.5);
    });
    const x = Array.from({ length: features }, (_, i) => (i === features - 1 ? 1 : 4 * next() - 2));
    seen.push(x);
    return { x, targets };
  };
}

function create(features: number, horizon: number, rows = 1): HorizonRegressions {
  const regressions = new HorizonRegressions(features, horizon, forgetting);
  regressions.reserve(rows);
  for (let row = 0; row < rows; row++) regressions.start(row);
  return regressions;
}

function take(regressions: HorizonRegressions, row: number, place: number, x: readonly number[]): number[] {
  regressions.buffers.features.set(x);
  regressions.forecast(row, place);
  return [...regressions.buffers.forecasts];
}

test("one shared covariance follows the 64-bit oracle, which has one for each step on its own delayed sequence", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 1e6 }),
      (features, horizon, seed) => {
        const regressions = create(features, horizon);
        const oracle = new ReferenceHorizons(features, horizon);
        const stream = linearStream(features, horizon, seed);
        const next = uniform(seed + 1);
        for (let event = 0; event < 300; event++) {
          const { x, targets } = stream();
          const place = event % horizon;
          if (event > 0 && next() < 0.1) {
            regressions.skip(0, place);
            oracle.skip(forgetting);
          } else if (event > 0) {
            const gains = event > 10;
            regressions.buffers.targets.set(targets);
            regressions.learn(0, place, gains);
            oracle.learn(targets, gains, forgetting);
          }
          const expected = oracle.forecast(x);
          take(regressions, 0, place, x).forEach((forecast, i) => {
            expect(Math.abs(forecast - expected[i]!)).toBeLessThan(tolerance);
          });
        }
        regressions.dispose();
      },
    ),
    { numRuns: 15 },
  );
});

test("each step learns a law of its own to its noise", () => {
  const horizon = 6;
  const regressions = create(9, horizon);
  const stream = linearStream(9, horizon, 5);
  const forecasts: number[][] = [];
  const errors = new Array<number>(horizon).fill(0);
  for (let event = 0; event < 2000; event++) {
    const { x, targets } = stream();
    if (event > 0) {
      regressions.buffers.targets.set(targets);
      regressions.learn(0, event % horizon, true);
    }
    if (event >= 1500) {
      for (let step = 1; step <= horizon; step++) {
        errors[step - 1]! += Math.abs(forecasts[event - step]![step - 1]! - targets[step - 1]!) / 500;
      }
    }
    forecasts.push(take(regressions, 0, event % horizon, x));
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
    const regressions = create(5, 3);
    for (let event = 0; event < 30_000; event++) {
      if (event > 0) {
        regressions.buffers.targets.fill(event % 3 === 0 ? 35 : -35);
        regressions.learn(0, event % 3, true);
      }
      const forecasts = take(regressions, 0, event % 3, kind(event));
      if (!forecasts.every(Number.isFinite)) expect(forecasts).toBe("finite");
    }
    expect(regressions.read(0).every(Number.isFinite)).toBe(true);
    regressions.dispose();
  }
});

test("keeps its rows when there is room for more, and refuses rows and places that are not there", () => {
  const regressions = create(5, 4, 2);
  const stream = linearStream(5, 4, 8);
  for (let event = 0; event < 50; event++) {
    const { x, targets } = stream();
    regressions.buffers.targets.set(targets);
    if (event > 0) regressions.learn(1, event % 4, true);
    take(regressions, 1, event % 4, x);
  }
  const before = regressions.read(1);
  regressions.reserve(5000);
  regressions.start(4999);
  expect(regressions.read(1)).toEqual(before);
  expect(take(regressions, 4999, 0, [1, 1, 1, 1, 1])).toEqual([0, 0, 0, 0]);
  regressions.write(4999, before);
  expect(regressions.read(4999)).toEqual(before);
  expect(() => regressions.start(5000)).toThrow(RangeError);
  expect(() => regressions.forecast(0, 4)).toThrow(RangeError);
  regressions.dispose();
  expect(() => regressions.read(0)).toThrow(
    expect.objectContaining({ code: "FORECASTER_DISPOSED" }) as Error,
  );
});
