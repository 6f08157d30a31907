/** What the values of a stream can come from: seasons, counts, prices, machines, shots, and smooth curves. */
import { exponential, logarithm } from "../src/forecast/elementary.js";
import { noise, smooth, standardise, unitNoise } from "./noise.js";
import { day, dayShape, harmonicShape, weekShape } from "./shapes.js";
import type { Source } from "./source.js";

/** Values for these times, epoch milliseconds in rising order. */
type Process = (source: Source, times: Float64Array) => Float64Array;

/** The processes and their shares of the corpus. */
export const processes: readonly { readonly name: string; readonly share: number; readonly make: Process }[] =
  [
    { name: "seasonal", share: 0.36, make: seasonal },
    { name: "noise", share: 0.12, make: mixedNoise },
    { name: "prices", share: 0.07, make: prices },
    { name: "counts", share: 0.15, make: counts },
    { name: "machines", share: 0.12, make: machines },
    { name: "shots", share: 0.09, make: shots },
    { name: "smooth", share: 0.09, make: (source, times) => smooth(source, times.length) },
  ];

export function drawProcess(source: Source): Process {
  let left = source.next();
  for (const { share, make } of processes) if ((left -= share) < 0) return make;
  return processes.at(-1)!.make;
}

const longestStepOfDay = 0.255 * day;
const longestStepOfWeek = 1.01 * day;
const roundPeriods = [7, 12, 24, 30, 60, 10, 4, 5];

/** Day, week and a period of its own, where the times allow them; the day may vary in height, and less on days off. */
function seasons(source: Source, times: Float64Array): Float64Array {
  const { length } = times;
  const extent = times[length - 1]! - times[0]!;
  const step = extent / (length - 1);
  const hasDay = step <= longestStepOfDay && extent > day / 6 && source.chance(0.8);
  const hasWeek = step <= longestStepOfWeek && source.chance(0.4);
  const ofDay = hasDay ? dayShape(source) : undefined;
  const ofWeek = hasWeek ? weekShape(source) : undefined;
  const [dayHeight, weekHeight] = [source.scale(0.3, 2), source.scale(0.1, 1)];
  const isMultiplied = source.chance(0.5);
  const own = source.scale(3, 200);
  const period = source.chance(hasDay ? 0.15 : 0.5) ? source.pick([own, ...roundPeriods]) : 0;
  const ofPeriod =
    period > 0 ? harmonicShape(source, Math.min(6, Math.max(1, Math.floor(period / 2.5)))) : undefined;
  const height = source.scale(0.3, 1.5);
  const jitter = source.chance(0.3) ? source.scale(0.001, 0.05) : 0;
  const swing = source.chance(0.4) ? source.between(0.1, 0.6) : 0;
  const pace = Math.min(1, step / day);
  let phase = source.next();
  let more = 0;
  return Float64Array.from(times, (time) => {
    let value = 0;
    if (ofDay !== undefined) {
      more += -pace * more + Math.sqrt(2 * pace) * source.normal() * swing;
      const factor = ofWeek !== undefined && isMultiplied ? Math.max(0.1, 1 + 0.5 * ofWeek(time)) : 1;
      value += dayHeight * ofDay(time) * (1 + more) * factor;
    }
    if (ofWeek !== undefined && !(isMultiplied && hasDay)) value += weekHeight * ofWeek(time);
    if (ofPeriod !== undefined) {
      value += height * ofPeriod(phase);
      phase += (1 + jitter * source.normal()) / period;
    }
    return value;
  });
}

/** Seasons with noise and a trend, at times as a logarithm, or never below 0. */
function seasonal(source: Source, times: Float64Array): Float64Array {
  const series = seasons(source, times);
  const { length } = series;
  add(series, source.scale(0.03, 3), unitNoise(source, length));
  if (source.chance(0.5)) add(series, source.scale(0.03, 2), unitNoise(source, length));
  if (source.chance(0.3)) {
    const [slope, bend] = [source.normal(), source.normal()];
    for (let i = 0; i < length; i++) {
      const at = i / length;
      series[i] = series[i]! + 2 * (slope * at + bend * at * at);
    }
  }
  if (source.chance(0.35)) {
    const size = source.scale(0.2, 1);
    return series.map((value) => exponential(Math.min(30, size * value)));
  }
  return source.chance(0.2) ? series.map((value) => Math.max(0, value)) : series;
}

function mixedNoise(source: Source, { length }: Float64Array): Float64Array {
  const series = noise(source, length);
  if (source.chance(0.5)) add(standardise(series), source.scale(0.05, 2), unitNoise(source, length));
  return series;
}

/** Prices, returns or volumes of a market whose variance follows its shocks (GARCH; Bollerslev, 1986). */
function prices(source: Source, { length }: Float64Array): Float64Array {
  const moved = source.between(0.02, 0.15);
  const kept = source.between(0.75, 0.97 - moved);
  const size = source.scale(0.001, 0.02);
  const drift = source.normal() * 0.03;
  const freedom = source.between(3, 10);
  const kind = source.next();
  let variance = 1;
  let shock = 0;
  let level = 0;
  return Float64Array.from({ length }, () => {
    variance = 1 - moved - kept + moved * shock * shock + kept * variance;
    shock = Math.sqrt(variance) * source.student(freedom);
    if (!(Math.abs(shock) < 1e3)) shock = 0;
    level += size * (shock + drift);
    if (kind < 0.6) return exponential(level);
    return kind < 0.8 ? shock : logarithm(variance + 1e-9) + 0.6 * source.normal();
  });
}

