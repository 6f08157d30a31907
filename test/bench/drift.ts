/**
 * How quickly forecasts recover when a stream changes: twenty keys of each kind go by one law for 3,000 values and by
 * another from then on. Figures are mean errors of the 50 values after the change, in those of the 1,000 before it.
 */
import { uniform } from "../../src/engine/random.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import type { Figure } from "./figures.js";
import { run, type Stream } from "./streams.js";
import { drawNormal } from "../support/random.js";

const keys = 20;
const change = 3000;
const before = 1000;
const after = 50;
const hour = 3_600_000;

/** A key's next value, from the number of its event and a source of normal noise. */
type Law = (i: number, noise: () => number) => number;

/** An autoregression of order two, whose coefficients change. */
function autoregression(first: readonly [number, number], second: readonly [number, number]): Law {
  let last = 0;
  let beforeLast = 0;
  return (i, noise) => {
    const [a, b] = i < change ? first : second;
    const value = a * last + b * beforeLast + noise();
    beforeLast = last;
    last = value;
    return value;
  };
}

const wave = (i: number, period: number): number => 5 * Math.sin((2 * Math.PI * i) / period);

const kinds: Readonly<Record<string, () => Law>> = {
  nothing: () => autoregression([1.5, -0.7], [1.5, -0.7]),
  dynamics_faster: () => autoregression([1.5, -0.7], [0.3, -0.5]),
  dynamics_slower: () => autoregression([0.3, -0.5], [1.5, -0.7]),
  level: () => (i, noise) => wave(i, 24) + 0.5 * noise() + (i < change ? 0 : 20),
  variance: () => (i, noise) => wave(i, 24) + (i < change ? 0.5 : 2) * noise(),
  season_phase: () => (i, noise) => wave(i < change ? i : i + 8, 24) + 0.5 * noise(),
  season_period: () => (i, noise) => wave(i, i < change ? 24 : 17) + 0.5 * noise(),
};

export function benchDrift(options: ForecasterOptions, seeds: readonly number[]): Figure[] {
  return Object.entries(kinds).map(([kind, law]) => {
    const ratios = seeds.map((seed) => {
      const stream = streamOf(law, seed);
      const forecasts = run(stream, { ...options, seed });
      const error = (from: number, to: number): number => {
        let sum = 0;
        for (let i = from * keys; i < to * keys; i++) {
          sum += Math.abs(forecasts.expected[i]! - stream.values[i]!);
        }
        return sum / ((to - from) * keys);
      };
      return error(change, change + after) / error(change - before, change);
    });
    const value = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    return { name: `drift_${kind}`, value, unit: "× error before", peer: "", ratio: NaN };
  });
}

function streamOf(law: () => Law, seed: number): Stream {
  const next = uniform(seed);
  const noise = (): number => drawNormal(next);
  const laws = Array.from({ length: keys }, law);
  const events = Array.from({ length: keys * (change + after) }, (_, i) => i);
  return {
    keys: laws.map((_, k) => `key ${k}`),
    slots: Int32Array.from(events, (i) => i % keys),
    times: Float64Array.from(events, (i) => 1e12 + Math.floor(i / keys) * hour),
    values: Float64Array.from(events, (i) => laws[i % keys]!(Math.floor(i / keys), noise)),
  };
}
