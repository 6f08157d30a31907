/**
 * The magnitudes of an event whose novelty is judged, and what they are measured against: the key's running mean and
 * deviation, its profile of the hours of the day, and running means of 4 and 16 values.
 */
import { clip, exponential, logarithm } from "../elementary.js";
import { day, withinPeriod } from "../keys/local-clock.js";
import { beyondOf, countBeyond, trendShare } from "./growth.js";
import { f32At, f64At, hours, magnitude, u16At } from "./layout.js";
import type { DetectionRow } from "./rows.js";
import { learnMove } from "./stops.js";

/** Slowest rates of the mean, deviation and change, and of the size of the errors. */
const slowest = 0.001;
const slowestError = 0.005;
/** What an hour's profile keeps at each of its values. */
const profileKeeps = 0.98;
/** The hour's profile counts beside this many values of the key's own mean, deviation and change. */
const meanPrior = 1;
const sizePrior = 2;
/** Shares of the trend from which on the mean of an hour counts less, and from which on it does not count. */
const leastTrend = 0.5;
const mostTrend = 0.8;
/** Smallest size that matters, and that others are divided by, in deviations of the key. */
const smallest = 0.05;
const smallestDivisor = 0.02;
/** Values further from the mean than this many deviations are beyond belief, unless they are the third in a row. */
const beyondBelief = 50;
const believedAfter = 2;
/** A change to a value that the guard has set aside, or back from it, is none of the key if it is more than so many deviations. */
const oddMove = 20;
/** An error counts as this many running error sizes at most where the size learns from it. */
const largestError = 5;
/** Changes are taken as those of a random walk over a gap, of this many usual gaps at most. */
const longestGap = 16;
const gapRate = 0.02;
/** Scale of the profile's logarithms: steps of 1/400 from e^-82 to e^82. */
const logScale = 400;
const logZero = 82;

/** Returns the number of a positive size on the profile's log scale. */
export function encodeSize(size: number): number {
  return Math.min(Math.max(Math.round((logarithm(Math.max(size, 1e-36)) + logZero) * logScale), 0), 65535);
}

export function decodeSize(code: number): number {
  return exponential(code / logScale - logZero);
}

/**
 * Width of what a key does beside moving one way. Around a mean that lags far behind a counter, its deviation is as large as that
 * lag, and a counter that stops would be no news. But changes are never far wider than this.
 */
function width(deviation: number, lag: number, change: number): number {
  const besideTrend = Math.sqrt(Math.max(deviation * deviation - lag * lag, 0));
  return Math.max(besideTrend, Math.min(deviation, change));
}

/** Share of the weight of an hour's mean that counts, by that of the trend. */
function hourCounts(trend: number): number {
  return Math.min(Math.max((mostTrend - trend) / (mostTrend - leastTrend), 0), 1);
}

/** One event against what its key has been like. One object is reused for all events. */
export class Magnitudes {
  /** Logarithms of the magnitudes, in the order of `magnitudes`. */
  readonly logs = new Float64Array(8);
  /** Whether the value is beyond belief: it is judged, but neither the means nor the profile learn from it. */
  beyond = false;
  value = 0;
  /** Deviation from the hour's mean, change, and error, signed. */
  away = 0;
  change = 0;
  error = 0;
  /** Size of deviations usual at the hour. */
  spread = 0;
  /** The hour, and the deviation and change that are usual at it. */
  #hour = 0;
  #hourDeviation = 0;
  #hourChange = 0;
  #step = 0;
  #limit = 0;
  readonly #localOf: (time: number) => number;

  /** @param localOf Returns the local time of a time. */
  constructor(localOf: (time: number) => number = (time) => time) {
    this.#localOf = localOf;
  }

