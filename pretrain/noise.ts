/** Series without a season: autoregressive noise, random walks, and smooth curves. */
import { harmonicShape } from "./shapes.js";
import { sine, type Source } from "./source.js";

/** Takes a series to mean 0 and variance 1. */
export function standardise(series: Float64Array): Float64Array {
  const { length } = series;
  let mean = 0;
  for (const value of series) mean += value / length;
  let variance = 0;
  for (const value of series) variance += ((value - mean) * (value - mean)) / length;
  const size = Math.sqrt(variance + 1e-12);
  for (let i = 0; i < length; i++) series[i] = (series[i]! - mean) / size;
  return series;
}

/** White noise, an autoregression of first order, a random walk, or an ARMA process, at times with heavy tails or summed up. */
export function noise(source: Source, length: number): Float64Array {
  const kind = source.next();
  if (kind < 0.3) return Float64Array.from({ length }, () => source.normal());
  if (kind < 0.6) {
    const kept = source.chance(0.85) ? 1 - source.scale(0.002, 0.9) : -source.between(0, 0.8);
    const fresh = Math.sqrt(1 - kept * kept);
    let value = source.normal();
    return Float64Array.from({ length }, () => {
      const now = value;
      value = kept * value + fresh * source.normal();
      return now;
    });
  }
  if (kind < 0.75) {
    let value = 0;
    return Float64Array.from({ length }, () => (value += source.normal()));
  }
  return arma(source, length);
}

/** Standardised noise. */
export function unitNoise(source: Source, length: number): Float64Array {
  return standardise(noise(source, length));
}

const warmUp = 60;

/** An autoregression from partial autocorrelations, which are stable wherever they lie in -1 to 1 (Barndorff-Nielsen, 1973). */
function arma(source: Source, length: number): Float64Array {
  let kept: number[] = [];
  const order = source.integer(1, 4);
  for (let k = 1; k <= order; k++) {
    const first = source.chance(0.75) ? 1 - source.scale(0.01, 1) : -source.between(0, 0.9);
    const partial = k === 1 ? first : source.between(-1, 1) * source.between(0.2, 0.95);
    const before = kept;
    kept = [...before.map((value, j) => value - partial * before[before.length - 1 - j]!), partial];
  }
  const averaged = source.chance(0.5)
    ? [source.between(-0.9, 0.9), source.chance(0.5) ? 0 : source.between(-0.5, 0.5)]
    : [];
  const freedom = source.chance(0.25) ? source.between(2.5, 6) : 0;
  const isSummed = source.chance(0.3);
  const series = new Float64Array(length);
  const values = [0, 0, 0, 0];
  const shocks = [0, 0];
  let sum = 0;
  for (let i = -warmUp; i < length; i++) {
    const shock = freedom > 0 ? source.student(freedom) : source.normal();
    let value = shock;
    kept.forEach((share, k) => (value += share * values[k]!));
    averaged.forEach((share, k) => (value += share * shocks[k]!));
    if (!(Math.abs(value) < 1e6)) value = 0;
    values.pop();
    values.unshift(value);
    shocks.pop();
    shocks.unshift(shock);
    if (i < 0) continue;
    sum += value;
    series[i] = isSummed ? sum : value;
  }
  return series;
}

/**
 * A draw from a Gaussian process by random Fourier features (Rahimi and Recht, 2007): the squared exponential or rational
 * quadratic kernel of any length scale, at times times a periodic one; two of them added or multiplied, with some noise.
 */
export function smooth(source: Source, length: number): Float64Array {
  const series = curve(source, length);
  if (source.chance(0.6)) {
    const other = curve(source, length);
    const weight = source.scale(0.1, 1.5);
    const isProduct = source.chance(0.3);
    for (let i = 0; i < length; i++) {
      series[i] = isProduct ? series[i]! * other[i]! : series[i]! + weight * other[i]!;
    }
  }
  const rough = source.scale(0.001, 0.5);
  for (let i = 0; i < length; i++) series[i] = series[i]! + rough * source.normal();
  return series;
}

const waves = 12;

function curve(source: Source, length: number): Float64Array {
  const scale = source.scale(3, length);
  const mixed = source.chance(0.4) ? source.between(0.5, 3) : 0;
  const turns = Array.from({ length: waves }, () => {
    const stretch = mixed > 0 ? Math.sqrt(source.gamma(mixed) / mixed) : 1;
    return { pace: (source.normal() * stretch) / scale / (2 * Math.PI), from: source.next() };
  });
  const period = source.chance(0.35) ? source.scale(5, 200) : 0;
  const shape = harmonicShape(source, 5);
  return Float64Array.from({ length }, (_, i) => {
    let sum = 0;
    for (const { pace, from } of turns) sum += sine(pace * i + from);
    return sum * Math.sqrt(2 / waves) * (period > 0 ? shape(i / period) : 1);
  });
}
