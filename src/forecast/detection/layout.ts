/** Where each quantity of a key's detector lies in its three rows: 64-bit numbers, 32-bit singles and 16-bit counts. */

/** Slots of the day's profile. Two hours or half an hour a slot find less (measured: `bench detection`). */
export const hours = 24;

/** Bins of a histogram of log magnitudes. 16 bins find less, 32 no more (measured: `bench detection`). */
export const bins = 24;

/** Values among which a key's most frequent one is looked for. */
export const candidates = 8;

/** The magnitudes whose novelty is judged, in the order of their histograms. */
export const magnitudes = [
  "jump",
  "jump for the hour",
  "value for the hour",
  "deviation of 4 values",
  "deviation of 16 values",
  "forecast error of 16 values",
  "calm of 16 values",
  "forecast error",
] as const;

/** What a key's last value can be rare by: a magnitude, or that the key has rested too long (`stops.ts`). */
export const rarities = [...magnitudes, "rest since the last move"] as const;
export type Magnitude = (typeof rarities)[number];
/** Index of the rest, which has no histogram. */
export const rested = magnitudes.length;

/** Indices of the magnitudes that have rules of their own. */
export const magnitude = {
  jump: 0,
  value: 2,
  deviation4: 3,
  deviation16: 4,
  error16: 5,
  calm: 6,
  error: 7,
} as const;

/** Indices in a key's row of 64-bit numbers. */
export const f64At = {
  /** Running mean of the values. */
  mean: 0,
  /** The last value that was learned from, and the time of the last event. */
  last: 1,
  time: 2,
  /** What the means of the hours are relative to, so that they fit into 32 bits. */
  origin: 3,
} as const;
export const f64Size = 4;

/** Indices in a key's row of singles. */
export const f32At = {
  /** Values so far. */
  seen: 0,
  /** What a value adds to a bin, and the sum of that over what is remembered. */
  unit: 1,
  total: 2,
  /** Running deviation of the values, mean size of the changes, root mean square of the forecast errors. */
  deviation: 3,
  change: 4,
  error: 5,
  /** Running means of 4 or 16 values: of deviations from the hour, errors, changes, and changes usual at the hour. */
  away4: 6,
  away16: 7,
  error16: 8,
  change16: 9,
  usual16: 10,
  /** The score at the last peak. */
  peak: 11,
  /** Episodes so far and values among which they were counted; both forget. */
  episodes: 12,
  values: 13,
  /** Running typical time between events, milliseconds. */
  gap: 14,
  /** Calmest moment since calm was last learned, as a logarithm. */
  calmest: 15,
  /** The deviation from the hour before an alarm, what the alarm added to it, and what was left soon after (`kind.ts`). */
  before: 16,
  size: 17,
  early: 18,
  /** -ln of how rare the last value was, by the magnitude `which`. */
  rarity: 19,
  /** Mean of the values at each hour, less the origin. */
  hourMean: 20,
  /** Running mean of how far values lie from the running mean: what it lags behind a key that moves one way. */
  lag: 20 + hours,
  /** Usual size of a move; values since the last one; of these rests the longest, their mean, and how many were as long (`stops.ts`). */
  move: 21 + hours,
  rest: 22 + hours,
  longestRest: 23 + hours,
  meanRest: 24 + hours,
  rests: 25 + hours,
} as const;
export const f32Size = f32At.rests + 1;
/** The last singles, which records of formats 1 to 6 lack. */
export const addedSingles = f32Size - f32At.lag;

/** Indices in a key's row of 16-bit counts. */
export const u16At = {
  /** Values since the last peak, up to the rest, which is longer for a young key. */
  since: 0,
  /** Values in a row that were beyond belief, and above these bits the greatest size of movement (`growth.ts`); values in a row that were equal. */
  beyond: 1,
  equal: 2,
  /** Values since calm was last learned. */
  calmValues: 3,
  /** The kind of the last alarm and what it is told from (`kind.ts`). */
  kind: 4,
  age: 5,
  near: 6,
  side: 7,
  turns: 8,
  outside: 9,
  /** 1 + the magnitude by which the last value was rarest; of a young key, of which none is judged, the values set aside. */
  which: 10,
  /** Mass of the values that were beyond belief. */
  beyondMass: 11,
  /** Values counted for the most frequent one, the candidates' hashes and their counts. */
  counted: 12,
  hashes: 13,
  counts: 13 + candidates,
  /** Of each hour: weight, deviation and usual change, the latter two on a log scale. */
  hourWeight: 13 + 2 * candidates,
  hourDeviation: 13 + 2 * candidates + hours,
  hourChange: 13 + 2 * candidates + 2 * hours,
  /** Of each histogram: the number of its top bin, and how far beyond it its greatest magnitude lies. */
  tops: 13 + 2 * candidates + 3 * hours,
} as const;

/** Where the parts that depend on the number of histograms begin, and the length of the row. */
export interface DetectionLayout {
  readonly histograms: number;
  readonly records: number;
  readonly bins: number;
  readonly u16Size: number;
}

export function detectionLayout({ recurring }: { readonly recurring: boolean }): DetectionLayout {
  const histograms = recurring ? magnitudes.length : magnitudes.length - 1;
  const records = u16At.tops + histograms;
  const first = records + histograms;
  return { histograms, records, bins: first, u16Size: first + histograms * bins };
}
