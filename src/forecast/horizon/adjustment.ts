/**
 * The seasonal adjustment of a key's values: what the profiles of the day and of the week say of a time, each as far
 * as its changes have told the key's changes so far. Where neither has, values stay as they are.
 */
import { exponential } from "../elementary.js";
import { typicalGap } from "../keys/gap.js";
import type { HorizonNumbers } from "./horizon-layout.js";
import { number } from "../keys/row-layout.js";
import { daily, learnProfile, profileAt, profileMean, startProfile, weekly } from "./profile.js";
import { scaleOf } from "../keys/scaling.js";

/** Discount of the squared errors of the adjustments, and how sharply they decide. */
const discount = 0.999;
const sharpness = 0.05;
/** How far each profile is trusted before anything is known; the rest trusts in no adjustment. */
const firstTrust = 0.1;
/** A squared error counts up to this many squared scales. */
const largestLoss = 25;

/** One object for all keys: from `weigh` to `seasonAt` it holds what is known of one of them. */
export class SeasonalAdjustment {
  readonly #layout: HorizonNumbers;
  #dayWeight = 0;
  #weekWeight = 0;
  #dayMean = NaN;
  #weekMean = NaN;

  constructor(layout: HorizonNumbers) {
    this.#layout = layout;
  }

  start(numbers: Float64Array, at: number): void {
    startProfile(numbers, at + this.#layout.daily, daily);
    startProfile(numbers, at + this.#layout.weekly, weekly);
  }

  /** Learns from a value, `change` above the base before, how well each adjustment would have told that. */
  learnWeights(numbers: Float64Array, at: number, key: Float64Array, keyAt: number, change: number): void {
    const { day, week, adjustmentLosses } = this.#layout;
    const time = key[keyAt + number.time]!;
    const scale = scaleOf(key, keyAt);
    const byDay = known(this.#day(numbers, at, time) - numbers[at + day]!, 0);
    const byWeek = known(this.#week(numbers, at, time) - numbers[at + week]!, 0);
    const losses = at + adjustmentLosses;
    learnLoss(numbers, losses, change / scale);
    learnLoss(numbers, losses + 1, (change - byDay) / scale);
    learnLoss(numbers, losses + 2, (change - byWeek) / scale);
  }

  /** Turns to a key: `seasonAt` goes by what is known of it now. */
  weigh(numbers: Float64Array, at: number): void {
    const losses = at + this.#layout.adjustmentLosses;
    const least = Math.min(numbers[losses]!, numbers[losses + 1]!, numbers[losses + 2]!);
    const weight = (i: number): number => exponential(-sharpness * (numbers[losses + i]! - least));
    const none = (1 - 2 * firstTrust) * weight(0);
    const day = firstTrust * weight(1);
    const week = firstTrust * weight(2);
    this.#dayWeight = day / (none + day + week);
    this.#weekWeight = week / (none + day + week);
    this.#dayMean = profileMean(numbers, at + this.#layout.daily, daily);
    this.#weekMean = profileMean(numbers, at + this.#layout.weekly, weekly);
  }

  /** What the value at a time is due to its season: 0 where nothing is known. */
  seasonAt(numbers: Float64Array, at: number, time: number): number {
    const day = known(this.#day(numbers, at, time) - this.#dayMean, 0);
    const week = known(this.#week(numbers, at, time) - this.#weekMean, 0);
    return this.#dayWeight * day + this.#weekWeight * week;
  }

  /** The profiles learn the base of the key's numbers as the value at its time. */
  learnProfiles(numbers: Float64Array, at: number, key: Float64Array, keyAt: number): void {
    const base = key[keyAt + number.base]!;
    const time = key[keyAt + number.time]!;
    const gap = typicalGap(key, keyAt);
    const variance = key[keyAt + number.variance]!;
    learnProfile(numbers, at + this.#layout.daily, daily, time, base, gap, variance);
    learnProfile(numbers, at + this.#layout.weekly, weekly, time, base, gap, variance);
  }

  /** Keeps what the profiles say of the last event's time, for the next change. */
  keep(numbers: Float64Array, at: number, time: number): void {
    numbers[at + this.#layout.day] = this.#day(numbers, at, time);
    numbers[at + this.#layout.week] = this.#week(numbers, at, time);
  }

  #day(numbers: Float64Array, at: number, time: number): number {
    return profileAt(numbers, at + this.#layout.daily, daily, time);
  }

  #week(numbers: Float64Array, at: number, time: number): number {
    return profileAt(numbers, at + this.#layout.weekly, weekly, time);
  }
}

function learnLoss(numbers: Float64Array, at: number, error: number): void {
  numbers[at] = discount * numbers[at]! + Math.min(error * error, largestLoss);
}

function known(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}