/** Counts around a rate with seasons, noise and bursts; half of them spread more than Poisson's. */
function counts(source: Source, times: Float64Array): Float64Array {
  const log = seasons(source, times);
  const size = source.between(0.1, 1);
  for (let i = 0; i < log.length; i++) log[i] = size * log[i]!;
  add(log, source.scale(0.05, 1), unitNoise(source, log.length));
  const mean = source.scale(0.05, 2000);
  const spread = source.chance(0.5) ? source.scale(0.3, 20) : 0;
  const bursts = source.chance(0.3) ? source.scale(0.002, 0.05) : 0;
  const fading = source.between(0.5, 0.97);
  let burst = 0;
  return log.map((value) => {
    burst *= fading;
    if (bursts > 0 && source.chance(bursts)) burst += source.gamma(1) * source.between(1, 10);
    let rate = mean * (exponential(Math.min(8, value)) + burst);
    if (spread > 0) rate *= source.gamma(spread) / spread;
    return source.poisson(rate);
  });
}

/** Thermostats, set points, duty cycles, and noise behind a filter. */
function machines(source: Source, { length }: Float64Array): Float64Array {
  const kind = source.next();
  if (kind < 0.25) return thermostat(source, length);
  if (kind < 0.5) return setPoints(source, length);
  return kind < 0.75 ? dutyCycle(source, length) : filtered(source, length);
}

/** Turns on below 0 and off above 1; rises and falls in lines, or towards ends that lie beyond. */
function thermostat(source: Source, length: number): Float64Array {
  const [up, down] = [source.scale(0.01, 0.4), source.scale(0.01, 0.4)];
  const rough = source.scale(0.005, 0.1);
  const isLinear = source.chance(0.5);
  let value = source.next();
  let isOn = true;
  return Float64Array.from({ length }, () => {
    const read = value + rough * source.normal();
    if (isOn) value += isLinear ? up : up * (1.3 - value);
    else value -= isLinear ? down : down * (value + 0.3);
    if (value > 1) isOn = false;
    if (value < 0) isOn = true;
    return read;
  });
}

function setPoints(source: Source, length: number): Float64Array {
  const often = source.scale(0.003, 0.15);
  const rough = source.scale(0.003, 0.3);
  const levels = Array.from({ length: source.integer(2, 6) }, () => source.normal());
  const lag = source.chance(0.5) ? 1 : source.between(0.05, 0.9);
  let level = 0;
  let value = 0;
  return Float64Array.from({ length }, () => {
    if (source.chance(often)) level = levels.length < 5 ? source.pick(levels) : level + source.normal();
    value += lag * (level - value);
    return value + rough * source.normal();
  });
}

function dutyCycle(source: Source, length: number): Float64Array {
  const period = source.scale(4, 150);
  const duty = source.between(0.1, 0.9);
  const lag = source.between(0.1, 1);
  const rough = source.scale(0.005, 0.3);
  const jitter = source.chance(0.5) ? source.scale(0.002, 0.1) : 0;
  let phase = source.next();
  let value = 0;
  return Float64Array.from({ length }, () => {
    phase += (1 + jitter * source.normal()) / period;
    phase -= Math.floor(phase);
    value += lag * ((phase < duty ? 1 : 0) - value);
    return value + rough * source.normal();
  });
}

function filtered(source: Source, length: number): Float64Array {
  const stages = new Float64Array(source.integer(1, 3));
  const lag = source.scale(0.01, 0.5);
  const rough = source.scale(0.001, 0.5);
  return Float64Array.from({ length }, () => {
    let value = source.normal() / Math.sqrt(lag);
    for (let i = 0; i < stages.length; i++) value = stages[i] = stages[i]! + lag * (value - stages[i]!);
    return value + rough * source.normal();
  });
}

/** Spikes over a base, at any time or each so many values, that fade at once or slowly. */
function shots(source: Source, { length }: Float64Array): Float64Array {
  const series = unitNoise(source, length);
  const often = source.scale(0.003, 0.2);
  const fading = source.chance(2 / 3) ? 0 : source.between(0.2, 0.98);
  const rough = source.scale(0.01, 0.5);
  const height = source.between(0.5, 4);
  const period = source.chance(0.35) ? source.integer(4, 120) : 0;
  const isPositive = source.chance(0.5);
  let shot = 0;
  return series.map((value, i) => {
    shot *= fading;
    if (period > 0 ? i % period === 0 : source.chance(often)) shot += source.gamma(height);
    const sum = shot + rough * value;
    return isPositive ? Math.abs(sum) : sum;
  });
}

function add(series: Float64Array, weight: number, other: Float64Array): void {
  for (let i = 0; i < series.length; i++) series[i] = series[i]! + weight * other[i]!;
}
