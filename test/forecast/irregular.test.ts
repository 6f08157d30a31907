import { beforeAll, describe, expect, test } from "vitest";
import { uniform } from "../../src/engine/random.js";
import { usePretrainedWeights } from "../../src/forecast/learning/initial/use-pretrained.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { quick, runFresh, type Event } from "../support/streams.js";

beforeAll(usePretrainedWeights);

const hour = 3_600_000;
const settings: ForecasterOptions = { ...quick, hidden: 16, bpttSteps: 8, stride: 4 };

/** Daily and faster waves under noise, a value an hour for each of four keys, each with its own size and phase. */
function waves(hours: number, seed: number): Event[] {
  const next = uniform(seed);
  const noise = (): number => 2 * (next() + next() + next()) - 3;
  return Array.from({ length: 4 * hours }, (_, i) => {
    const k = i % 4;
    const at = Math.floor(i / 4);
    const wave = 4 * Math.sin((2 * Math.PI * at) / 24 + k) + 2 * Math.sin((2 * Math.PI * at) / 7 + 2 * k);
    return { key: `key-${k}`, time: 1e12 + at * hour, value: 10 ** k * (wave + 0.7 * noise()) };
  });
}

/** Skill over the keys that are named, each scaled by its own persistence, in the later half of the stream. */
function skill(events: readonly Event[], keys: readonly string[], seed: number): number {
  const { expected, previous } = runFresh({ ...settings, seed }, events);
  const ratios = keys.map((key) => {
    let model = 0;
    let persistence = 0;
    for (let i = Math.floor(events.length / 2); i < events.length; i++) {
      const { value } = events[i]!;
      if (events[i]!.key !== key || Number.isNaN(value)) continue;
      model += Math.abs(expected[i]! - value);
      persistence += Math.abs(previous[i]! - value);
    }
    return model / persistence;
  });
  return 1 - ratios.reduce((product, ratio) => product * ratio, 1) ** (1 / keys.length);
}

const all = ["key-0", "key-1", "key-2", "key-3"];

describe.each([1, 2])("skill stays within a tenth of that on the regular stream, seed %i", (seed) => {
  const events = waves(2500, seed);
  const clean = skill(events, all, seed);

  test("where a fifth of the values is missing", () => {
    const next = uniform(seed + 10);
    const gappy = events.map((event) => (next() < 0.2 ? { ...event, value: NaN } : event));
    expect(clean).toBeGreaterThan(0.4);
    expect(skill(gappy, all, seed)).toBeGreaterThan(0.9 * clean);
  });

  test("for keys whose neighbours send a twentieth of what they do, or eight times as much", () => {
    const sparse = events.filter(({ key, time }) => key !== "key-3" || ((time - 1e12) / hour) % 20 === 0);
    const others = all.slice(0, 3);
    expect(skill(sparse, others, seed)).toBeGreaterThan(0.9 * skill(events, others, seed));
    // The other way round: the same key in hours of its own, while its neighbours send eight times in one.
    const fast = waves(20_000, seed)
      .map((event) => ({ ...event, time: 1e12 + (event.time - 1e12) / 8 }))
      .filter(({ key }) => key !== "key-0");
    const together = [...events.filter(({ key }) => key === "key-0"), ...fast].sort(
      (a, b) => a.time - b.time,
    );
    const alone = skill(events, ["key-0"], seed);
    expect(skill(together, ["key-0"], seed)).toBeGreaterThan(0.9 * alone);
  });
});

describe.each(["random", "pretrained"] as const)(
  "where nine of ten values are missing, %s weights",
  (initial) => {
    /** Error of the forecasts by that of the last value, of the first 200 values that come and of the later ones. */
    function ratios(valueOf: (i: number, noise: () => number) => number): readonly number[] {
      const next = uniform(6);
      const noise = (): number => 2 * (next() + next() + next()) - 3;
      const values = Array.from({ length: 8000 }, (_, i) => {
        const value = valueOf(i, noise);
        return next() < 0.9 ? NaN : value;
      });
      const events = values.map((value, i): Event => ({ key: "a", time: 1e12 + i * hour, value }));
      const { expected, previous } = runFresh({ initial }, events);
      const came = values.map((_, i) => i).filter((i) => !Number.isNaN(values[i]! - previous[i]!));
      const sum = (rows: readonly number[], forecasts: ArrayLike<number>): number =>
        rows.reduce((total, i) => total + Math.abs(values[i]! - forecasts[i]!), 0);
      return [came.slice(0, 200), came.slice(200)].map((rows) => sum(rows, expected) / sum(rows, previous));
    }

    test("noise around a level is not taken for a trend", () => {
      const [young, old] = ratios((_, noise) => 100 + noise());
      expect(young).toBeLessThan(0.85);
      expect(old).toBeLessThan(0.8);
    });

    test("a daily wave is found", () => {
      const [, old] = ratios((i, noise) => 20 + 5 * Math.sin((2 * Math.PI * i) / 24) + 0.3 * noise());
      expect(old).toBeLessThan(0.15);
    });

    test("the line of a meter is continued", () => {
      const [young, old] = ratios((i, noise) => 20 * i + 5 * noise());
      expect(young).toBeLessThan(0.2);
      expect(old).toBeLessThan(0.06);
    });
  },
);
