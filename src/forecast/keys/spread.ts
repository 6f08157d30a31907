/**
 * How wide a key's errors are at each hour of the local day, against their size over all of it: quiet nights and noisy days.
 * Each hour has a factor that moves by how much its errors differ from the mean. The factors are used as far as they
 * would have told the errors so far better than one size for all hours, by the likelihood of a Laplace distribution.
 */
import { clip, exponential, logarithm } from "../elementary.js";
import { typicalGap } from "./gap.js";
import { number, spreadSingles } from "./layout.js";
import { day, withinPeriod, type LocalClock } from "./local-clock.js";
import type { KeyRow } from "./row.js";

const hours = 24;
const hour = day / hours;
/** Share of its error that a factor learns from as many values as make an hour, and bounds of its step a value. */
const rate = 0.3;
const leastRate = 0.01;
const greatestRate = 0.1;
/** An error counts up to this many mean errors. */
const largestError = 4;
/** Bound of the logarithm of a factor: e³ is 20. */
const largestFactor = 3;
/** Rate at which the mean errors are followed, and their least: those of a normal distribution are .8. */
const meanRate = 0.01;
const leastMean = 1e-6;
/** Mean error that a key starts from. */
const firstMean = 0.8;
/** Discount of the gain, its bounds, the largest step of it, and the gain at which the factors are trusted by half; at the largest one, wholly. */
const discount = 0.999;
const largestGain = 100;
const largestStep = 3;
const halfTrusted = 5;

/** Offsets behind `layout.spread`: logarithms of the factors, mean errors without and with them, the gain. */
const meanFlat = hours;
const meanByHour = hours + 1;
const gained = hours + 2;

/** Sets a new key's factors: none. */
export function startSpread({ f32, at32, layout }: KeyRow): void {
  const at = at32 + layout.spread;
  f32.fill(0, at, at + spreadSingles);
  f32[at + meanFlat] = f32[at + meanByHour] = firstMean;
}

/** How far the factors are used, from 0 to 1. */
function trustOf(gain: number): number {
  return (gain / (gain + halfTrusted)) * (1 + halfTrusted / largestGain);
}

/** Factor of the size of the errors of a value that is due at a local time. */
export function spreadAt(key: KeyRow, local: number): number {
  return spreadOf(key, hourOf(local));
}

/** The same for an hour of the local day. */
export function spreadOf({ f32, at32, layout }: KeyRow, hour: number): number {
  const at = at32 + layout.spread;
  const gain = f32[at + gained]!;
  if (gain <= 0) return 1;
  return exponential(trustOf(gain) * f32[at + hour]!);
}

/** The factors of the keys' next values, by the hours of a clock. */
export class Spread {
  readonly #clock: LocalClock;

  constructor(clock: LocalClock) {
    this.#clock = clock;
  }

  /** Factor of the size of the errors of the key's next value. */
  ofNext(key: KeyRow): number {
    return key.f32[key.at32 + key.layout.spread + gained]! <= 0 ? 1 : spreadAt(key, this.#due(key));
  }

  /** Factor at the key's quietest hour. */
  least({ f32, at32, layout }: KeyRow): number {
    const at = at32 + layout.spread;
    if (f32[at + gained]! <= 0) return 1;
    let least = f32[at]!;
    for (let i = at + 1; i < at + hours; i++) if (f32[i]! < least) least = f32[i]!;
    return exponential(trustOf(f32[at + gained]!) * least);
  }

  /** Takes the error of a value in running sizes of the errors of all hours, before the clock of the key moves to it. */
  learn(key: KeyRow, error: number): void {
    const { f32, at32, layout } = key;
    const at = at32 + layout.spread;
    const factorAt = at + hourOf(this.#due(key));
    const factor = f32[factorAt]!;
    const flatMean = Math.max(f32[at + meanFlat]!, leastMean);
    const byHourMean = Math.max(f32[at + meanByHour]!, leastMean);
    // Cut at multiples of the means that follow them: so that the mean of what counts is the mean.
    const flat = Math.min(error, largestError * flatMean);
    const byHour = Math.min(error * exponential(-factor), largestError * byHourMean);
    const gain = flat / flatMean - byHour / byHourMean - factor + logarithm(flatMean / byHourMean);
    f32[at + gained] = clip(discount * f32[at + gained]! + clip(gain, largestStep), largestGain);
    f32[at + meanFlat] = flatMean + meanRate * (flat - flatMean);
    f32[at + meanByHour] = byHourMean + meanRate * (byHour - byHourMean);
    const values = hour / Math.max(typicalGap(key), 1);
    const step = Math.min(Math.max(rate / values, leastRate), greatestRate);
    f32[factorAt] = clip(factor + step * (byHour / byHourMean - 1), largestFactor);
  }

  /** Local time that the key's next value is due. */
  #due(key: KeyRow): number {
    return this.#clock.localOf(key.f64[key.at64 + number.time]! + typicalGap(key));
  }
}

function hourOf(local: number): number {
  return Math.floor(withinPeriod(local, day) / hour);
}
