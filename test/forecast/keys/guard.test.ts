/** What absurd values cost: the second ordinary value after them is forecast as if they had not been. */
import { beforeAll, describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { usePretrainedWeights } from "../../../src/forecast/learning/initial/use-pretrained.js";
import { forecasterSettings, type ForecasterSettings } from "../../../src/forecast/settings.js";
import { quick, run, runFresh, type Event } from "../../support/streams.js";
import { drawNormal } from "../../support/random.js";

const keys = 15;
const hour = 3_600_000;
const horizon = 4;
/** Ordinary values after an absurd run whose errors are compared, from the second one on. */
const compared = 12;
/** Absurd values in the longest run. */
const longest = 5;
const settings = forecasterSettings({ hidden: 16, horizon });
const trained = forecasterSettings({ initial: "pretrained", horizon });

beforeAll(usePretrainedWeights);

type Kind = (noise: () => number, next: () => number) => (i: number) => number;

const kinds: Readonly<Record<string, Kind>> = {
  "noise around a level": (noise) => () => 100 + 2 * noise(),
  "a meter that counts on": (noise) => {
    let count = 439_534;
    return () => (count += Math.round(5 + 2 * Math.abs(noise())));
  },
  "a daily wave": (noise) => (i) => 20 + 5 * Math.sin((2 * Math.PI * i) / 24) + 0.3 * noise(),
  "a random walk": (noise) => {
    let value = -50;
    return () => (value += noise());
  },
};

/** Kinds that a young key shows but a few values of, again and again. */
const discrete: Readonly<Record<string, Kind>> = {
  "sparse counts": (_, next) => () => poisson(next, 0.2),
  counts: (_, next) => () => poisson(next, 3),
  "a sensor with coarse steps": (noise) => () => Math.round((21 + 0.3 * noise()) * 2) / 2,
};

/** Kinds that rest: a young key may never have moved before its first absurd value. */
const resting: Readonly<Record<string, Kind>> = {
  "a set-point": (_, next) => {
    let value = 21;
    return () => (next() < 0.05 ? (value = 18 + Math.round(6 * next()) / 2) : value);
  },
  "a switch": (_, next) => {
    let value = 0;
    return () => (next() < 0.1 ? (value = 1 - value) : value);
  },
};

function poisson(next: () => number, rate: number): number {
  let count = -1;
  for (let product = 1; product > Math.exp(-rate); product *= next()) count++;
  return count;
}

function seriesOf(kind: Kind, key: number, length: number): number[] {
  const next = uniform(100 + key);
  const noise = (): number => drawNormal(next);
  const valueOf = kind(noise, next);
  return Array.from({ length }, (_, i) => valueOf(i));
}

/** Sums of errors of the next value and of the furthest step, and of widths, from the second value after the absurd ones on. */
interface Cost {
  next: number;
  ahead: number;
  width: number;
}

/** What runs of values cost keys of a kind from an event on. What came before them is learned once. */
class Costs {
  readonly #series: readonly (readonly number[])[];
  readonly #at: number;
  readonly #before: Uint8Array;
  readonly #settings: ForecasterSettings;

  constructor(kind: Kind, at: number, model = settings) {
    this.#settings = model;
    const length = at + longest + compared + horizon;
    this.#series = Array.from({ length: keys }, (_, key) => seriesOf(kind, key, length));
    this.#at = at;
    const forecaster = new Forecaster(model);
    run(forecaster, this.#events(0, at, []));
    this.#before = forecaster.snapshot();
    forecaster.dispose();
  }

  /** The cost of `absurd` values in the place of the first ordinary ones, after `count` values. */
  of(absurd: readonly number[], count: number): Cost {
    const first = this.#at;
    const after = first + count;
    const forecaster = new Forecaster(this.#settings);
    forecaster.restore(this.#before);
    const { expected, expectedUpper, expectedLower, steps } = run(
      forecaster,
      this.#events(first, after + compared, absurd),
    );
    forecaster.dispose();
    const cost: Cost = { next: 0, ahead: 0, width: 0 };
    for (let i = after + 1; i < after + compared; i++) {
      this.#series.forEach((values, key) => {
        const row = (i - first) * keys + key;
        cost.next += Math.abs(expected[row]! - values[i]!);
        cost.ahead += Math.abs(steps.yhat[row * (horizon - 1) + horizon - 2]! - values[i + horizon]!);
        cost.width += expectedUpper[row]! - expectedLower[row]!;
      });
    }
    return cost;
  }

  #events(begin: number, end: number, absurd: readonly number[]): Event[] {
    return Array.from({ length: (end - begin) * keys }, (_, row): Event => {
      const [key, i] = [row % keys, begin + Math.floor(row / keys)];
      return {
        key: `key-${key}`,
        time: 1e12 + i * hour,
        value: absurd[i - this.#at] ?? this.#series[key]![i]!,
      };
    });
  }
}

const sentinels = [-9999e3, 2 ** 32 - 1, -1e30, 2 ** 64, 5e8];
/** Absurd values of several magnitudes, and one that is none for most keys. */
const mixed = [-9999, 2 ** 32 - 1, 0, 65_535, 1e9];
const runsOf = (count: number): number[][] => [
  ...sentinels.slice(0, 3).map((value) => new Array<number>(count).fill(value)),
  ...(count > 1 ? [sentinels.slice(0, count)] : []),
];

/** What runs of one, two and `longest` absurd values cost, by what the values in their place cost. */
function* ratiosOf(costs: Costs, runs: (count: number) => number[][]): Generator<Cost & { what: string }> {
  for (const count of [1, 2, longest]) {
    const without = costs.of([], count);
    for (const absurd of runs(count)) {
      const { next, ahead, width } = costs.of(absurd, count);
      yield {
        what: absurd.join(),
        next: next / without.next,
        ahead: ahead / without.ahead,
        width: width / without.width,
      };
    }
  }
}

function expectUnharmed(
  { next, ahead, what }: Cost & { what: string },
  limit: number,
  limitAhead = limit,
): void {
  expect(next, what).toBeLessThan(limit);
  expect(ahead, what).toBeLessThan(limitAhead);
}

/** Most times the cost. The trend of a meter, which halves its errors, is known as many values later as were absurd. */
const limitOf = (name: string): number => (name.startsWith("a meter") ? 2 : 1.25);
/** Its further steps follow the trend from its first ten values on: of these are five absurd, where it begins with them. */
const limitAheadOf = (name: string, at: number): number =>
  name.startsWith("a meter") && at < 9 ? 3 : limitOf(name);

describe.each(Object.entries(kinds))("%s", (name, kind) => {
  test.each([0, 1, 2, 9, 400])("is forecast as if absurd values at event %i had not been", (at) => {
    for (const ratio of ratiosOf(new Costs(kind, at), runsOf)) {
      expectUnharmed(ratio, limitOf(name), limitAheadOf(name, at));
      // A young key that begins anew has no interval for two values.
      if (at > 10) expect(ratio.width, ratio.what).toBeLessThan(1.5);
    }
  });
});

test.each(Object.entries({ ...kinds, ...discrete }))(
  "%s: trained weights, which mix experts sooner, cost as little after absurd values",
  (name, kind) => {
    for (const at of [0, 9]) {
      const without = new Costs(kind, at).of([], longest);
      const costs = new Costs(kind, at, trained);
      for (const absurd of runsOf(longest)) {
        const { next } = costs.of(absurd, longest);
        const limit = name in discrete ? 1.5 : limitOf(name);
        expect(next / without.next, `${absurd.join()} at ${at}`).toBeLessThan(limit);
      }
    }
  },
);

describe.each(Object.entries(discrete))("%s", (_, kind) => {
  test.each([3, 5, 9, 20, 50])(
    "of a young key are forecast as if absurd values at event %i had not been",
    (at) => {
      for (const ratio of ratiosOf(new Costs(kind, at), runsOf)) expectUnharmed(ratio, 1.5);
    },
  );
});

describe.each(Object.entries(resting))("%s", (_, kind) => {
  test.each([4, 8, 10, 15, 20])(
    "of a young key is forecast as if absurd values at event %i had not been",
    (at) => {
      const runs = (count: number): number[][] => [...runsOf(count), mixed.slice(0, count)];
      // A few moves of all keys make the errors: one that is followed a value later counts much.
      for (const ratio of ratiosOf(new Costs(kind, at), runs)) expectUnharmed(ratio, 2.5);
    },
  );
});

test.each([
  ["once one of the same size came long before", 10, 4000, [500, 4000]],
  ["once a far lesser one came long before", 0.01, 4000, [500, 4000]],
  ["after six, where a far lesser one came just before", 0.01, 600, [500, 600, 700, 800, 900, 1000]],
])("a key that rests takes moves for its own %s", (_, first, from, expected) => {
  const forecaster = new Forecaster(settings);
  const setAside: number[] = [];
  forecaster.watch((_, now) => {
    if (now.setAside) setAside.push(now.time / hour);
  });
  const valueAt = (i: number): number => (i === 500 ? first : i >= from && i % 100 === 0 ? 10 : 0);
  run(
    forecaster,
    Array.from({ length: 5000 }, (_, i) => ({ key: "a", time: hour * i, value: valueAt(i) })),
  );
  forecaster.dispose();
  expect(setAside).toEqual(expected);
});

/** All kinds but the meter, whose values are themselves of the magnitude of some of `mixed`. */
const unlike = Object.entries({ ...kinds, ...discrete, ...resting }).filter(
  ([name]) => !name.startsWith("a meter"),
);

test.each(unlike)(
  "%s: trained weights forecast a key that begins with five values of several magnitudes as if they had not been",
  (_, kind) => {
    const costs = new Costs(kind, 0, trained);
    const without = costs.of([], longest);
    expect(costs.of(mixed, longest).next / without.next).toBeLessThan(1.5);
  },
);

test("a level is forecast as if values that are odd by 25 to 100 usual errors had not been", () => {
  const runs = (count: number): number[][] =>
    [-50, 160, 300].map((value) => new Array<number>(count).fill(value));
  const costs = new Costs(kinds["noise around a level"]!, 100);
  for (const ratio of ratiosOf(costs, runs)) expectUnharmed(ratio, 1.25);
});

const trend: Kind = (noise) => (i) => 3 * i + noise();

test.each([-45, 45])(
  "a trend is forecast as if a value %i off, fifteen usual changes, were missing",
  (off) => {
    const costs = new Costs(trend, 400);
    const without = costs.of([NaN], 1);
    const { next, ahead } = costs.of([3 * 400 + off], 1);
    expect(next / without.next).toBeLessThan(1.25);
    expect(ahead / without.ahead).toBeLessThan(1.25);
  },
);

test.each([
  ["a trend", trend, 9, 9 * 3 - 45],
  ["a trend", trend, 15, 15 * 3 + 45],
  ["a meter that counts on", kinds["a meter that counts on"]!, 9, 439_534 + 9 * 6 - 90],
])(
  "%s of a young key is forecast by trained weights as if a doubtful value were missing",
  (_, kind, at, odd) => {
    const costs = new Costs(kind, at, trained);
    const without = costs.of([NaN], 1);
    expect(costs.of([odd], 1).next / without.next).toBeLessThan(1.5);
  },
);

test("trained weights follow the first move of a young set-point behind an odd value in the middle of it", () => {
  const values = [21, 21, 21, 21, 21, 19.5, 19.5, 121, 19.5, 19.5];
  const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * hour, value }));
  const { expected } = runFresh(trained, events);
  expect(expected.at(-2)).toBe(19.5);
  expect(expected.at(-1)).toBe(19.5);
});

