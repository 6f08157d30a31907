/**
 * The mixture of experts of each block of further steps and the intervals of its bands, which learn from a sample of its forecasts
 * when their values have come: the method of `experts/mixture.ts` and `uncertainty/interval.ts` under delayed feedback. The
 * errors of h steps ahead overlap, so that h of them tell about as much as one: the mixture's learning rate shrinks by √h, its
 * memory grows by h (Joulani, György and Szepesvári, Online Learning under Delayed Feedback, 2013), and most of the first
 * trust goes to persistence. An error of a sample stands for those of all events of its stride.
 */
import { clip, exponential } from "../elementary.js";
import {
  entryOf,
  firstDue,
  lastDue,
  originOf,
  sampledStep,
  sampleOf,
  type StepBand,
  type StepBlock,
} from "./blocks.js";
import { flatExperts, horizonExperts, periodicExpert, trendExpert, type HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";
import type { HorizonPeriodic } from "./periodic.js";
import { StepSizes } from "./sizes.js";
import { HorizonTrend } from "./trend.js";
import { number } from "../keys/layout.js";
import { leadOf } from "../experts/lead.js";
import { largestDistance, lossGradient } from "../experts/mixture.js";
import { errorVariance, isMoving, robustSquare } from "../keys/scaling.js";
import { spreadAt } from "../keys/spread.js";
import { initialQuantile, quantileRate } from "../uncertainty/interval.js";
import type { NestedIntervals } from "../uncertainty/nested-intervals.js";
import type { ForecasterSettings } from "../settings.js";

const experts = horizonExperts.length;
/** Singles of a forecast that waits: the mixture's, then all experts'. */
const waitingSize = 1 + experts;
/** Experts that sleep until their losses are low (see `experts/panel.ts`): beside these, the flat one that is no floor. */
const sleepers = [horizonExperts.indexOf("median"), trendExpert, periodicExpert] as const;
/** A sleeper wakes where its loss is at most this share of persistence's and, of the best other expert's, at most this. */
const leastGain = 0.95;
const wakingLoss = 1.1;
/** Losses, relative to the best other expert's, at which a sleeper has the whole lead, and at which it has none. */
const lead = { whole: 0.7, none: 0.95 } as const;
/** Memory of the losses at step 1, in values; an error counts up to this many units. */
const lossMemory = 100;
const largestError = 10;
/**
 * Weight of persistence before anything is known, where it is the floor, and where squared errors count; the others share the rest.
 */
const firstTrust = { absolute: 0.6, squared: 0.4 } as const;
/** Share of the whole weight that all experts have alike. */
const share = 0.01;
/**
 * Of an expert with less than this share of persistence's loss the noise leaves no doubt: the learning rate rises by up to this
 * factor, and the fixed share of the others shrinks.
 */
const clearlyBetter = 0.1;
const largestFactor = 4;
/** Largest memory of the losses, as a share of the key's events: what experts said before they knew anything is soon forgotten. */
const youngMemory = 0.5;
/**
 * The losses of a block count by how often its middle step fits into the key's events, against this; for the rest, the block
 * believes this share of what the nearer block says of an expert's loss. Measured with young keys (ADR 31).
 */
const doubt = 16;
const hearsay = 0.65;
/** Memory of the regrets at step 1, in values; and the factor of the learning rate there. Measured with twelve sets (ADR 31). */
const regretMemory = 300;
const learningRate = 1.6;
/** Slowest rate at which mean squared errors are followed, per value; and by a sample. */
const squareRate = 0.01;
const largestSquareRate = 0.05;
/** What the experts of shape forecast is cut here, in units times √step. */
const largestForecast = 20;
/** What the others forecast is cut here, to be finite in 32 bits. */
const largestChange = 1e9;
/** Events of a key whose forecasts the mixtures do not learn from, for the scale is not settled; and its intervals. */
const mixedAfter = 3;
const trackedAfter = 2;
/** Errors after which the quantiles of a band learn. */
const knownAfter = 3;

/** A block, with the rates of its sample. */
interface Rated extends StepBlock {
  readonly middle: number;
  /** Factor of the mixture's learning rate. */
  readonly rate: number;
  /** Discount of the regrets by a sample. */
  readonly discount: number;
  /** Memory of the losses, in values. */
  readonly lossMemory: number;
}

/** A band, with the rates of its sample. */
interface RatedBand extends StepBand {
  /** The step of the quantiles, and the slowest rate of the mean squares. */
  readonly quantileRate: number;
  readonly squareRate: number;
}

export class HorizonMixture {
  readonly #layout: HorizonLayout;
  readonly #levels: readonly number[];
  readonly #squaredLoss: boolean;
  /** Weights before anything is known: of persistence, and of each expert that does not sleep. */
  readonly #firstTrust: number;
  readonly #furtherTrust: number;
  readonly #blocks: readonly Rated[];
  readonly #bands: readonly RatedBand[];
  readonly #sizes: StepSizes;
  /** √step and its inverse, by step. */
  readonly roots: Float64Array;
  readonly inverseRoots: Float64Array;
  /** What the experts of shape, behind the flat ones, say of the step under way: changes in units times √step. */
  readonly shaped = new Float64Array(trendExpert - flatExperts);
  /** Of the block under way: the weights, the sizes of the regrets, which experts sleep, the one that leads or -1, and its share. */
  readonly #weights = new Float64Array(experts);
  readonly #regretSizes = new Float64Array(experts);
  /** Of the event: what the flat experts say before the division by √step. */
  #last = 0;
  #median = 0;
  /** Of the band under way: whether its intervals are known, and their quantiles by level. */
  #isTracked = false;
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  #asleep = 0;
  #leader = -1;
  #leadOf = 0;
  /** What is believed of the experts' losses in it, by those of persistence. */
  readonly #ratios = new Float64Array(experts);
  /** The sample of the event under way that is of the block under way, and its step; -1 where there is none. */
  #sample = -1;
  #sampledStep = -1;
  readonly trend: HorizonTrend;
  readonly periodic: HorizonPeriodic;

  constructor(
    layout: HorizonLayout,
    { intervalLevels, loss }: Pick<ForecasterSettings, "intervalLevels" | "loss">,
    periodic: HorizonPeriodic,
  ) {
    this.#layout = layout;
    this.#levels = intervalLevels;
    this.#below = new Float64Array(intervalLevels.length);
    this.#above = new Float64Array(intervalLevels.length);
    this.#squaredLoss = loss === "squared";
    this.#firstTrust = firstTrust[loss];
    this.#furtherTrust = (1 - this.#firstTrust) / (trendExpert - 1);
    this.#blocks = layout.blocks.map(rated);
    this.#bands = layout.bands.map(ratedBand);
    this.#sizes = new StepSizes(layout.bands);
    this.roots = Float64Array.from({ length: layout.horizon + 1 }, (_, step) => Math.sqrt(step));
    this.inverseRoots = this.roots.map((root) => 1 / root);
    this.trend = new HorizonTrend(layout);
    this.periodic = periodic;
  }

  /** Sets a new key's quantiles. */
  start({ f32, at32 }: HorizonRow): void {
    const { bands, levels, f32: s } = this.#layout;
    const at = at32 + s.quantiles;
    f32.fill(initialQuantile, at, at + 2 * levels * bands.length);
  }

  /** Takes a mean square for that of the changes that a key would have had. */
  assumeSize({ f64, at64, f32, at32 }: HorizonRow, square: number): void {
    const { bands, f64: n, f32: s } = this.#layout;
    f64.fill(square, at64 + n.squaredErrors, at64 + n.squaredErrors + bands.length);
    f32.fill(knownAfter, at32 + s.tracked, at32 + s.tracked + bands.length);
  }

  /** Every block learns from the value of the event, which came at a local time, where it has a sample that is due. */
  learn(row: HorizonRow, time: number): void {
    const { event } = row;
    const spread = spreadAt(row.key, time);
    for (const block of this.#blocks) {
      const last = lastDue(block, event);
      for (let sample = firstDue(block, event); sample <= last; sample++) {
        const step = sampledStep(block, sample);
        if (originOf(block, sample) + step === event) this.#learnSample(row, block, sample, spread);
      }
    }
  }

  #learnSample(row: HorizonRow, block: Rated, sample: number, spread: number): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { blocks, f64: n, f32: s } = this.#layout;
    const step = sampledStep(block, sample);
    const entry = entryOf(block, sample);
    const scale = f64[at64 + n.waitingUnits + entry]!;
    // Of an event before the key began anew.
    if (scale === 0) return;
    const change = key.f64[key.at64 + number.base]! - f64[at64 + n.waitingBases + entry]!;
    if (block.index === blocks.length - 1 && event >= this.#layout.horizon) {
      this.trend.learn(row, entry - block.firstEntry, step, change / scale);
    }
    const unit = scale * this.roots[step]!;
    const waiting = at32 + s.waiting + entry * waitingSize;
    const origin = event - step;
    if (origin >= mixedAfter) this.#learnMixture(row, block, waiting, clip(change / unit, largestChange));
    if (origin < trackedAfter || (change === 0 && !isMoving(key))) return;
    const error = change / unit - f32[waiting]!;
    this.#track(row, step, { error: error * unit, spread });
  }

  /** The regrets and the losses of a block learn from the change since a sample's event, in units. */
  #learnMixture({ event, f32, at32 }: HorizonRow, block: Rated, waiting: number, change: number): void {
    const { f32: s } = this.#layout;
    const mixture = f32[waiting]!;
    const gradient = lossGradient(mixture - change, this.#squaredLoss);
    const regrets = at32 + s.regrets + block.index * experts;
    const squares = at32 + s.squares + block.index * experts;
    const losses = at32 + s.losses + block.index * experts;
    const { stride, discount } = block;
    const lossDiscount = 1 - stride / Math.min(block.lossMemory, stride + youngMemory * event);
    for (let e = 0; e < experts; e++) {
      const said = f32[waiting + 1 + e]!;
      const excess = gradient * clip(said - mixture, largestDistance);
      f32[regrets + e] = discount * f32[regrets + e]! + stride * excess;
      f32[squares + e] = discount * f32[squares + e]! + stride * excess * excess;
      const error = Math.min(Math.abs(said - change), largestError);
      f32[losses + e] = lossDiscount * f32[losses + e]! + error;
    }
  }

  /** The intervals of a step's band learn from the error of a sample, in the unit of the values. */
  #track(
    { key, f64, at64, f32, at32 }: HorizonRow,
    step: number,
    { error, spread }: { readonly error: number; readonly spread: number },
  ): void {
    const { bands, f64: n, f32: s } = this.#layout;
    const band = this.#bands[this.#sizes.bandOf[step]!]!;
    const { index } = band;
    const squares = at64 + n.squaredErrors;
    const size = Math.sqrt(this.#sizes.squareOf(step, f64, squares)) * spread;
    const tracked = f32[at32 + s.tracked + index]! + 1;
    if (tracked > knownAfter + band.last / band.stride + 1 && size > 0) {
      const scaled = error / size;
      for (let i = 0; i < this.#levels.length; i++) {
        const missRate = (1 - this.#levels[i]!) / 2;
        const below = this.#quantileAt(at32, i, index);
        const above = below + bands.length;
        f32[below] = Math.max(
          f32[below]! + band.quantileRate * ((-scaled > f32[below]! ? 1 : 0) - missRate),
          0,
        );
        f32[above] = Math.max(
          f32[above]! + band.quantileRate * ((scaled > f32[above]! ? 1 : 0) - missRate),
          0,
        );
      }
    }
    const squared = f64[squares + index]!;
    const variance = errorVariance * key.f64[key.at64 + number.squaredChange]!;
    const square = robustSquare((error * error) / step, squared, variance, tracked);
    f64[squares + index] = squared + Math.max(1 / tracked, band.squareRate) * (square - squared);
    // From here on it makes no difference.
    f32[at32 + s.tracked + index] = Math.min(tracked, mostCounted);
  }

  /** Turns to a block: its weights, and the sample of the event that is of it. Its bands are turned to one by one. */
  turnTo(row: HorizonRow, block: StepBlock): void {
    const { event, f64, at64, f32, at32 } = row;
    const { blocks, f64: n, f32: s } = this.#layout;
    this.#last = clip(f32[at32 + s.flat]!, largestChange);
    this.#median = clip(f32[at32 + s.flat + 1]!, largestChange);
    const rated = this.#blocks[block.index]!;
    this.#lead(row, rated);
    this.#weigh(row, rated);
    this.#sample = sampleOf(block, event);
    this.#sampledStep = this.#sample < 0 ? -1 : sampledStep(block, this.#sample);
    if (this.#sample < 0) return;
    const entry = entryOf(block, this.#sample);
    f64[at64 + n.waitingBases + entry] = f64[at64 + n.base]!;
    f64[at64 + n.waitingUnits + entry] = f64[at64 + n.unit]!;
    if (block.index === blocks.length - 1) this.trend.wait(row, entry - block.firstEntry);
  }

  /** Turns to a band of the block turned to. */
  turnToBand({ event, f32, at32 }: HorizonRow, { index, last, stride }: StepBand): void {
    this.#isTracked = event >= last + (2 * trackedAfter + 1) * stride;
    for (let i = 0; i < this.#levels.length; i++) {
      const below = this.#quantileAt(at32, i, index);
      this.#below[i] = f32[below]!;
      this.#above[i] = f32[below + this.#layout.bands.length]!;
    }
  }

  /** Mixes what the experts say of a step of a block turned to. */
  mix(row: HorizonRow, block: StepBlock, step: number): number {
    const weights = this.#weights;
    const { shaped } = this;
    const root = this.inverseRoots[step]!;
    const isSampled = step === this.#sampledStep;
    // What sleeps is asked only where it waits to learn.
    const asked = isSampled ? 0 : this.#asleep;
    const smoothing = clip(shaped[0]!, largestForecast);
    const daily = clip(shaped[1]!, largestForecast);
    const weekly = clip(shaped[2]!, largestForecast);
    const regression = clip(shaped[3]!, largestForecast);
    let mixture = root * (weights[0]! * this.#last + weights[1]! * this.#median);
    mixture +=
      weights[2]! * smoothing + weights[3]! * daily + weights[4]! * weekly + weights[5]! * regression;
    let trend = 0;
    if (!isOf(asked, trendExpert)) {
      trend = clip(this.trend.forecast(row, step) * root, largestChange);
      mixture += weights[trendExpert]! * trend;
    }
    let periodic = root * this.#last;
    if (!isOf(asked, periodicExpert) && this.periodic.isKnown) {
      periodic = clip(this.periodic.forecast(step) * root, largestChange);
      mixture += weights[periodicExpert]! * periodic;
    }
    const median = root * this.#median;
    if (this.#leader >= 0) {
      const led = this.#leader === trendExpert ? trend : this.#leader === periodicExpert ? periodic : median;
      mixture += this.#leadOf * (led - mixture);
    }
    if (isSampled) {
      const { f32 } = row;
      const waiting = row.at32 + this.#layout.f32.waiting + entryOf(block, this.#sample) * waitingSize;
      f32[waiting] = mixture;
      f32[waiting + 1] = root * this.#last;
      f32[waiting + 2] = median;
      f32[waiting + 3] = smoothing;
      f32[waiting + 4] = daily;
      f32[waiting + 5] = weekly;
      f32[waiting + 6] = regression;
      f32[waiting + 1 + trendExpert] = trend;
      f32[waiting + 1 + periodicExpert] = periodic;
    }
    // As it waits, in 32 bits.
    return Math.fround(mixture);
  }

  /** Decides which experts sleep in a block, and which one leads; blocks are turned to in their order. */
  #lead(row: HorizonRow, block: Rated): void {
    const ratios = this.#ratios;
    this.#believe(row, block);
    let best = 1;
    for (let e = flatExperts; e < trendExpert; e++) {
      if (ratios[e]! < best) best = ratios[e]!;
    }
    const limit = Math.min(leastGain, wakingLoss * best);
    this.#asleep = 0;
    this.#leader = -1;
    let least = best;
    for (const e of sleepers) {
      const ratio = ratios[e]!;
      if (!(ratio < limit) || (e === periodicExpert && !this.periodic.isKnown)) {
        this.#asleep |= 1 << e;
      } else if (ratio < least) {
        least = ratio;
        this.#leader = e;
      }
    }
    this.#leadOf = this.#leader < 0 ? 0 : leadOf(lead, least / best, best, 1);
    if (this.#leadOf === 0) this.#leader = -1;
  }

  /**
   * Moves what is believed of the experts from the nearer block to this one: the harmonic mean of what is heard and of the
   * block's own losses, in which an expert without an error stays one.
   */
  #believe({ event, f32, at32 }: HorizonRow, { index, first, middle }: Rated): void {
    const ratios = this.#ratios;
    if (index === 0) ratios.fill(1);
    const losses = at32 + this.#layout.f32.losses + index * experts;
    const ofLast = f32[losses]!;
    // More than 0 wherever there are losses; a key that began anew has none.
    const seen = ofLast > 0 ? Math.max(event + 1 - mixedAfter - first, 0) / middle : 0;
    for (let e = 1; e < experts; e++) {
      const heard = 1 - hearsay * (1 - ratios[e]!);
      const own = seen > 0 ? f32[losses + e]! / ofLast : 1;
      ratios[e] = (seen + doubt) / (seen / own + doubt / heard);
    }
  }

  /**
   * Writes how far the intervals of a step of the band turned to, which `spread` widens, reach at every level, in the unit of the
   * values; NaN while unknown.
   */
  fillIntervals({ f64, at64 }: HorizonRow, step: number, spread: number, nested: NestedIntervals): void {
    const square = this.#sizes.squareOf(step, f64, at64 + this.#layout.f64.squaredErrors);
    const size = this.#isTracked ? Math.sqrt(square) * spread : NaN;
    for (let i = 0; i < this.#levels.length; i++) {
      nested.below[i] = this.#below[i]! * size;
      nested.above[i] = this.#above[i]! * size;
    }
  }

  /** Where the quantile of a band's errors below lies, by the level's place in the settings; that of those above is a row on. */
  #quantileAt(at32: number, level: number, index: number): number {
    return at32 + this.#layout.f32.quantiles + 2 * level * this.#layout.bands.length + index;
  }

  /** How many times better than a tenth of persistence's loss the best is of those that do not sleep; at least 1. */
  #clearness(f32: Float32Array, losses: number): number {
    const ofLast = f32[losses]!;
    let best = ofLast;
    for (let e = 1; e < experts; e++) {
      if (!isOf(this.#asleep, e)) best = Math.min(best, f32[losses + e]!);
    }
    return ofLast > 0 ? Math.max(1, (clearlyBetter * ofLast) / best) : 1;
  }

  #weigh({ f32, at32 }: HorizonRow, { index, rate: slowest }: Rated): void {
    const weights = this.#weights;
    const sizes = this.#regretSizes;
    const asleep = this.#asleep;
    const clearness = this.#clearness(f32, at32 + this.#layout.f32.losses + index * experts);
    const root = slowest * Math.min(clearness, largestFactor);
    const regrets = at32 + this.#layout.f32.regrets + index * experts;
    const squares = at32 + this.#layout.f32.squares + index * experts;
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
      const weight =
        (e === 0 ? this.#firstTrust : this.#furtherTrust) * sizes[e]! * exponential(weights[e]! - greatest);
      weights[e] = weight;
      total += weight;
    }
    const alike = share / clearness;
    const scale = (1 - alike) / total;
    const least = alike / awake;
    for (let e = 0; e < experts; e++) weights[e] = isOf(asleep, e) ? 0 : scale * weights[e]! + least;
  }
}

/** Errors beyond which their number makes no difference. */
const mostCounted = 1000;

function rated(block: StepBlock): Rated {
  const { first, last, stride } = block;
  const middle = Math.sqrt(first * last);
  const inverseRoot = 1 / Math.sqrt(middle);
  return {
    ...block,
    middle,
    rate: learningRate * inverseRoot,
    discount: 1 - stride / (regretMemory * middle),
    lossMemory: lossMemory / inverseRoot,
  };
}

function ratedBand(band: StepBand): RatedBand {
  const { first, last, stride } = band;
  return {
    ...band,
    quantileRate: (quantileRate * stride) / Math.sqrt(Math.sqrt(first * last)),
    squareRate: Math.min(squareRate * stride, largestSquareRate),
  };
}

/** Whether the bit of an expert is set. */
function isOf(bits: number, expert: number): boolean {
  return ((bits >> expert) & 1) === 1;
}
