/**
 * Up to four candidate periods of a key, and the losses of what they forecast. A candidate forecasts the mean of the last k
 * values at the same place of the season, plus a share φ of the last deviation from such a mean: with k = 1 and φ = 0 the
 * seasonal naive, with φ = 1 the last value plus the change of the season before.
 */
import { clip, remainder } from "../elementary.js";
import { block, blockOf, blockSize, candidates, firstSearched, means, place, shares } from "./layout.js";
import { sums, type Ring } from "./ring.js";

/** Values of which the losses tell at least, and seasons: what comes once in a season has to count. */
const memory = 100;
const seasonsRemembered = 3;
/** An error counts up to this many scales: spikes that come back count as what they are. */
const largestError = 1000;
/** A candidate that is not the best one after so many values learns from one value of so many. */
const settled = 200;
const sampling = 8;
/** A candidate's loss relative to that of the last value where it is believed … */
const greatestLoss = 0.95;
/** … if it has told this much more than the last value, in scales, of which one value counts up to a few: no chance hit. */
const leastGain = 8;
const largestGain = 3;
/** Loss, relative to that of the last value, below which a season is plain in the values that it was found in. */
const plain = 0.5;
/**
 * Losses of means of many seasons, relative to that of the last season alone, at which deviations from them last, and at which they
 * pass: what lasts makes the last season the best one.
 */
const lasting = { whole: 1, none: 0.9 } as const;
/** Another candidate takes the place of the best one where its loss is below this share of that one's. */
const betterThanBest = 0.9;

/** Index of the share that leaves deviations as they are. */
const wholeShare = shares.indexOf(1);

/** What a key's value is scored with. */
export interface ScoredValue {
  readonly missing: boolean;
  /** The last observed value before it. */
  readonly last: number;
  /** Absolute error of the key's mixture, in the unit of the values. */
  readonly errorOfMixture: number;
  readonly scale: number;
}

/** The candidates of one key. A candidate is named by the offset of its block in `numbers`. */
export class Candidates {
  readonly #ring: Ring;
  readonly #numbers: Float64Array;

  constructor(ring: Ring) {
    this.#ring = ring;
    this.#numbers = ring.numbers;
  }

  /** Returns the best candidate, or 0 where none is believed. */
  get best(): number {
    return this.#numbers[place.best]!;
  }

  periodOf(at: number): number {
    return this.#numbers[at + block.period]!;
  }

  variantOf(at: number): number {
    return this.#numbers[at + block.variant]!;
  }

  /** Begins a candidate anew. */
  start(at: number, period: number): void {
    this.#numbers.fill(0, at, at + blockSize);
    this.#numbers[at + block.period] = period;
  }

  /** Begins all anew: none is believed until it has told the values to come. */
  startAll(): void {
    this.#numbers[place.best] = 0;
    for (let c = 0; c < candidates; c++) this.start(blockOf(c), this.periodOf(blockOf(c)));
  }

  /** Returns the candidate with a period; 0 where there is none. */
  find(period: number): number {
    for (let c = 0; c < candidates; c++) {
      if (this.periodOf(blockOf(c)) === period) return blockOf(c);
    }
    return 0;
  }

