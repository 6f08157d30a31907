/** The detector of anomalies: what is never an alarm, what always is one, and that its state is all it knows. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noiseOf, ordinaryKinds } from "../../bench/detection/ordinary.js";
import { OneKeyDetector, scoresOf } from "../../support/detection.js";

const series = (kind: keyof typeof ordinaryKinds, length: number, seed: number): number[] => {
  const process = ordinaryKinds[kind]!(noiseOf(seed));
  return Array.from({ length }, (_, t) => process(t));
};
const alarms = (scores: readonly number[]): number[] => [...scores.keys()].filter((t) => scores[t]! > 1);
const kindNames = Object.keys(ordinaryKinds);

test("no score is given for the first 100 values", () => {
  const scores = scoresOf(series("normal noise", 101, 1));
  expect(scores.slice(0, 100).every(Number.isNaN)).toBe(true);
  expect(scores[100]).not.toBeNaN();
});

test("a constant never alarms, and alarms once for one other value", () => {
  for (const constant of [0, 42, -1e30, 1e-30, 1e9 + 0.1]) {
    const values = Array.from({ length: 20_000 }, (_, t) =>
      t === 500 ? constant + (Math.abs(constant) || 1) : constant,
    );
    expect(alarms(scoresOf(values))).toEqual([500]);
  }
});

test("the value that a key has had most never alarms", () => {
  const discrete = ["poisson 0.001", "poisson 0.02", "poisson 0.2", "poisson 1", "set-points", "square wave"];
  for (const kind of [...discrete, "quantised sensor", "on and off machine", "rests and moves"]) {
    const values = series(kind, 8000, 5);
    const counts = new Map<number, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const [most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    // Which value is the most frequent is known after some hundred.
    const scores = scoresOf(values);
    expect(alarms(scores).filter((t) => t > 2000 && values[t] === most)).toEqual([]);
  }
});

test("a spike among noise alarms, and so does a level shift", () => {
  const values = series("daily wave and noise", 5000, 3);
  values[3000]! += 12;
  for (let t = 4000; t < 5000; t++) values[t]! += 15;
  const found = alarms(scoresOf(values));
  expect(found).toContain(3000);
  expect(found).toContain(4000);
});

test("a spike of night's size alarms at night", () => {
  const values = series("noise of daily size", 6000, 4);
  // The noise is smallest three quarters through a day of 288 values.
  const night = 288 * 18 + 216;
  values[night] = 20 + 0.2 * 25;
  expect(scoresOf(values)[night]).toBeGreaterThan(1.2);
});

test("a sentinel that comes back is an alarm at first and leaves what follows as it was", () => {
  const clean = series("daily wave and noise", 4000, 6);
  const values = clean.slice();
  for (let t = 1000; t < 4000; t += 100) values[t] = -9999;
  const scores = scoresOf(values);
  const found = alarms(scores);
  expect(found).toContain(1000);
  expect(found.length).toBeLessThan(15);
  values[3950]! += 12;
  expect(scoresOf(values)[3950]).toBeGreaterThan(1);
});

test("missing values teach nothing and have no score", () => {
  const values = series("daily wave and noise", 3000, 7);
  const detector = new OneKeyDetector();
  values.forEach((value, t) => detector.score(t * 300_000, value));
  const before = detector.read();
  expect(detector.score(3000 * 300_000, NaN)).toBeNaN();
  expect(detector.read()).toEqual(before);
});

test("a detector that goes on from its rows gives the same bits", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kindNames),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 1999 }),
      fc.boolean(),
      (kind, seed, cut, recurring) => {
        const values = series(kind, 2000, seed);
        const whole = new OneKeyDetector({ recurring });
        const scores = values.map((value, t) => whole.score(t * 60_000, value));
        const first = new OneKeyDetector({ recurring });
        for (let t = 0; t < cut; t++) first.score(t * 60_000, values[t]!);
        const second = new OneKeyDetector({ recurring });
        second.write(first.read());
        for (let t = cut; t < 2000; t++) expect(second.score(t * 60_000, values[t]!)).toBe(scores[t]);
        expect(second.read()).toEqual(whole.read());
      },
    ),
    { numRuns: 15 },
  );
});

test("no score knows what follows", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kindNames),
      fc.integer({ min: 101, max: 999 }),
      fc.double(),
      (kind, at, other) => {
        const values = series(kind, 1000, 9);
        const scores = scoresOf(values);
        values.fill(Number.isFinite(other) ? other : 0, at);
        expect(scoresOf(values).slice(0, at)).toEqual(scores.slice(0, at));
      },
    ),
    { numRuns: 30 },
  );
});

test("whatever the values are, scores and rows stay finite", () => {
  const value = fc.oneof(
    fc.double({ min: -1e30, max: 1e30, noNaN: true }),
    fc.constantFrom(0, 1, 1e30, -1e30, 1e-30, NaN),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 150, maxLength: 400 }), (values) => {
      const detector = new OneKeyDetector({ recurring: true });
      values.forEach((each, t) => {
        const score = detector.score(t * 1000, each);
        if (!Number.isNaN(score)) expect(score).toBeGreaterThanOrEqual(0);
        expect(score).not.toBe(Infinity);
      });
      const { f64, f32 } = detector.rows.read(0);
      expect([...f64, ...f32].every(Number.isFinite)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("a spike alarms alike in every unit of the values", () => {
  const values = series("daily wave and noise", 3000, 8);
  values[2500]! += 15;
  const scoreIn = (unit: number): number => scoresOf(values.map((value) => value * unit))[2500]!;
  const score = scoreIn(1);
  expect(score).toBeGreaterThan(1.5);
  for (const unit of [1e-25, 1e-9, 1e9, 1e25]) expect(Math.abs(scoreIn(unit) / score - 1)).toBeLessThan(0.15);
});

describe.each([0.001, 0.01])("at an alarm rate of %f", (alarmRate) => {
  test.each(kindNames)("%s raises alarms at most at about that rate", (kind) => {
    const length = 6000;
    let found = 0;
    const seeds = [21, 22];
    for (const seed of seeds) {
      const scores = scoresOf(series(kind, length, seed), { alarmRate });
      found += alarms(scores).filter((t) => t >= 2000).length;
    }
    const stated = alarmRate * (length - 2000) * seeds.length;
    // Four standard deviations of a binomial count above the stated rate: alarms of one burst come together.
    expect(found).toBeLessThanOrEqual(stated + 4 * Math.sqrt(stated));
  });
});

test("a fault that recurs becomes ordinary by default, and stays an alarm under `recurring`", () => {
  const values = series("daily wave and noise", 8000, 11);
  const faults = Array.from({ length: 14 }, (_, i) => 1000 + 500 * i);
  for (const t of faults) values[t]! += 15;
  const found = (recurring: boolean): number => {
    const scores = scoresOf(values, { recurring });
    return faults.filter((t) => scores[t]! > 1).length;
  };
  expect(found(false)).toBeLessThan(14);
  expect(found(true)).toBe(14);
});
