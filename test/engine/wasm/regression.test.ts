import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { Regressions, type RegressionSettings } from "../../../src/engine/wasm/regression.js";
import { ReferenceRegression } from "../../reference/regression.js";

const plain: RegressionSettings = { forgetting: 0.998, width: Infinity, drift: 1e-7 };
/** Of a forecast some 8 in size. Before there are as many events as features, rounding is amplified most. */
const tolerance = 0.03;

/** A seeded stream of features and of targets that a fixed linear model explains up to noise. */
function* linearStream(features: number, seed: number): Generator<{ x: number[]; y: number }> {
  const next = uniform(seed);
  const truth = Array.from({ length: features }, () => 2 * next() - 1);
  for (;;) {
    const x = Array.from({ length: features }, (_, i) => (i === features - 1 ? 1 : 4 * next() - 2));
    yield { x, y: x.reduce((sum, value, i) => sum + value * truth[i]!, 0) + 0.1 * (next() - 0.5) };
  }
}

function create(features: number, rows = 1, settings = plain): Regressions {
  const regressions = new Regressions(features, 16, settings);
  regressions.reserve(rows);
  for (let row = 0; row < rows; row++) regressions.start(row);
  return regressions;
}

function forecast(regressions: Regressions, row: number, x: readonly number[]): number {
  regressions.buffers.rows[0] = row;
  regressions.buffers.features.fill(0, 0, regressions.stride);
  regressions.buffers.features.set(x);
  regressions.forecast(1);
  return regressions.buffers.forecasts[0]!;
}

function learn(regressions: Regressions, row: number, y: number): void {
  regressions.buffers.rows[0] = row;
  regressions.buffers.targets[0] = y;
  regressions.learn(1);
}

const settingsOfRegressions = fc.record({
  forgetting: fc.constantFrom(0.99, 0.998, 0.9998),
  width: fc.constantFrom(0.05, 0.5, Infinity),
  drift: fc.constantFrom(1e-7, 1e-6, 1e-4),
});
const sizes = fc.integer({ min: 1, max: 72 });

test("follows the 64-bit oracle for hundreds of events, whatever the number of features and the settings", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 1e6 }),
      settingsOfRegressions,
      (features, seed, settings) => {
        const regressions = create(features, 1, settings);
        const oracle = new ReferenceRegression(features);
        const stream = linearStream(features, seed);
        for (let event = 0; event < 400; event++) {
          const { x, y } = stream.next().value as { x: number[]; y: number };
          expect(Math.abs(forecast(regressions, 0, x) - oracle.forecast(x))).toBeLessThan(tolerance);
          learn(regressions, 0, y);
          oracle.learn(y, settings);
        }
        regressions.dispose();
      },
    ),
    { numRuns: 25 },
  );
});

// What rounding adds to one half of a covariance alone would grow by 1 / forgetting an event.
test("follows the 64-bit oracle for many times the memory", () => {
  const settings = { ...plain, forgetting: 0.99, drift: 1e-6 };
  const regressions = create(21, 1, settings);
  const oracle = new ReferenceRegression(21);
  const stream = linearStream(21, 3);
  let worst = 0;
  for (let event = 0; event < 6000; event++) {
    const { x, y } = stream.next().value as { x: number[]; y: number };
    worst = Math.max(worst, Math.abs(forecast(regressions, 0, x) - oracle.forecast(x)));
    learn(regressions, 0, y);
    oracle.learn(y, settings);
  }
  expect(worst).toBeLessThan(tolerance);
  regressions.dispose();
});

test("learns a linear law to its noise", () => {
  const regressions = create(21);
  const stream = linearStream(21, 5);
  let error = 0;
  for (let event = 0; event < 2000; event++) {
    const { x, y } = stream.next().value as { x: number[]; y: number };
    const f = forecast(regressions, 0, x);
    if (event >= 1500) error += Math.abs(f - y) / 500;
    learn(regressions, 0, y);
  }
  expect(error).toBeLessThan(0.04);
});

test("errors beyond the width pull towards the median, squared ones towards the mean", () => {
  const learned = [0.01, Infinity].map((width) => {
    const regressions = create(1, 1, { ...plain, forgetting: 0.9998, width });
    for (let event = 0; event < 4000; event++) {
      forecast(regressions, 0, [1]);
      learn(regressions, 0, event % 5 === 0 ? 5 : 1);
    }
    return forecast(regressions, 0, [1]);
  });
  expect(learned[0]).toBeCloseTo(1, 1);
  expect(learned[1]).toBeCloseTo(1.8, 1);
});

test("gives the same bits whatever rows share a batch, and in whatever order", () => {
  const features = 21;
  const streams = Array.from({ length: 9 }, (_, row) => linearStream(features, row + 1));
  const together = create(features, 9);
  const apart = create(features, 9);
  const next = uniform(3);
  for (let event = 0; event < 300; event++) {
    const order = [...streams.keys()].filter(() => next() < 0.7).sort(() => next() - 0.5);
    const data = order.map((row) => streams[row]!.next().value as { x: number[]; y: number });
    const alone = order.map((row, i) => forecast(apart, row, data[i]!.x));
    order.forEach((row, i) => learn(apart, row, data[i]!.y));
    order.forEach((row, i) => {
      together.buffers.rows[i] = row;
      together.buffers.features.set(data[i]!.x, i * together.stride);
    });
    together.forecast(order.length);
    expect([...together.buffers.forecasts.subarray(0, order.length)]).toEqual(alone);
    order.forEach((_, i) => (together.buffers.targets[i] = data[i]!.y));
    together.learn(order.length);
  }
  for (let row = 0; row < 9; row++) expect(together.read(row)).toEqual(apart.read(row));
});

test("stays finite on constant, repeated, silent and extreme features for ever", () => {
  const kinds: ((event: number) => number[])[] = [
    () => [1, 1, 1, 1, 1],
    () => [0, 0, 0, 0, 0],
    (event) => [event % 2, 1e-20, 20, -20, 1],
    (event) => [20, 20, 20, 20, event % 97 === 0 ? -20 : 20],
  ];
  for (const kind of kinds) {
    const regressions = create(5);
    for (let event = 0; event < 60_000; event++) {
      const f = forecast(regressions, 0, kind(event));
      if (!Number.isFinite(f)) expect(f).toBe("finite");
      learn(regressions, 0, event % 3 === 0 ? 20 : -20);
    }
    expect(regressions.read(0).every(Number.isFinite)).toBe(true);
    regressions.dispose();
  }
});

test("keeps its rows when there is room for more, and starts new ones from nothing", () => {
  const regressions = create(21, 2);
  const stream = linearStream(21, 8);
  for (let event = 0; event < 50; event++) {
    const { x, y } = stream.next().value as { x: number[]; y: number };
    forecast(regressions, 1, x);
    learn(regressions, 1, y);
  }
  const before = regressions.read(1);
  regressions.reserve(5000);
  regressions.start(4999);
  expect(regressions.read(1)).toEqual(before);
  expect(forecast(regressions, 4999, new Array<number>(21).fill(1))).toBe(0);
  regressions.write(4999, before);
  expect(regressions.read(4999)).toEqual(before);
  expect(() => regressions.start(5000)).toThrow(RangeError);
  regressions.dispose();
  expect(() => regressions.learn(0)).toThrow(
    expect.objectContaining({ code: "FORECASTER_DISPOSED" }) as Error,
  );
});