  /** Returns the searched candidate to be replaced: an unused one, or that with the greatest loss of those of an age; -1 for none. */
  worstSearched(leastAge: number): number {
    const { best } = this;
    let worst = -1;
    let most = -1;
    for (let c = firstSearched; c < candidates; c++) {
      const at = blockOf(c);
      if (this.periodOf(at) === 0) return at;
      if (at === best || this.#numbers[at + block.age]! < leastAge) continue;
      const loss = this.relativeLoss(at);
      if (loss > most) {
        most = loss;
        worst = at;
      }
    }
    return worst;
  }

  /** Scores what all candidates forecast for a value that comes now, given above the anchor, and keeps their means. */
  learn(value: number, scored: ScoredValue): void {
    for (let c = 0; c < candidates; c++) this.#learn(blockOf(c), value, scored);
  }

  #learn(at: number, value: number, { missing, last, errorOfMixture, scale }: ScoredValue): void {
    const numbers = this.#numbers;
    const ring = this.#ring;
    const count = ring.count;
    const period = numbers[at + block.period]!;
    if (period === 0 || count < period) return;
    const age = numbers[at + block.age]!;
    const turn = age < settled || at === numbers[place.best] ? 0 : remainder(count, sampling);
    // To learn from a value takes the means of the one before.
    if (turn !== 0 && turn !== sampling - 1) return;
    const known = ring.sum(period);
    if (!missing && age > 0 && numbers[at + block.seen] === count - 1) {
      const before = ring.values[remainder(count - 1, ring.values.length)]!;
      const discount = discountOf(period);
      const errorOfLast = Math.abs(value + ring.anchor - last) / scale;
      const variant = numbers[at + block.variant]!;
      let least = Infinity;
      for (let m = 0; m < known; m++) {
        const deviation = before - numbers[at + block.means + m]!;
        // A mean of more seasons begins where that of half as many is.
        const isNew = m > 0 && m >= numbers[at + block.known]!;
        for (let i = 0; i < shares.length; i++) {
          const index = i * means + m;
          const loss = at + block.losses + index;
          if (isNew) {
            numbers[loss] = numbers[loss - 1]!;
            continue;
          }
          const error = Math.abs(value - sums[m]! - shares[i]! * deviation) / scale;
          const moved = discounted(numbers[loss]!, discount, error);
          numbers[loss] = moved;
          if (moved < least) {
            least = moved;
            numbers[at + block.variant] = index;
          }
          if (index === variant) {
            const gain = clip(errorOfLast - error, largestGain);
            numbers[at + block.gain] = discount * numbers[at + block.gain]! + gain;
          }
        }
      }
      numbers[at + block.known] = known;
      const ofLast = at + block.lossOfLast;
      const ofMixture = at + block.lossOfMixture;
      numbers[ofLast] = discounted(numbers[ofLast]!, discount, errorOfLast);
      numbers[ofMixture] = discounted(numbers[ofMixture]!, discount, errorOfMixture / scale);
    }
    for (let m = 0; m < known; m++) numbers[at + block.means + m] = sums[m]!;
    numbers[at + block.seen] = count;
    if (!missing) numbers[at + block.age] = age + 1;
  }

  /**
   * Lets a candidate gain from the values that it was found in, where its season is plain in them: it forecasts at once. Beside
   * a season that is believed, it has to be far plainer than that.
   */
  credit(at: number, scale: number): void {
    const { values, count } = this.#ring;
    const mask = values.length - 1;
    const period = this.periodOf(at);
    const known = this.best === 0 ? 1 : this.periodOf(this.best);
    const discount = discountOf(period);
    let gain = 0;
    let loss = 0;
    let lossOfLast = 0;
    let lossOfKnown = 0;
    for (let i = Math.max(count - values.length, 0) + Math.max(period, known); i < count; i++) {
      const value = values[i & mask]!;
      const error = Math.abs(value - values[(i - period) & mask]!) / scale;
      const errorOfLast = Math.abs(value - values[(i - 1) & mask]!) / scale;
      const errorOfKnown = Math.abs(value - values[(i - known) & mask]!) / scale;
      gain = discount * gain + clip(errorOfLast - error, largestGain);
      loss = discounted(loss, discount, error);
      lossOfLast = discounted(lossOfLast, discount, errorOfLast);
      lossOfKnown = discounted(lossOfKnown, discount, errorOfKnown);
    }
    if (loss < plain * Math.min(lossOfLast, lossOfKnown)) this.#numbers[at + block.gain] = gain;
  }

  /** Believes a candidate whose values came when it was due, `error` scales away from the last ones. */
  believe(at: number, error: number): void {
    const numbers = this.#numbers;
    const counted = Math.min(error, largestError);
    numbers[at + block.gain] = Math.max(numbers[at + block.gain]!, 2 * leastGain);
    numbers[at + block.lossOfLast] = numbers[at + block.lossOfLast]! + counted;
    numbers[at + block.lossOfMixture] = numbers[at + block.lossOfMixture]! + counted;
  }

