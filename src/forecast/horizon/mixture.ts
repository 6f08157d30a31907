/**
 * The mixture of experts and the interval of each step beyond the next, which learn when the step's value has come:
 * the method of `mixture.ts` and `interval.ts` under delayed feedback. The errors of h steps ahead overlap, so that h
 * of them tell about as much as one: the learning rates shrink and the memory grows by √h (Joulani, György and
 * Szepesvári, Online Learning under Delayed Feedback, 2013), and most of the first trust goes to persistence.
 */
import { clip, exponential } from "../elementary.js";
import { flatExperts, horizonExperts, recalledExperts, pendingAt, type HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";
import type { HorizonPeriodic } from "./periodic.js";
import { HorizonTrend } from "./trend.js";
import { number } from "../keys/layout.js";
import { largestDistance, lossGradient, share } from "../experts/mixture.js";
import { errorVariance, isMoving, robustSquare } from "../keys/scaling.js";
import { spreadAt } from "../keys/spread.js";
import { initialQuantile, quantileRate } from "../uncertainty/interval.js";
import type { NestedIntervals } from "../uncertainty/nested-intervals.js";
import type { ForecasterSettings } from "../settings.js";

const experts = horizonExperts.length;
const trendPlace = horizonExperts.indexOf("trend");
const periodicPlace = horizonExperts.indexOf("periodic");
/** Experts that sleep until their losses are low (see `experts/panel.ts`): beside these, the flat one that is no floor. */
const sleepers = [horizonExperts.indexOf("median"), trendPlace, periodicPlace] as const;
/** A sleeper wakes where its loss is at most this share of persistence's and, of the best other expert's, at most this. */
const leastGain = 0.95;
const wakingLoss = 1.1;
/** Losses, relative to the best other expert's, at which a sleeper has the whole lead, and at which it has none. */
const wholeLead = 0.7;
const noLead = 0.95;
/**
 * Every so many values the losses of a step learn. Their memory at step 1, in values that they learn from; an error counts
 * up to this many units.
 */
const sampling = 2;
const lossMemory = 50;
const largestError = 10;
/** Weight of persistence before anything is known; the others share the rest. */
const firstTrust = 0.7;
const furtherTrust = (1 - firstTrust) / (recalledExperts - 1);
/** What regrets lose per value at step 1. */
const regretLoss = 0.002;
/** Slowest rate at which mean squared errors are followed. */
const squareRate = 0.01;
/** What the experts of shape forecast is cut here, in units times √step. */
const largestForecast = 20;
/** What the others forecast is cut here, to be finite in 32 bits. */
const largestChange = 1e9;
/** Events of a key whose forecasts the mixtures do not learn from, for the scale is not settled; and its intervals. */
const mixedAfter = 30;
const trackedAfter = 2;

export class HorizonMixture {
  readonly #layout: HorizonLayout;
  readonly #levels: readonly number[];
  readonly #squaredLoss: boolean;
  /** By step: √step, its inverse and the root of that, and the discounts of regrets and losses. */
  readonly roots: Float64Array;
  readonly #inverseRoots: Float64Array;
  readonly #rates: Float64Array;
  readonly #discounts: Float64Array;
  readonly #lossDiscounts: Float64Array;
  /** What the experts behind the flat ones say of the step under way: changes in units times √step. */
  readonly shaped = new Float64Array(recalledExperts - flatExperts);
  /** What all experts say of a step. */
  readonly #said = new Float64Array(experts);
  readonly #weights = new Float64Array(experts);
  readonly #sizes = new Float64Array(experts);
  readonly trend: HorizonTrend;
  readonly periodic: HorizonPeriodic;
  /** At the step under way: bits of the experts that sleep, and the share of the lead. */
  #asleep = 0;
  #leadOf = 0;
  /** Factor of the size of the errors at the event under way. */
  #spread = 1;

  constructor(
    layout: HorizonLayout,
    { intervalLevels, loss }: Pick<ForecasterSettings, "intervalLevels" | "loss">,
    periodic: HorizonPeriodic,
  ) {
    this.#layout = layout;
    this.#levels = intervalLevels;
    this.#squaredLoss = loss === "squared";
    this.roots = Float64Array.from({ length: layout.horizon + 1 }, (_, step) => Math.sqrt(step));
    this.#inverseRoots = this.roots.map((root) => 1 / root);
    this.#rates = this.#inverseRoots.map((inverse) => Math.sqrt(inverse));
    this.#discounts = this.#inverseRoots.map((inverse) => 1 - regretLoss * inverse);
    this.#lossDiscounts = this.#inverseRoots.map((inverse) => 1 - inverse / lossMemory);
    this.trend = new HorizonTrend(layout);
    this.periodic = periodic;
  }

  /** Sets a new key's quantiles. */
  start({ f32, at32 }: HorizonRow): void {
    const { horizon, levels, f32: s } = this.#layout;
    const at = at32 + s.quantiles;
    f32.fill(initialQuantile, at, at + 2 * levels * (horizon - 1));
  }

  /** Every step learns from the value of the event, which came at a local time. */
  learn(row: HorizonRow, time: number): void {
    const { key, event, f64, at64 } = row;
    const { horizon, f64: n } = this.#layout;
    const value = key.f64[key.at64 + number.base]!;
    this.#spread = spreadAt(key, time);
    this.trend.learn(row);
    this.periodic.turnTo(row);
    for (let step = 2; step <= horizon && step <= event; step++) {
      const origin = event - step;
      const place = origin % horizon;
      const unit = f64[at64 + n.units + place]! * this.roots[step]!;
      const change = value - f64[at64 + n.bases + place]!;
      if (origin >= mixedAfter) this.#learnStep(row, step, clip(change / unit, largestChange));
      if (origin >= trackedAfter) this.#track(row, step, change, unit);
    }
  }

  /** The regrets and the losses of a step learn from the change since the step's event, in units. */
  #learnStep(row: HorizonRow, step: number, change: number): void {
    const { event, f32, at32 } = row;
    const { horizon, f32: s, pendingSize } = this.#layout;
    const origin = event - step;
    const pending = at32 + s.pending + pendingAt(step, origin);
    const mixture = f32[pending]!;
    const said = this.#said;
    this.#recall(row, origin % horizon, step);
    const root = this.#inverseRoots[step]!;
    const repeated = this.periodic.recall(row, step);
    said[periodicPlace] = Number.isNaN(repeated) ? said[0]! : clip(repeated * root, largestChange);
    for (let e = flatExperts; e < recalledExperts; e++) {
      said[e] = f32[pending + (e - flatExperts + 1) * pendingSize]!;
    }
    const gradient = lossGradient(mixture - change, this.#squaredLoss);
    const regrets = at32 + s.regrets + (step - 2) * experts;
    const squares = at32 + s.squares + (step - 2) * experts;
    const losses = at32 + s.losses + (step - 2) * experts;
    const discount = this.#discounts[step]!;
    const lossDiscount = this.#lossDiscounts[step]!;
    for (let e = 0; e < experts; e++) {
      const regret = regrets + e;
      const square = squares + e;
      const excess = gradient * clip(said[e]! - mixture, largestDistance);
      f32[regret] = discount * f32[regret]! + excess;
      f32[square] = discount * f32[square]! + excess * excess;
    }
    if ((event + step) % sampling !== 0) return;
    for (let e = 0; e < experts; e++) {
      const error = Math.min(Math.abs(said[e]! - change), largestError);
      f32[losses + e] = lossDiscount * f32[losses + e]! + error;
    }
  }

  /** The interval of a step learns from the value that came, `change` above its event's base. */
  #track({ key, event, f64, at64, f32, at32 }: HorizonRow, step: number, change: number, unit: number): void {
    const { f64: n, f32: s } = this.#layout;
    if (change === 0 && !isMoving(key)) return;
    const origin = event - step;
    const error = change / unit - f32[at32 + s.pending + pendingAt(step, origin)]!;
    const squaredAt = at64 + n.squaredErrors + step - 2;
    const squared = f64[squaredAt]!;
    const size = Math.sqrt(squared) * this.#spread;
    if (origin >= step + 2 * trackedAfter && size > 0) {
      const scaled = (error * unit) / size;
      const rate = quantileRate * this.#inverseRoots[step]!;
      for (let i = 0; i < this.#levels.length; i++) {
        const missRate = (1 - this.#levels[i]!) / 2;
        const below = this.#quantileAt(at32, i, step);
        const above = below + this.#layout.horizon - 1;
        f32[below] = Math.max(f32[below]! + rate * ((-scaled > f32[below]! ? 1 : 0) - missRate), 0);
        f32[above] = Math.max(f32[above]! + rate * ((scaled > f32[above]! ? 1 : 0) - missRate), 0);
      }
    }
    const errors = origin - trackedAfter + 1;
    const square = robustSquare(
      error * error * unit * unit,
      squared,
      errorVariance * step * key.f64[key.at64 + number.squaredChange]!,
      errors,
    );
    f64[squaredAt] = squared + Math.max(1 / errors, squareRate) * (square - squared);
  }

  /** Mixes what the experts say of a step into a pending forecast, and returns that. */
  mix(row: HorizonRow, step: number): number {
    const { event, f32, at32 } = row;
    const { horizon, f32: s, pendingSize } = this.#layout;
    const pending = at32 + s.pending + pendingAt(step, event);
    const said = this.#said;
    this.#recall(row, event % horizon, step);
    const repeated = this.periodic.forecast(step) * this.#inverseRoots[step]!;
    said[periodicPlace] = clip(repeated, largestChange);
    for (let e = flatExperts; e < recalledExperts; e++) {
      const waiting = pending + (e - flatExperts + 1) * pendingSize;
      f32[waiting] = clip(this.shaped[e - flatExperts]!, largestForecast);
      said[e] = f32[waiting];
    }
    const leader = this.#lead(row, step);
    const weights = this.#weigh(row, step, this.#asleep);
    let mixture = 0;
    for (let e = 0; e < experts; e++) if (weights[e]! > 0) mixture += weights[e]! * said[e]!;
    if (leader >= 0) mixture += this.#leadOf * (said[leader]! - mixture);
    f32[pending] = mixture;
    // As it is stored, in 32 bits.
    return f32[pending];
  }

  /** Writes what the experts whose forecasts follow from the event's place in the rings say of a step. */
  #recall(row: HorizonRow, place: number, step: number): void {
    const { f32, at32 } = row;
    const { horizon, f32: s } = this.#layout;
    const said = this.#said;
    const root = this.#inverseRoots[step]!;
    for (let e = 0; e < flatExperts; e++) {
      said[e] = clip(f32[at32 + s.flat + e * horizon + place]! * root, largestChange);
    }
    said[trendPlace] = clip(this.trend.forecast(row, place, step) * root, largestChange);
  }

  /** Decides which experts sleep at a step, and returns the one that leads, or -1. */
  #lead({ f32, at32 }: HorizonRow, step: number): number {
    const losses = at32 + this.#layout.f32.losses + (step - 2) * experts;
    const ofLast = f32[losses]!;
    let best = ofLast;
    for (let e = flatExperts; e < recalledExperts; e++) {
      const loss = f32[losses + e]!;
      if (loss < best) best = loss;
    }
    const limit = Math.min(leastGain * ofLast, wakingLoss * best);
    this.#asleep = 0;
    let leader = -1;
    let least = noLead * best;
    for (const e of sleepers) {
      const loss = f32[losses + e]!;
      if (!(loss < limit) || Number.isNaN(this.#said[e])) {
        this.#asleep |= 1 << e;
      } else if (loss < least) {
        least = loss;
        leader = e;
      }
    }
    this.#leadOf = leader < 0 ? 0 : Math.min((noLead - least / best) / (noLead - wholeLead), 1);
    return leader;
  }

  /** Writes how far the intervals of a step that is due at a local time reach at every level, in the unit of the values; NaN while unknown. */
  fillIntervals(
    { key, event, f64, at64, f32, at32 }: HorizonRow,
    step: number,
    due: number,
    nested: NestedIntervals,
  ): void {
    const known = event >= step + 2 * trackedAfter;
    const root = Math.sqrt(f64[at64 + this.#layout.f64.squaredErrors + step - 2]!);
    const size = known ? root * spreadAt(key, due) : NaN;
    for (let i = 0; i < this.#levels.length; i++) {
      const below = this.#quantileAt(at32, i, step);
      nested.below[i] = f32[below]! * size;
      nested.above[i] = f32[below + this.#layout.horizon - 1]! * size;
    }
  }

  /** Where the quantile of the errors below lies, by the level's place in the settings; that of those above is a row on. */
  #quantileAt(at32: number, level: number, step: number): number {
    return at32 + this.#layout.f32.quantiles + 2 * level * (this.#layout.horizon - 1) + step - 2;
  }

  #weigh({ f32, at32 }: HorizonRow, step: number, asleep: number): Float64Array {
    const weights = this.#weights;
    const sizes = this.#sizes;
    const regrets = at32 + this.#layout.f32.regrets + (step - 2) * experts;
    const squares = at32 + this.#layout.f32.squares + (step - 2) * experts;
    const root = this.#rates[step]!;
    let greatest = -Infinity;
    let awake = 0;
    for (let e = 0; e < experts; e++) {
      if (isOf(asleep, e)) continue;
      awake++;
      const square = f32[squares + e]!;
      const size = 1 / Math.sqrt(square + 1);
      const rate = root * size;
      const exponent = -rate * (f32[regrets + e]! + rate * square);
      sizes[e] = size;
      weights[e] = exponent;
      if (exponent > greatest) greatest = exponent;
    }
    let total = 0;
    for (let e = 0; e < experts; e++) {
      if (isOf(asleep, e)) continue;
      const weight = (e === 0 ? firstTrust : furtherTrust) * sizes[e]! * exponential(weights[e]! - greatest);
      weights[e] = weight;
      total += weight;
    }
    const scale = (1 - share) / total;
    const least = share / awake;
    for (let e = 0; e < experts; e++) weights[e] = isOf(asleep, e) ? 0 : scale * weights[e]! + least;
    return weights;
  }
}

/** Whether the bit of an expert is set. */
function isOf(bits: number, expert: number): boolean {
  return ((bits >> expert) & 1) === 1;
}
