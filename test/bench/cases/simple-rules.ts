/** The simple rules that a forecast must not lose to. Each forecasts any number of steps ahead. */
import { ExponentialSmoothing } from "../../../src/forecast/evaluation/baselines.js";

export interface SimpleRule {
  readonly name: string;
  observe(value: number): void;
  ahead(step: number): number;
}

function persistence(): SimpleRule {
  let last = NaN;
  return { name: "last", observe: (value) => void (last = value), ahead: () => last };
}

/** The median of the last `width` values. */
function runningMedian(width: number): SimpleRule {
  const sorted: number[] = [];
  const ring: number[] = [];
  /** The first index whose value is not below `value`. */
  const find = (value: number): number => {
    let low = 0;
    for (let high = sorted.length; low < high;) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    name: `median of ${width}`,
    observe(value) {
      ring.push(value);
      sorted.splice(find(value), 0, value);
      if (ring.length > width) sorted.splice(find(ring.shift()!), 1);
    },
    ahead: () => sorted[sorted.length >> 1]!,
  };
}

/** The last value and the mean change of the last `width` values, for each step. */
function slope(width: number): SimpleRule {
  const ring: number[] = [];
  return {
    name: "last + slope",
    observe(value) {
      ring.push(value);
      if (ring.length > width + 1) ring.shift();
    },
    ahead: (step) => {
      const last = ring.at(-1)!;
      return last + (step * (last - ring[0]!)) / Math.max(1, ring.length - 1);
    },
  };
}

function seasonalNaive(period: number): SimpleRule {
  const values: number[] = [];
  return {
    name: "seasonal naive",
    observe: (value) => void values.push(value),
    ahead: (step) => values[values.length - 1 + step - period * Math.ceil(step / period)] ?? values.at(-1)!,
  };
}

function smoothing(): SimpleRule {
  const rule = new ExponentialSmoothing();
  return { name: "smoothing", observe: (value) => rule.observe(value), ahead: () => rule.forecast };
}

/** Fresh rules for one series; `period` is that of its season, where there is one. */
export function simpleRules(period?: number): SimpleRule[] {
  const rules = [persistence(), runningMedian(9), runningMedian(101), slope(24), smoothing()];
  return period === undefined ? rules : [...rules, seasonalNaive(period)];
}