  /** Counts one value for a candidate. */
  age(at: number): void {
    this.#numbers[at + block.age] = 1;
  }

  /** Moves what the candidates keep of the values, which are above the anchor. */
  moveAnchor(by: number): void {
    const numbers = this.#numbers;
    for (let c = 0; c < candidates; c++) {
      const at = blockOf(c) + block.means;
      for (let m = at; m < at + means; m++) numbers[m] = numbers[m]! - by;
    }
  }

  /** Finds the candidate that forecasts best, relative to the mixture, which the errors of each memory have in common. */
  turnToBest(): number {
    const before = this.best;
    let best = before !== 0 && this.isBelieved(before) ? before : 0;
    let least = best === 0 ? Infinity : betterThanBest * this.lossByMixture(best);
    for (let c = 0; c < candidates; c++) {
      const at = blockOf(c);
      if (at === before || !this.isBelieved(at)) continue;
      const loss = this.lossByMixture(at);
      if (loss < least) {
        least = loss;
        best = at;
      }
    }
    this.#numbers[place.best] = best;
    return best;
  }

  isBelieved(at: number): boolean {
    // What comes once in a long season must not be forgotten before it comes again.
    const least = at === this.best ? leastGain / 2 : leastGain;
    return this.#numbers[at + block.gain]! >= least && this.relativeLoss(at) < greatestLoss;
  }

  /** Returns the candidate whose plain means forecast best, believed or not: what persists tells more of the next value than of those far ahead. 0 for none. */
  foremost(): number {
    let foremost = 0;
    let least = Infinity;
    for (let c = 0; c < candidates; c++) {
      const at = blockOf(c);
      if (this.periodOf(at) === 0 || this.#numbers[at + block.known] === 0) continue;
      const plain = this.#numbers[at + block.losses + this.plainVariantOf(at)]!;
      const loss = plain / (this.#numbers[at + block.lossOfMixture]! + 1e-9);
      if (loss < least) {
        least = loss;
        foremost = at;
      }
    }
    return foremost;
  }

  /** Returns the best variant of a candidate among those without a share of the last deviation. */
  plainVariantOf(at: number): number {
    const losses = at + block.losses;
    let best = 0;
    for (let m = 1; m < this.#numbers[at + block.known]!; m++) {
      if (this.#numbers[losses + m]! < this.#numbers[losses + best]!) best = m;
    }
    return best;
  }

  /** Returns which share of a candidate's deviations is there to stay: the whole while too little is known. */
  lastingShare(at: number): number {
    const numbers = this.#numbers;
    const most = numbers[at + block.known]! - 1;
    if (most < 1) return 1;
    const ratio = numbers[at + block.losses + most]! / (numbers[at + block.losses]! + 1e-9);
    return clip((ratio - lasting.none) / (lasting.whole - lasting.none) - 0.5, 0.5) + 0.5;
  }

  /**
   * Returns the correlation of neighbouring deviations from the mean of a candidate's variant, were these a recursion of the first
   * order: it follows from what their size is to that of their changes.
   */
  recursion(at: number): number {
    const m = remainder(this.variantOf(at), means);
    const losses = at + block.losses + m;
    const ratio = this.#numbers[losses + wholeShare * means]! / (this.#numbers[losses]! + 1e-9);
    return Math.max(0, 1 - (ratio * ratio) / 2);
  }

  /** Returns the loss of a candidate's best variant relative to that of the mixture. */
  lossByMixture(at: number): number {
    return this.#loss(at) / (this.#numbers[at + block.lossOfMixture]! + 1e-9);
  }

  /** Returns the loss of a candidate's best variant relative to that of the last value. */
  relativeLoss(at: number): number {
    return this.#loss(at) / (this.#numbers[at + block.lossOfLast]! + 1e-9);
  }

  #loss(at: number): number {
    return this.#numbers[at + block.losses + this.variantOf(at)]!;
  }
}

/** Discount of a candidate's losses. */
function discountOf(period: number): number {
  return 1 - 1 / Math.max(memory, seasonsRemembered * period);
}

function discounted(loss: number, discount: number, error: number): number {
  return discount * loss + Math.min(Math.abs(error), largestError);
}
