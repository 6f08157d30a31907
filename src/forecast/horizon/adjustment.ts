/**
 * The seasonal adjustment of a key's values: what the profiles of the day, of the week and of the lasting day say of a time,
 * as far as their changes have told the key's changes so far. Where none has, values stay as they are.
 *
 * Which of the three is told by how far values that it adjusts lie from a level of theirs. Changes from one value to the next
 * alone would choose the smoothest: they hardly see what is wrong for hours.
 */
import { exponential } from "../elementary.js";
import { typicalGap } from "../keys/gap.js";
import { profiles, type HorizonF64 } from "./layout.js";
import { number } from "../keys/layout.js";
import {
  daily,
  isBegun,
  isFine,
  lasting,
  learnProfile,
  phaseOf,
  PhaseWalk,
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
/** How far the profiles are trusted before anything is known; the rest trusts in no adjustment. */
const firstTrust = 0.2;
/** Rate at which the levels of adjusted values are followed; and what makes of a walk's usual distance from one its usual change. */
const levelRate = 0.03;
const distanceRoot = Math.sqrt(2 * levelRate);
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
  #lastingWeight = 0;
  #dayMean = NaN;
  #weekMean = NaN;
  /** Of the walk: whether the key's values are fine (see `isFine`). */
  #isFineOfDay = false;
  #isFineOfWeek = false;
  #lastingMean = NaN;
  readonly #dayWalk = new PhaseWalk(daily);
  readonly #weekWalk = new PhaseWalk(weekly);
  /** The time that `#turnToTime` was asked for last, and its phases of the day and the week. */
  #time = NaN;
  #dayPhase = 0;
  #weekPhase = 0;
  readonly #seen: ProfiledValue = { time: 0, value: 0, gap: 0, variance: 0 };

  constructor(layout: HorizonF64) {
    this.#layout = layout;
  }

  /** Starts a key whose values begin with one. */
  start({ f64, at64 }: HorizonRow, value: number): void {
    const { daily: day, weekly: week, lasting: lastingDay, adjustmentLevels } = this.#layout;
    startProfile(f64, at64 + day, daily);
    startProfile(f64, at64 + week, weekly);
    startProfile(f64, at64 + lastingDay, lasting);
    f64.fill(value, at64 + adjustmentLevels, at64 + adjustmentLevels + profiles);
  }

  /** Learns from a value at a time, `change` above the base before, how well each adjustment would have told that. */
  learnWeights(row: HorizonRow, change: number, time: number): void {
    const n = this.#layout;
    const { key, f64, at64 } = row;
    const scale = scaleOf(key);
    const inverse = 1 / scale;
    const day = this.#day(row, time);
    const week = this.#week(row, time);
    const long = this.#lasting(row, time);
    const losses = at64 + n.adjustmentLosses;
    learnLoss(f64, losses, change * inverse);
    learnLoss(f64, losses + 1, (change - known(day - f64[at64 + n.day]!, 0)) * inverse);
    learnLoss(f64, losses + 2, (change - known(week - f64[at64 + n.week]!, 0)) * inverse);
    learnLoss(f64, at64 + n.lastingLoss, (change - known(long - f64[at64 + n.lastingDay]!, 0)) * inverse);
    this.#followLevel(row, 0, known(day - f64[at64 + n.dayMean]!, 0), scale);
    this.#followLevel(row, 1, known(week - f64[at64 + n.weekMean]!, 0), scale);
    this.#followLevel(row, 2, known(long - f64[at64 + n.lastingMean]!, 0), scale);
  }

  #followLevel({ key, f64, at64 }: HorizonRow, profile: number, season: number, scale: number): void {
    const level = at64 + this.#layout.adjustmentLevels + profile;
    const distance = key.f64[key.at64 + number.base]! - season - f64[level]!;
    f64[level] = f64[level]! + levelRate * distance;
    learnLoss(f64, at64 + this.#layout.adjustmentDistances + profile, (distance * distanceRoot) / scale);
  }

  /** Turns to a key: `seasonAt` goes by what is known of it now. */
  weigh(row: HorizonRow): void {
    const { f64, at64 } = row;
    this.#weigh(row);
    this.#dayMean = profileMean(f64, at64 + this.#layout.daily, daily);
    this.#weekMean = profileMean(f64, at64 + this.#layout.weekly, weekly);
    this.#lastingMean = profileMean(f64, at64 + this.#layout.lasting, lasting);
  }

  /** Turns to a key as it was at its last event, of which `keep` kept the means. */
  recall(row: HorizonRow): void {
    const { f64, at64 } = row;
    this.#weigh(row);
    this.#dayMean = f64[at64 + this.#layout.dayMean]!;
    this.#weekMean = f64[at64 + this.#layout.weekMean]!;
    this.#lastingMean = f64[at64 + this.#layout.lastingMean]!;
  }

  #weigh({ f64, at64 }: HorizonRow): void {
    const n = this.#layout;
    const losses = at64 + n.adjustmentLosses;
    const distances = at64 + n.adjustmentDistances;
    const unadjusted = f64[losses]!;
    const adjusted = Math.min(f64[losses + 1]!, f64[losses + 2]!, f64[at64 + n.lastingLoss]!);
    const least = Math.min(unadjusted, adjusted);
    const none = (1 - firstTrust) * trustAt(unadjusted - least);
    const any = firstTrust * trustAt(adjusted - least);
    const nearest = Math.min(f64[distances]!, f64[distances + 1]!, f64[distances + 2]!);
    const day = trustAt(f64[distances]! - nearest);
    const week = trustAt(f64[distances + 1]! - nearest);
    const long = trustAt(f64[distances + 2]! - nearest);
    const share = any / ((none + any) * (day + week + long));
    this.#dayWeight = share * day;
    this.#weekWeight = share * week;
    this.#lastingWeight = share * long;
  }

  /** What the value at a time is due to its season: 0 where nothing is known. */
  seasonAt(row: HorizonRow, time: number): number {
    this.day = this.#day(row, time);
    this.week = this.#week(row, time);
    const day = known(this.day - this.#dayMean, 0);
    const week = known(this.week - this.#weekMean, 0);
    const long = known(this.#lasting(row, time) - this.#lastingMean, 0);
    return this.#dayWeight * day + this.#weekWeight * week + this.#lastingWeight * long;
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
    const { daily: dailyAt, weekly: weeklyAt, lasting: lastingAt } = this.#layout;
    const phase = this.#dayWalk.at(time);
    // A time on the hour may be a rounding error before it.
    const hour = Math.floor(phase * hoursPerKnot + roundingError);
    this.hour = hour < hoursOfDay ? hour : 0;
    const weekPhase = this.#weekWalk.at(time);
    this.day = splineAt(f64, at64 + dailyAt, daily.knots, phase);
    this.week = splineAt(f64, at64 + weeklyAt, weekly.knots, weekPhase);
    const day = known(this.day - this.#dayMean, 0);
    const week = known(this.week - this.#weekMean, 0);
    const long = known(splineAt(f64, at64 + lastingAt, lasting.knots, phase) - this.#lastingMean, 0);
    // Forecasts of their own have to rest on more than the first values of an hour, which may be odd.
    if (this.#isFineOfDay && isBegun(f64, at64 + dailyAt, daily.knots, phase)) this.day = NaN;
    if (this.#isFineOfWeek && isBegun(f64, at64 + weeklyAt, weekly.knots, weekPhase)) this.week = NaN;
    return this.#dayWeight * day + this.#weekWeight * week + this.#lastingWeight * long;
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
    learnProfile(f64, at64 + this.#layout.lasting, lasting, seen);
  }

  /** Keeps what the profiles say of the last event's time, for the next change, and their means, for `recall`. */
  keep(row: HorizonRow, time: number): void {
    row.f64[row.at64 + this.#layout.day] = this.#day(row, time);
    row.f64[row.at64 + this.#layout.week] = this.#week(row, time);
    row.f64[row.at64 + this.#layout.dayMean] = this.#dayMean;
    row.f64[row.at64 + this.#layout.weekMean] = this.#weekMean;
    row.f64[row.at64 + this.#layout.lastingDay] = this.#lasting(row, time);
    row.f64[row.at64 + this.#layout.lastingMean] = this.#lastingMean;
  }

  #day({ f64, at64 }: HorizonRow, time: number): number {
    this.#turnToTime(time);
    return splineAt(f64, at64 + this.#layout.daily, daily.knots, this.#dayPhase);
  }

  #lasting({ f64, at64 }: HorizonRow, time: number): number {
    this.#turnToTime(time);
    return splineAt(f64, at64 + this.#layout.lasting, lasting.knots, this.#dayPhase);
  }

  #week({ f64, at64 }: HorizonRow, time: number): number {
    this.#turnToTime(time);
    return splineAt(f64, at64 + this.#layout.weekly, weekly.knots, this.#weekPhase);
  }

  /** An event asks for one time several times. */
  #turnToTime(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#dayPhase = phaseOf(time, daily);
    this.#weekPhase = phaseOf(time, weekly);
  }
}

function learnLoss(f64: Float64Array, at: number, error: number): void {
  f64[at] = discount * f64[at]! + Math.min(error * error, largestLoss);
}

/** How much is left of a trust that lies `above` the least loss: all of it where that is 0, which one of several is. */
function trustAt(above: number): number {
  return above === 0 ? 1 : exponential(-sharpness * above);
}

function known(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}