  /** Measures an event and moves the running means of 4 and 16 values, not what they are compared with. */
  measure(row: DetectionRow, time: number, value: number, expected: number): void {
    const { f64, at64, f32, at32, u16, at16 } = row;
    const seen = f32[at32 + f32At.seen]!;
    if (seen === 0) this.#start(row, value);
    const gaps = seen === 0 ? 1 : this.#gaps(row, time);
    f64[at64 + f64At.time] = time;
    const mean = f64[at64 + f64At.mean]!;
    const deviation = f32[at32 + f32At.deviation]!;
    const resolution = 2e-9 * Math.abs(mean) + 1e-36;
    this.value = value;
    this.#believe(row, resolution);
    const hour = (this.#hour = Math.floor(withinPeriod(this.#localOf(time), day) / (day / hours)));
    const weight = u16[at16 + u16At.hourWeight + hour]! / 256;
    const ofHour = f64[at64 + f64At.origin]! + f32[at32 + f32At.hourMean + hour]!;
    // The mean of an hour lags behind a key that moves one way, by a day where the hour comes again for the first time.
    const known = weight * hourCounts(trendShare(row));
    const away = (this.away = value - (known * ofHour + meanPrior * mean) / (known + meanPrior));
    const change = (this.change = value - f64[at64 + f64At.last]!);
    const error = (this.error = Number.isNaN(expected) ? 0 : value - expected);
    const step = (this.#step = Math.abs(change) / Math.sqrt(gaps));
    const moving = width(deviation, f32[at32 + f32At.lag]!, f32[at32 + f32At.change]!);
    const least = smallestDivisor * deviation + resolution;
    const leastMove = smallestDivisor * moving + resolution;
    const ofHourDeviation = (this.#hourDeviation =
      weight === 0 ? 0 : decodeSize(u16[at16 + u16At.hourDeviation + hour]!));
    const spread = (this.spread =
      Math.sqrt(
        (weight * ofHourDeviation * ofHourDeviation + sizePrior * deviation * deviation) /
          (weight + sizePrior),
      ) + least);
    const ofHourChange = (this.#hourChange =
      weight === 0 ? 0 : decodeSize(u16[at16 + u16At.hourChange + hour]!));
    const usual =
      (weight * ofHourChange + sizePrior * f32[at32 + f32At.change]!) / (weight + sizePrior) + leastMove;
    if (!this.beyond) {
      this.#move(row, f32At.away4, 4, away);
      this.#move(row, f32At.away16, 16, away);
      this.#move(row, f32At.error16, 16, error);
      this.#move(row, f32At.change16, 16, step);
      this.#move(row, f32At.usual16, 16, usual);
    }
    const floor = smallest * deviation + resolution;
    const floorOfMove = smallest * moving + resolution;
    const calm = f32[at32 + f32At.change16]! / (f32[at32 + f32At.usual16]! + resolution);
    const errorSize = f32[at32 + f32At.error]! + leastMove;
    const { logs } = this;
    logs[0] = Math.max(step, floorOfMove);
    logs[1] = Math.max(step / usual, smallest);
    logs[2] = Math.max(Math.abs(away) / spread, smallest);
    logs[magnitude.deviation4] = Math.max(Math.abs(f32[at32 + f32At.away4]!), floor);
    logs[magnitude.deviation16] = Math.max(Math.abs(f32[at32 + f32At.away16]!), floor);
    logs[magnitude.error16] = Math.max(Math.abs(f32[at32 + f32At.error16]!), floorOfMove);
    logs[magnitude.calm] = calm + smallest;
    logs[magnitude.error] = Math.max(Math.abs(error) / errorSize, smallest);
    // One call for all: V8 compiles it into the loop, where the logarithms overlap.
    for (let j = 0; j < logs.length; j++) logs[j] = logarithm(logs[j]!);
    logs[magnitude.calm] = -logs[magnitude.calm]!;
  }

  /**
   * Moves what values are compared with: the mean, the sizes, and the profile of the event's hour.
   *
   * @param moves Whether neither the value nor the one before was set aside by the guard.
   */
  learn(row: DetectionRow, moves: boolean): void {
    const { f64, at64, f32, at32, u16, at16 } = row;
    const limit = this.#limit;
    const rate = Math.max(1 / f32[at32 + f32At.seen]!, slowest);
    if (this.change !== 0) learnMove(row, Math.abs(this.change), rate);
    if (this.beyond) return;
    const above = clip(this.value - f64[at64 + f64At.mean]!, limit);
    const value = f64[at64 + f64At.mean]! + above;
    const mean = (f64[at64 + f64At.mean] = f64[at64 + f64At.mean]! + rate * above);
    // Twice as fast as the mean: of a young line the lag would else be smaller than the deviation that it makes.
    const lag = at32 + f32At.lag;
    f32[lag] = f32[lag]! + Math.min(2 * rate, 1) * (above - f32[lag]!);
    const deviation = f32[at32 + f32At.deviation]!;
    const variance = deviation * deviation;
    f32[at32 + f32At.deviation] = Math.sqrt(variance + rate * (above * (value - mean) - variance));
    const isOdd = !moves && this.#step > (oddMove / beyondBelief) * limit;
    const step = isOdd ? 0 : clip(this.#step, limit);
    // Rest says nothing of the size of movement: a key that moves again as it did is no news.
    if (step > 0)
      f32[at32 + f32At.change] = f32[at32 + f32At.change]! + rate * (step - f32[at32 + f32At.change]!);
    this.#learnError(row);
    this.#learnHour(row, value, step);
    f64[at64 + f64At.last] = this.value;
    const equal = at16 + u16At.equal;
    u16[equal] = this.change === 0 ? Math.min(u16[equal]! + 1, 65535) : 0;
  }

  #start({ f64, at64 }: DetectionRow, value: number): void {
    f64[at64 + f64At.mean] = value;
    f64[at64 + f64At.last] = value;
    f64[at64 + f64At.origin] = value;
  }

  /** How many usual gaps lie between the last event and this one; the gap is learned. */
  #gaps({ f64, at64, f32, at32 }: DetectionRow, time: number): number {
    const gap = time - f64[at64 + f64At.time]!;
    if (!(gap > 0)) return 1;
    const usual = f32[at32 + f32At.gap]!;
    if (usual === 0) {
      f32[at32 + f32At.gap] = gap;
      return 1;
    }
    f32[at32 + f32At.gap] = usual + gapRate * (Math.min(gap, 3 * usual) - usual);
    const gaps = gap / usual;
    return gaps > 1.5 ? Math.min(gaps, longestGap) : 1;
  }

  #believe(row: DetectionRow, resolution: number): void {
    const { f64, at64, f32, at32 } = row;
    const deviation = f32[at32 + f32At.deviation]!;
    const known = f32[at32 + f32At.seen]! >= 100 && deviation > resolution;
    const limit = (this.#limit = known ? beyondBelief * deviation : Infinity);
    const far = Math.abs(this.value - f64[at64 + f64At.mean]!) > limit;
    const inRow = beyondOf(row);
    this.beyond = far && inRow < believedAfter;
    countBeyond(row, far ? Math.min(inRow + 1, believedAfter) : 0);
  }

  #move({ f32, at32 }: DetectionRow, at: number, span: number, x: number): void {
    const rate = Math.max(1 / (f32[at32 + f32At.seen]! + 1), 1 / span);
    f32[at32 + at] = f32[at32 + at]! + rate * (clip(x, this.#limit) - f32[at32 + at]!);
  }

  #learnError({ f32, at32 }: DetectionRow): void {
    const seen = f32[at32 + f32At.seen]!;
    const size = f32[at32 + f32At.error]!;
    let error = Math.abs(this.error);
    if (seen > 20 && size > 0) error = Math.min(error, largestError * size);
    const rate = Math.max(1 / seen, slowestError);
    f32[at32 + f32At.error] = Math.sqrt(size * size + rate * (error * error - size * size));
  }

  #learnHour({ f64, at64, f32, at32, u16, at16 }: DetectionRow, value: number, step: number): void {
    const hour = this.#hour;
    const origin = f64[at64 + f64At.origin]!;
    const before = u16[at16 + u16At.hourWeight + hour]! / 256;
    const weight = profileKeeps * before + 1;
    const rate = 1 / weight;
    const at = at32 + f32At.hourMean + hour;
    f32[at] = f32[at]! + rate * (value - origin - f32[at]!);
    const away = clip(this.away, this.#limit);
    const deviation = this.#hourDeviation;
    const change = this.#hourChange;
    const square = deviation * deviation + rate * (away * away - deviation * deviation);
    u16[at16 + u16At.hourDeviation + hour] = encodeSize(Math.sqrt(square));
    if (step > 0) u16[at16 + u16At.hourChange + hour] = encodeSize(change + rate * (step - change));
    u16[at16 + u16At.hourWeight + hour] = Math.round(weight * 256);
  }
}
