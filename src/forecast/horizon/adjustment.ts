/**
 * The seasonal adjustment of a key's values: what the profiles of the day and of the week say of a time, each as far
 * as its changes have told the key's changes so far. Where neither has, values stay as they are.
 */
import { exponential } from "../elementary.js";
import { typicalGap } from "../keys/gap.js";
import type { HorizonF64 } from "./layout.js";
import { number } from "../keys/layout.js";
import {
  daily,
  isBegun,
  isFine,
  learnProfile,
  PhaseWalk,
  profileAt,
  profileMean,
  splineAt,
  startProfile,
  weekly,
  type ProfiledValue,
} from "./profile.js";
import type { HorizonRow } from "./rows.js";
import { scaleOf } from "../keys/scaling.js";

/** Discount of the squared errors of the adjustments, and how sharply they decide. */
const discount = 0.999;
const sharpness = 0.05;
/** How far each profile is trusted before anything is known; the rest trusts in no adjustment. */
const firstTrust = 0.1;
/** A squared error counts up to this many squared scales. */
const largestLoss = 25;
const hoursOfDay = 24;
const hoursPerKnot = hoursOfDay / daily.knots;
/** More than phases are off by, in hours. */
const roundingError = 2 ** -30;

/** All times are local ones. One object for all keys: from `weigh` to `seasonAt` it holds what is known of one of them. */
export class SeasonalAdjustment {
  readonly #layout: HorizonF64;
  /** What the profiles say of the time that `seasonAt` or `seasonOn` was asked for last; NaN while unknown. */
  day = NaN;
  week = NaN;
  /** The hour of the day that `seasonOn` was asked for last. */
  hour = 0;
  #dayWeight = 0;
  #weekWeight = 0;
  #dayMean = NaN;
  #weekMean = NaN;
  /** Of the walk: whether the key's values are fine (see `isFine`). */
  #isFineOfDay = false;
  #isFineOfWeek = false;
  readonly #dayWalk = new PhaseWalk(daily);
  readonly #weekWalk = new PhaseWalk(weekly);
  readonly #seen: ProfiledValue = { time: 0, value: 0, gap: 0, variance: 0 };

  constructor(layout: HorizonF64) {
    this.#layout = layout;
  }