test.each([9, 30])(
  "trained weights follow the first move of a set-point long after an odd value at %d",
  (at) => {
    const values = Array.from({ length: 48 }, (_, i) => (i === at ? 65_535 : i < 40 ? 21 : 20.5));
    const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * hour, value }));
    const { expected } = runFresh(trained, events);
    expect(expected.at(41)).toBe(20.5);
    expect(expected.at(-1)).toBe(20.5);
  },
);

test("a trend goes on behind five odd values that it nearly meets again", () => {
  const costs = new Costs(trend, 400);
  // Each is less far from the values before the first than that one was.
  const absurd = Array.from({ length: longest }, (_, i) => 3 * (400 + i) - 75);
  const without = costs.of(new Array<number>(longest).fill(NaN), longest);
  expect(costs.of(absurd, longest).next / without.next).toBeLessThan(1.25);
});

const normal = (seed: number): (() => number) => {
  const next = uniform(seed);
  return () => drawNormal(next);
};

/** Errors of one key's forecasts of its values. */
function errorsOf(values: readonly number[]): number[] {
  const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * hour, value }));
  const { expected } = runFresh(quick, events);
  return values.map((value, i) => Math.abs(expected[i]! - value));
}

const meanOf = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;

test.each([
  [1, -99_990],
  [5, -99_990],
  [5, 65_535],
  [5, 0],
  [6, 0],
])("absurd values cost nothing: %i of a hundred values are %i", (percent, absurd) => {
  const noise = normal(5);
  const next = uniform(6);
  const clean = Array.from({ length: 4000 }, () => 100 + 2 * noise());
  const isAbsurd = clean.map(() => next() < percent / 100);
  const errors = errorsOf(clean.map((value, i) => (isAbsurd[i]! ? absurd : value)));
  const ordinary = errors.filter((_, i) => i > 500 && !isAbsurd[i]!);
  expect(meanOf(ordinary) / meanOf(errorsOf(clean).slice(501))).toBeLessThan(1.05);
});

