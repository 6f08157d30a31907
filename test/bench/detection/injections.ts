/** Series with one injected fault, by its kind, and series whose faults recur: seeded, with the rows of the faults. */
import { kinds } from "../../../src/forecast/detection/kind.js";
import { noiseOf } from "./ordinary.js";

export interface LabelledSeries {
  readonly name: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last row of each fault. */
  readonly windows: readonly (readonly [number, number])[];
}

const begin = Date.UTC(2026, 0, 5);
const wave = (t: number, period: number): number => Math.sin((2 * Math.PI * t) / period);

/** Kinds of faults; "nothing" has none. */
export const injectedKinds = [...kinds, "nothing"] as const;

export type InjectedKind = (typeof injectedKinds)[number];

/** A daily wave of five-minute values with autoregressive noise, and a fault after 5,000 values. */
export function injected(kind: InjectedKind, seed: number): LabelledSeries {
  const noise = noiseOf(seed);
  const [length, day] = [5400, 288];
  const at = 5000 + Math.floor(100 * noise.uniform());
  const sign = noise.uniform() < 0.5 ? -1 : 1;
  const amplitude = 3 + 4 * noise.uniform();
  const size = 8 + 6 * noise.uniform();
  const phase = day / 3 + Math.floor((noise.uniform() * day) / 3);
  const width = 1 + Math.floor(3 * noise.uniform());
  let own = 0;
  const values = new Float64Array(length);
  for (let t = 0; t < length; t++) {
    own = 0.5 * own + noise.normal();
    const since = t - at;
    let value = 50 + amplitude * wave(t, day) + own;
    if (since >= 0) {
      if (kind === "spike" && since < width) value += sign * size;
      if (kind === "level shift") value += sign * size;
      if (kind === "trend break") value += sign * 0.1 * (1 + size / 10) * since;
      if (kind === "flatline" && since < 150) value = values[t - 1]!;
      if (kind === "variance up" && since < 150) value += (2 + size / 4) * own;
      if (kind === "variance down" && since < 200) value -= 0.85 * own;
      if (kind === "pattern break" && since < 200) value = 50 + amplitude * wave(t + phase, day) + own;
    }
    values[t] = value;
  }
  const times = Float64Array.from({ length }, (_, t) => begin + t * 300_000);
  return { name: kind, times, values, windows: kind === "nothing" ? [] : [[at, length - 1]] };
}

/** Daily waves of one-minute values with faults of one kind, or of all, that come back some twenty times. */
export function recurring(seed: number): LabelledSeries {
  const noise = noiseOf(seed);
  const [length, day] = [12_000, 1440];
  const kind = (["spike", "dip", "shift", "all"] as const)[seed % 4]!;
  const [scaled, heavy] = [seed % 2 === 0, seed % 5 === 4];
  const level = [0.3, 0.6, 1][seed % 3]!;
  const phase = noise.uniform() * day;
  const amplitude = 5 + 5 * noise.uniform();
  let own = 0;
  const values = Float64Array.from({ length }, (_, t) => {
    own = 0.6 * own + (heavy ? 0.6 * noise.heavyTailed() : noise.normal());
    const usual = 12 + amplitude * wave(t + phase, day) + 2 * wave(t + phase, day / 2);
    return usual + level * (scaled ? Math.max(0.2, usual / 12) : 1) * own;
  });
  const size = level * (5 + 7 * noise.uniform());
  const apart = 300 + 700 * noise.uniform();
  const windows: [number, number][] = [];
  let at = 1100 + Math.floor(300 * noise.uniform());
  while (at < length - 120) {
    const one =
      kind === "all" ? (["spike", "dip", "shift"] as const)[Math.floor(3 * noise.uniform())]! : kind;
    const long =
      one === "shift" ? 15 + Math.floor(50 * noise.uniform()) : 1 + Math.floor(4 * noise.uniform());
    const by = size * (0.8 + 0.6 * noise.uniform()) * (one === "dip" ? -1 : 1);
    for (let t = at; t < at + long; t++) values[t] = values[t]! + by;
    windows.push([at, at + long - 1]);
    at += long + 60 + Math.floor(apart * noise.exponential());
  }
  const times = Float64Array.from({ length }, (_, t) => begin + t * 60_000);
  return { name: kind, times, values, windows };
}