  start({ f64, at64 }: HorizonRow): void {
    startProfile(f64, at64 + this.#layout.daily, daily);
    startProfile(f64, at64 + this.#layout.weekly, weekly);
  }

  /** Learns from a value at a time, `change` above the base before, how well each adjustment would have told that. */
  learnWeights(row: HorizonRow, change: number, time: number): void {
    const { day, week, adjustmentLosses } = this.#layout;
    const { key, f64, at64 } = row;
    const scale = scaleOf(key);
    const byDay = known(this.#day(row, time) - f64[at64 + day]!, 0);
    const byWeek = known(this.#week(row, time) - f64[at64 + week]!, 0);
    const losses = at64 + adjustmentLosses;
    learnLoss(f64, losses, change / scale);
    learnLoss(f64, losses + 1, (change - byDay) / scale);
    learnLoss(f64, losses + 2, (change - byWeek) / scale);
  }

  /** Turns to a key: `seasonAt` goes by what is known of it now. */
  weigh(row: HorizonRow): void {
    const { f64, at64 } = row;
    this.#weigh(row);
    this.#dayMean = profileMean(f64, at64 + this.#layout.daily, daily);
    this.#weekMean = profileMean(f64, at64 + this.#layout.weekly, weekly);
  }

  /** Turns to a key as it was at its last event, of which `keep` kept the means. */
  recall(row: HorizonRow): void {
    const { f64, at64 } = row;
    this.#weigh(row);
    this.#dayMean = f64[at64 + this.#layout.dayMean]!;
    this.#weekMean = f64[at64 + this.#layout.weekMean]!;
  }

  #weigh({ f64, at64 }: HorizonRow): void {
    const losses = at64 + this.#layout.adjustmentLosses;
    const least = Math.min(f64[losses]!, f64[losses + 1]!, f64[losses + 2]!);
    const none = (1 - 2 * firstTrust) * exponential(-sharpness * (f64[losses]! - least));
    const day = firstTrust * exponential(-sharpness * (f64[losses + 1]! - least));
    const week = firstTrust * exponential(-sharpness * (f64[losses + 2]! - least));
    this.#dayWeight = day / (none + day + week);
    this.#weekWeight = week / (none + day + week);
  }

  /** What the value at a time is due to its season: 0 where nothing is known. */
  seasonAt(row: HorizonRow, time: number): number {
    this.day = this.#day(row, time);
    this.week = this.#week(row, time);
    const day = known(this.day - this.#dayMean, 0);
    const week = known(this.week - this.#weekMean, 0);
    return this.#dayWeight * day + this.#weekWeight * week;
  }

  /** Begins a walk over the times behind one, of a key with such gaps. */
  walkFrom(time: number, gap: number): void {
    this.#isFineOfDay = isFine(daily, gap);
    this.#isFineOfWeek = isFine(weekly, gap);
    this.#dayWalk.begin(time);
    this.#weekWalk.begin(time);
  }

  /** The same as `seasonAt`, for a time of the walk. */
  seasonOn({ f64, at64 }: HorizonRow, time: number): number {
    const { daily: dailyAt, weekly: weeklyAt } = this.#layout;
    const phase = this.#dayWalk.at(time);
    // A time on the hour may be a rounding error before it.
    const hour = Math.floor(phase * hoursPerKnot + roundingError);
    this.hour = hour < hoursOfDay ? hour : 0;
    const weekPhase = this.#weekWalk.at(time);
    this.day = splineAt(f64, at64 + dailyAt, daily.knots, phase);
    this.week = splineAt(f64, at64 + weeklyAt, weekly.knots, weekPhase);
    const day = known(this.day - this.#dayMean, 0);
    const week = known(this.week - this.#weekMean, 0);
    // Forecasts of their own have to rest on more than the first values of an hour, which may be odd.
    if (this.#isFineOfDay && isBegun(f64, at64 + dailyAt, daily.knots, phase)) this.day = NaN;
    if (this.#isFineOfWeek && isBegun(f64, at64 + weeklyAt, weekly.knots, weekPhase)) this.week = NaN;
    return this.#dayWeight * day + this.#weekWeight * week;
  }

  /** The profiles learn the base of the key as the value at a time. */
  learnProfiles({ key, f64, at64 }: HorizonRow, time: number): void {
    const seen = this.#seen;
    seen.time = time;
    seen.value = key.f64[key.at64 + number.base]!;
    seen.gap = typicalGap(key);
    seen.variance = key.f64[key.at64 + number.variance]!;
    learnProfile(f64, at64 + this.#layout.daily, daily, seen);
    learnProfile(f64, at64 + this.#layout.weekly, weekly, seen);
  }

  /** Keeps what the profiles say of the last event's time, for the next change, and their means, for `recall`. */
  keep(row: HorizonRow, time: number): void {
    row.f64[row.at64 + this.#layout.day] = this.#day(row, time);
    row.f64[row.at64 + this.#layout.week] = this.#week(row, time);
    row.f64[row.at64 + this.#layout.dayMean] = this.#dayMean;
    row.f64[row.at64 + this.#layout.weekMean] = this.#weekMean;
  }

  #day({ f64, at64 }: HorizonRow, time: number): number {
    return profileAt(f64, at64 + this.#layout.daily, daily, time);
  }

  #week({ f64, at64 }: HorizonRow, time: number): number {
    return profileAt(f64, at64 + this.#layout.weekly, weekly, time);
  }
}

function learnLoss(f64: Float64Array, at: number, error: number): void {
  f64[at] = discount * f64[at]! + Math.min(error * error, largestLoss);
}

function known(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}