test("two absurd values in a row are seldom followed where many of a key's values are absurd", () => {
  const noise = normal(13);
  const next = uniform(14);
  let left = 0;
  const isAbsurd = Array.from({ length: 4000 }, () => {
    if (left > 0) left--;
    else if (next() < 0.02) left = 2;
    return left > 0;
  });
  const errors = errorsOf(isAbsurd.map((absurd) => (absurd ? 1e6 : 100) + noise()));
  const after = errors.filter((_, i) => i > 1000 && !isAbsurd[i]! && isAbsurd[i - 1]!);
  expect(after.length).toBeGreaterThan(20);
  expect(after.filter((error) => error > 1000).length / after.length).toBeLessThan(0.25);
});

/** Values around 100, and `length` in a row far above at random, the first of each at the returned indices. */
function bursts(length: number): { readonly values: readonly number[]; readonly firsts: readonly number[] } {
  const noise = normal(16);
  const next = uniform(17);
  const firsts: number[] = [];
  let left = 0;
  const values = Array.from({ length: 6000 }, (_, i) => {
    if (left > 0) left--;
    else if (next() < 1 / 200) {
      left = length;
      firsts.push(i);
    }
    return left > 0 ? 1000 + 200 * noise() : 100 + noise();
  });
  return { values, firsts: firsts.filter((i) => i > 2000 && i < values.length - length - 2) };
}

