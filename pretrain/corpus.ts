/**
 * The corpus that initial weights are trained on: series that no one measured. Each is drawn from a seed and its index: a
 * clock, a process of `processes.ts`, then what happens to measurements (steps, outliers, limits, rounding, gaps).
 */
import { logarithm } from "../src/forecast/elementary.js";
import { standardise } from "./noise.js";
import { drawProcess } from "./processes.js";
import { day } from "./shapes.js";
import { Source } from "./source.js";

export interface CorpusSeries {
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** NaN where a value is missing. */
  readonly values: Float64Array;
}

const lengths = { least: 60, most: 2500 };
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Steps between values. One that is listed more than once is that much more frequent. */
const steps = [
  ...[1, 1, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 1, 1, 2, 5, 5, 5, 10, 10, 15, 15, 15, 30, 30].map((count) => count * minute),
  ...[1, 1, 1, 1, 1, 1, 2, 3, 6, 12].map((count) => count * hour),
  ...[day, day, day],
];

/** Returns series `index` of the corpus of a seed. */
export function corpusSeries(seed: number, index: number): CorpusSeries {
  const source = new Source(seed, index);
  const length = Math.round(source.scale(lengths.least, lengths.most));
  const times = drawTimes(source, length);
  const values = drawProcess(source)(source, times);
  if (source.chance(0.1)) changeProcess(source, times, values);
  standardise(values);
  disturb(source, values);
  const sign = source.chance(0.2) ? -1 : 1;
  const scale = source.scale(1e-2, 1e4);
  const offset = source.chance(0.3) ? 0 : source.normal() * source.scale(1, 100);
  for (let i = 0; i < length; i++) values[i] = scale * (sign * values[i]! + offset);
  if (source.chance(0.12)) {
    const missing = source.scale(0.002, 0.2);
    for (let i = 1; i < length; i++) if (source.chance(missing)) values[i] = NaN;
  }
  return { times, values };
}

/** Regular times most often; else with jitter, at random, or with values that did not come. */
function drawTimes(source: Source, length: number): Float64Array {
  const step = source.pick(steps);
  let time = Date.UTC(2005, 0, 1) + source.integer(0, 7300) * day;
  if (source.chance(0.6)) time += Math.floor((source.next() * day) / step) * step;
  if (source.chance(0.2)) time += Math.floor(source.next() * step);
  const kind = source.next();
  const jitter = kind < 0.12 ? source.between(0.02, 0.5) : 0;
  const lost = kind > 0.82 && kind < 0.95 ? source.scale(0.005, 0.2) : 0;
  const isRandom = kind > 0.95;
  return Float64Array.from({ length }, () => {
    const now = Math.round(time + jitter * step * (source.next() - 0.5));
    time += isRandom ? Math.max(1, -logarithm(source.next() + 1e-12) * step) : step;
    while (lost > 0 && source.chance(lost)) time += step;
    return now;
  });
}

/** From some place on the values come from another process. */
function changeProcess(source: Source, times: Float64Array, values: Float64Array): void {
  const other = standardise(drawProcess(source)(source, times));
  const from = source.integer(Math.floor(0.1 * times.length), Math.floor(0.9 * times.length));
  const [scale, offset] = [source.scale(0.3, 3), source.normal()];
  standardise(values);
  for (let i = from; i < times.length; i++) values[i] = offset + scale * other[i]!;
}

/** Steps of the level, outliers, a ceiling, a floor, stuck values, and rounding. */
function disturb(source: Source, values: Float64Array): void {
  const { length } = values;
  const each = (change: (value: number, i: number) => number): void => {
    for (let i = 0; i < length; i++) values[i] = change(values[i]!, i);
  };
  if (source.chance(0.12)) {
    for (let count = source.integer(1, 4); count > 0; count--) {
      const from = source.integer(0, length - 1);
      const size = source.normal() * source.scale(0.3, 5);
      each((value, i) => (i < from ? value : value + size));
    }
  }
  if (source.chance(0.12)) {
    const [often, height] = [source.scale(0.001, 0.02), source.scale(1, 10)];
    const isUpwards = source.chance(0.5);
    each((value) => {
      if (!source.chance(often)) return value;
      return value + height * (isUpwards ? Math.abs(source.normal()) : source.student(3));
    });
  }
  if (source.chance(0.08)) {
    const ceiling = source.between(-0.5, 1.5);
    each((value) => Math.min(value, ceiling));
  }
  if (source.chance(0.05)) {
    const floor = source.between(-1.5, 0.3);
    each((value) => Math.max(value, floor));
  }
  if (source.chance(0.06)) {
    const often = source.scale(0.002, 0.03);
    let stuck = 0;
    each((value, i) => {
      if (i === 0) return value;
      if (stuck === 0 && source.chance(often)) stuck = source.integer(2, 40);
      if (stuck === 0) return value;
      stuck--;
      return values[i - 1]!;
    });
  }
  if (source.chance(0.25)) {
    const unit = source.scale(0.005, 0.8);
    each((value) => unit * Math.round(value / unit));
  }
}
