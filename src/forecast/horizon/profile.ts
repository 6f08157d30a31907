/**
 * Profiles of the day and of the week: what a key's values are at each phase of a period, as a linear spline whose
 * knots learn by normalised least mean squares (Widrow and Hoff, 1960), robust against outliers and slow enough to
 * average over periods. Irregular times and any sampling rate are no special case.
 */
import { clip } from "../elementary.js";
import { day, withinPeriod } from "../keys/local-clock.js";
import { robustSquare } from "../keys/scaling.js";

export interface Profile {
  /** Milliseconds. */
  readonly period: number;
  /** A multiple of four. */
  readonly knots: number;
  /** Share of its error that a knot learns from as many values as make its interval. */
  readonly rate: number;
}

export const daily: Profile = { period: day, knots: 48, rate: 0.3 };
export const weekly: Profile = { period: 7 * day, knots: 168, rate: 0.3 };
/** The day as it is over two weeks: of a shape that lasts, the quick one has more noise. */
export const lasting: Profile = { ...daily, rate: 0.07 };

/** An error counts up to this many times the running size of the profile's errors. */
const largestError = 5;
/** Rate at which that size is followed. */
const squareRate = 0.01;
/** Values before errors are clipped. */
const settled = 20;

/** Floats of a profile's state: its knots, NaN while unknown, the mean square of its errors, and their number. */
export function profileSize(profile: Profile): number {
  return profile.knots + 2;
}

/** Makes a profile forget everything. */
export function startProfile(state: Float64Array, at: number, profile: Profile): void {
  state.fill(NaN, at, at + profile.knots);
  state.fill(0, at + profile.knots, at + profile.knots + 2);
}

/** Phase of a time in knots, 0 ≤ phase < `knots`. */
export function phaseOf(time: number, profile: Profile): number {
  const phase = (withinPeriod(time, profile.period) / profile.period) * profile.knots;
  // The quotient of a time just below the period may round up to 1.
  return phase < profile.knots ? phase : 0;
}

/** Phases of times that follow one another, without divisions. */
export class PhaseWalk {
  readonly #profile: Profile;
  readonly #knotsPerMs: number;
  readonly #inverseKnots: number;
  /** The last multiple of the period before the first of the times. */
  #origin = 0;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#knotsPerMs = profile.knots / profile.period;
    this.#inverseKnots = 1 / profile.knots;
  }

  /** Begins at a local time. */
  begin(time: number): void {
    this.#origin = time - withinPeriod(time, this.#profile.period);
  }

  /** The phase of a local time near it, in knots: 0 ≤ phase < `knots`. */
  at(time: number): number {
    const { knots } = this.#profile;
    const from = (time - this.#origin) * this.#knotsPerMs;
    const phase = from - knots * Math.floor(from * this.#inverseKnots);
    // The product may round up, or down, to a multiple.
    return phase >= knots ? phase - knots : phase < 0 ? 0 : phase;
  }
}

/**
 * Whether values come so often that each knot's interval has some: the mean of its first ones is known when the interval is over.
 *
 * @param gap Typical time between values, milliseconds; 0 while unknown.
 */
export function isFine({ period, knots }: Profile, gap: number): boolean {
  return gap > 0 && gap * knots < period;
}

/**
 * What the profile says of a time; NaN where that is unknown. Beside a knot that is unknown its neighbour stands for both:
 * values that come by the hour leave every other knot of the day without any.
 */
export function profileAt(state: Float64Array, at: number, profile: Profile, time: number): number {
  return splineAt(state, at, profile.knots, phaseOf(time, profile));
}

/** The same of a phase in knots. */
export function splineAt(state: Float64Array, at: number, knots: number, phase: number): number {
  const knot = Math.floor(phase);
  const share = phase - knot;
  const value = state[at + knot]!;
  const next = state[at + (knot + 1 === knots ? 0 : knot + 1)]!;
  if (Number.isNaN(value)) return next;
  if (share === 0 || Number.isNaN(next)) return value;
  return value + share * (next - value);
}

/** More than a phase in units of values is off by. */
const roundingError = 1e-6;

/** Whether the first values of a phase still come, where these are fine: what the profile says of it now is that of a few. */
export function isBegun(state: Float64Array, at: number, knots: number, phase: number): boolean {
  const beyond = Math.floor(phase) + 2;
  return Number.isNaN(state[at + (beyond < knots ? beyond : beyond - knots)]!);
}

/** Mean of the known knots; NaN without any. */
export function profileMean(state: Float64Array, at: number, profile: Profile): number {
  // Four sums: none waits for the addition before.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let known = profile.knots;
  for (let knot = at; knot < at + profile.knots; knot += 4) {
    const first = state[knot]!;
    const second = state[knot + 1]!;
    const third = state[knot + 2]!;
    const fourth = state[knot + 3]!;
    if (Number.isNaN(first)) known--;
    else a += first;
    if (Number.isNaN(second)) known--;
    else b += second;
    if (Number.isNaN(third)) known--;
    else c += third;
    if (Number.isNaN(fourth)) known--;
    else d += fourth;
  }
  return (a + b + (c + d)) / known;
}

/** A value that profiles learn from. */
export interface ProfiledValue {
  /** Milliseconds, of local time. */
  time: number;
  value: number;
  /** Typical time between values, milliseconds; 0 while unknown. */
  gap: number;
  /** Variance of the key's values. */
  variance: number;
}

/** Takes a value. */
export function learnProfile(
  state: Float64Array,
  at: number,
  profile: Profile,
  { time, value, gap, variance }: ProfiledValue,
): void {
  const { knots, rate } = profile;
  const phase = phaseOf(time, profile);
  const knot = Math.floor(phase);
  const share = phase - knot;
  const here = at + knot;
  const next = at + (knot + 1 === knots ? 0 : knot + 1);
  const error = value - splineAt(state, at, knots, phase);
  const values = Math.max(1, profile.period / knots / Math.max(gap, 1));
  // Values since the knot. The phase of a time at it may be a rounding error above a whole number.
  const since = share * values - roundingError;
  // Knots of the values of this hour, which are the first where the next hour has had none.
  const last = since > 0 ? next : here;
  const isNew = Number.isNaN(state[here]!) || Number.isNaN(state[last]!);
  if (Number.isNaN(state[here]!)) state[here] = value;
  if (Number.isNaN(state[last]!)) state[last] = value;
  if (isNew) return;
  const squareAt = at + knots;
  const square = state[squareAt]!;
  const count = state[squareAt + 1]! + 1;
  const counted = robustSquare(error * error, square, variance, count);
  state[squareAt] = square + Math.max(1 / count, squareRate) * (counted - square);
  state[squareAt + 1] = count;
  const bounded = count > settled ? clip(error, largestError * Math.sqrt(state[squareAt])) : error;
  const beyond = last + 1 === at + knots ? at : last + 1;
  if (isFine(profile, gap) && Number.isNaN(state[beyond]!)) {
    // One odd value must not be all that is known of its hour.
    const first = Math.ceil(since > 0 ? since : values);
    state[last] = state[last]! + (value - state[last]!) / first;
    return;
  }
  const step = ((gap > 0 ? rate / values : rate) * bounded) / ((1 - share) * (1 - share) + share * share);
  state[here] = state[here]! + step * (1 - share);
  state[next] = state[next]! + step * share;
}