test("a key whose absurd values come in rows follows them from the first one on, for the next value", () => {
  const { values, firsts } = bursts(5);
  const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * 60_000, value }));
  const { expected, steps } = runFresh({ ...quick, horizon: 12 }, events);
  expect(firsts.length).toBeGreaterThan(10);
  const rest = firsts.flatMap((i) => [i + 1, i + 2, i + 3, i + 4]);
  expect(rest.filter((i) => Math.abs(expected[i]! - values[i - 1]!) > 10).length / rest.length).toBeLessThan(
    0.05,
  );
  for (const i of firsts) {
    expect(expected[i + 6]).toBeLessThan(110);
    expect(steps.yhat[i * 11 + 10]).toBeLessThan(110);
  }
});

test("a key whose absurd values come alone follows none", () => {
  const { values, firsts } = bursts(1);
  const errors = errorsOf(values);
  expect(firsts.length).toBeGreaterThan(10);
  for (const i of firsts) expect(errors[i + 1]).toBeLessThan(20);
});

test("a row of absurd values is none the less where a young key cannot afford to be far from them", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const next = uniform(seed);
    const row = Array.from({ length: 5 }, () => poisson(next, 50));
    const values = Array.from({ length: 420 }, (_, i) => row[i - 400] ?? poisson(next, 0.5));
    const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * 60_000, value }));
    const { steps } = runFresh({ initial: "pretrained", horizon }, events);
    for (let i = 406; i < values.length; i++)
      for (let step = 2; step <= horizon; step++)
        expect(steps.yhat[i * (horizon - 1) + step - 2]).toBeLessThan(10);
  }
});

test("steps far ahead go back to where the key always came back to, in the midst of a burst", () => {
  const noise = normal(15);
  const isBurst = (i: number): boolean => i % 397 < 5;
  const values = Array.from({ length: 3000 }, (_, i) => (isBurst(i) ? 1000 : 100) + noise());
  const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * 60_000, value }));
  const { steps } = runFresh({ ...quick, horizon: 12 }, events);
  const origins = values.flatMap((_, i) => (i > 1500 && isBurst(i) ? [i] : []));
  expect(origins.length).toBeGreaterThan(10);
  for (const i of origins) expect(Math.abs(steps.yhat[i * 11 + 10]! - 100)).toBeLessThan(20);
});

test("a shift of the level is followed from its second value on", () => {
  const noise = normal(7);
  const values = Array.from({ length: 1000 }, (_, i) => noise() + (i < 500 ? 0 : 1e6));
  const errors = errorsOf(values);
  expect(errors[500]!).toBeGreaterThan(9e5);
  expect(errors[501]!).toBeGreaterThan(9e5);
  for (let i = 502; i < 1000; i++) expect(errors[i]!).toBeLessThan(8);
});

test("a key whose shifts have been believed once follows the next ones at once", () => {
  const noise = normal(8);
  const values = Array.from({ length: 1000 }, (_, i) => noise() + 1e6 * (Math.floor(i / 100) % 2));
  const errors = errorsOf(values);
  // One for each shift; once the season of the shifts is tried, it may err at its first ones.
  expect(errors.filter((error, i) => i > 110 && error > 1000).length).toBeLessThanOrEqual(10);
});

test("a key that has stayed where it jumped follows even larger jumps at once", () => {
  const noise = normal(12);
  const values = Array.from({ length: 1000 }, (_, i) => noise() + 1e4 * 4 ** Math.floor(i / 100));
  const errors = errorsOf(values);
  // The first jump takes two values, each later one the value that it begins with.
  expect(errors.filter((error, i) => i >= 100 && error > 1000).length).toBeLessThanOrEqual(11);
});

test.each([1e6, 1e20])("a key whose unit changes by %f finds in again", (factor) => {
  const noise = normal(9);
  const values = Array.from({ length: 1500 }, (_, i) => (100 + 2 * noise()) * (i < 700 ? 1 : factor));
  const errors = errorsOf(values);
  expect(meanOf(errors.slice(1000)) / factor).toBeLessThan(2.5);
});

test("a key that is nothing but noise of ever other sizes is never stuck", () => {
  const noise = normal(10);
  const next = uniform(11);
  const values = Array.from({ length: 2000 }, () => noise() * 10 ** (40 * next() - 20));
  const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * hour, value }));
  const { yhat, previous } = runFresh(quick, events);
  for (const value of yhat) expect(Number.isFinite(value)).toBe(true);
  expect(new Set(previous).size).toBeGreaterThan(500);
});
