/**
 * The panel of a key's experts: mixes what they forecast, and learns from the value that comes. An expert of structure,
 * such as the trend, sleeps until its own discounted loss is as low as that of the mixture (Freund et al., Using and
 * Combining Predictors That Specialize, 1997): on keys without that structure the mixture is as if the expert did not
 * exist. One whose loss is far lower than that of the mixture takes the lead: the mixture's fixed share, and its memory
 * of some hundred events, do not keep a line from being continued to the last digit, or a rare spike from being forecast.
 */
import { clip } from "../elementary.js";
import { gridOf, nearestOn } from "../keys/grid.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import { changed } from "./drift.js";
import type { ComparedLosses, Expert, ExpertInput, LearnedSizes } from "./expert.js";
import type { MixedWeights } from "./gate.js";
import { leadOf } from "./lead.js";
import { learnMixture, lossGradient, mixtureWeights, restartMixture } from "./mixture.js";
import { persistence } from "./experts.js";
import { discountedLoss } from "./losses.js";

/**
 * An expert's forecast and a target are cut here, in scaled changes: far enough for the season of a key that has not moved
 * otherwise, whose scale is its last digit, and finite in 32 bits.
 */
const largestChange = 1e30;
/** Observed values up to which a key's forecast is its last one: averages may still hold odd first values. */
const persistentUntil = 10;
/** Losses, relative to the mixture's, at which an expert has the whole lead, and at which it has none. */
const lead = { whole: 0.3, none: 0.7 } as const;

/** Offsets in the `panelSize` singles from `layout.panel` on. */
const place = { mixture: 0, lossOfMixture: 1, lossOfLast: 2, error: 3 } as const;

/** Absolute error of the mixture at the last observed value, in the unit of the values, were it set aside or not. */
export function errorOfMixture({ f32, at32, layout }: KeyRow): number {
  return f32[at32 + layout.panel + place.error]!;
}

/** Whether the key's forecast is more than its last value. */
export function isSettled({ f64, at64 }: KeyRow): boolean {
  return f64[at64 + number.observed]! > persistentUntil;
}

/** How a key's experts have done; errors in the key's scale. */
export interface ExpertStanding {
  /** Sums over the last some 500 values: above 0 where an expert has done worse than the mixture. */
  readonly regrets: readonly number[];
  /** Sums of absolute errors, each discounted by .99 a value. */
  readonly lossOfMixture: number;
  readonly lossOfLast: number;
}

export class ExpertPanel {
  readonly experts: readonly Expert[];
  readonly #persistence: number;
  readonly #squaredLoss: boolean;
  readonly #weights: Float64Array;
  readonly #mixed: Float64Array;
  /** Indices of the experts that may sleep. */
  readonly #sleepers: readonly number[];
  /** Indices of the experts that learn. */
  readonly #learners: readonly number[];
  /** Functions of the experts: a call by an array knows where it leads sooner than one by a property of unlike objects. */
  readonly #forecasts: readonly Expert["forecast"][];
  readonly #learns: readonly NonNullable<Expert["learn"]>[];
  readonly #relativeLosses: readonly NonNullable<Expert["relativeLoss"]>[];
  readonly #losses: ComparedLosses = { ofMixture: 0, ofLast: 0 };
  /** Of the key under way: bits of the experts that sleep, the one that leads or -1, and the share of its lead. */
  #asleep = 0;
  #leader = -1;
  #lead = 0;

  constructor(experts: readonly Expert[], squaredLoss: boolean) {
    this.experts = experts;
    this.#persistence = experts.indexOf(persistence);
    this.#sleepers = experts.flatMap((expert, e) => ("relativeLoss" in expert ? [e] : []));
    this.#learners = experts.flatMap((expert, e) => ("learn" in expert ? [e] : []));
    this.#forecasts = experts.map(({ forecast }) => forecast);
    this.#learns = this.#learners.map((e) => experts[e]!.learn!);
    this.#relativeLosses = this.#sleepers.map((e) => experts[e]!.relativeLoss!);
    this.#squaredLoss = squaredLoss;
    this.#weights = new Float64Array(experts.length);
    this.#mixed = new Float64Array(experts.length);
  }

  /** Whether one expert is the whole of the forecast that was mixed last. */
  get isLed(): boolean {
    return this.#leader >= 0 && this.#lead === 1;
  }

  /** The share of the forecast that one expert leads alone, of the key that was mixed last. */
  get lead(): number {
    return this.#leader < 0 ? 0 : this.#lead;
  }

  /** The mixture of a key's experts in its pending forecast, whether or not that is it. */
  mixtureOf({ f32, at32, layout }: KeyRow): number {
    return f32[at32 + layout.panel + place.mixture]!;
  }

  /** Forgets how the experts of a key did. */
  start(key: KeyRow): void {
    restartMixture(key, this.experts.length, this.#persistence);
  }

  /** How the pending forecast was mixed. The arrays are reused. */
  weights(key: KeyRow): MixedWeights {
    const weights = this.#weights;
    const mixture = this.#mixed;
    this.#rank(key);
    mixtureWeights(key, this.#asleep, mixture);
    const { lead } = this;
    if (isSettled(key)) {
      for (let e = 0; e < weights.length; e++) weights[e] = (1 - lead) * mixture[e]!;
      if (lead > 0) weights[this.#leader] = weights[this.#leader]! + lead;
    } else {
      weights.fill(0);
      weights[this.#persistence] = 1;
    }
    return { forecast: this.mixtureOf(key), mixture, lead, weights };
  }

  /** Returns the discounted regrets of the experts, and the discounted losses of their mixture and of the last value. */
  standing({ f32, at32, layout }: KeyRow): ExpertStanding {
    const panel = at32 + layout.panel;
    const regrets = at32 + layout.regrets;
    return {
      regrets: [...f32.subarray(regrets, regrets + this.experts.length)],
      lossOfMixture: f32[panel + place.lossOfMixture]!,
      lossOfLast: f32[panel + place.lossOfLast]!,
    };
  }

  /** Mixes the experts' forecasts into the pending one, a scaled change. */
  forecast(key: KeyRow, input: ExpertInput): void {
    const { f64, at64, f32, at32, layout } = key;
    const forecasters = this.#forecasts;
    const { scale } = input;
    const weights = this.#weights;
    const forecasts = at32 + layout.forecasts;
    const base = f64[at64 + number.base]!;
    const held = f64[at64 + number.held]!;
    // The mean, which the squared loss asks for, may lie between two possible values.
    const step = this.#squaredLoss ? 0 : gridOf(key);
    this.#rank(key);
    mixtureWeights(key, this.#asleep, weights);
    let mixture = 0;
    for (let e = 0; e < weights.length; e++) {
      if (weights[e] === 0) continue;
      let forecast = forecasters[e]!(f32, at32 + layout.experts[e]!, input);
      if (step > 0) {
        const value = base + scale * forecast;
        const possible = nearestOn(step, held, value);
        if (possible !== value) forecast = (possible - base) / scale;
      }
      f32[forecasts + e] = clip(forecast, largestChange);
      mixture += weights[e]! * f32[forecasts + e]!;
    }
    f32[at32 + layout.panel + place.mixture] = mixture;
    // An expert that sleeps agrees with the mixture: it has no regret.
    for (const e of this.#sleepers) if (weights[e] === 0) f32[forecasts + e] = mixture;
    if (!isSettled(key)) {
      f32[at32 + layout.mixture] = f32[forecasts + this.#persistence]!;
    } else if (this.#leader < 0) {
      f32[at32 + layout.mixture] = mixture;
    } else {
      const forecast = f32[forecasts + this.#leader]!;
      f32[at32 + layout.mixture] = mixture + this.#lead * (forecast - mixture);
    }
  }

  /** Finds the experts that sleep, and which one leads by how much. It follows from what the key keeps since its last value. */
  #rank({ f32, at32, layout }: KeyRow): void {
    const panel = at32 + layout.panel;
    const losses = this.#losses;
    losses.ofMixture = f32[panel + place.lossOfMixture]!;
    losses.ofLast = f32[panel + place.lossOfLast]!;
    this.#asleep = 0;
    this.#leader = -1;
    let least = 1;
    for (let i = 0; i < this.#sleepers.length; i++) {
      const e = this.#sleepers[i]!;
      const loss = this.#relativeLosses[i]!(f32, at32 + layout.experts[e]!, losses);
      if (!(loss <= 1)) {
        this.#asleep |= 1 << e;
      } else if (loss < least) {
        least = loss;
        this.#leader = e;
      }
    }
    const { ofMixture, ofLast } = losses;
    this.#lead = this.#leader < 0 ? 0 : leadOf(lead, least, ofMixture, ofLast);
    if (this.#lead === 0) this.#leader = -1;
  }

  /**
   * Everyone learns from an observed value, `change` above the base. Errors count by what is usual at the hour, for those of
   * quiet hours to count at all; but the squared loss asks for the mean of all.
   */
  learn(key: KeyRow, change: number, sizes: LearnedSizes): void {
    const { f32, at32, layout } = key;
    const { scale } = sizes;
    if (this.#squaredLoss) sizes.spread = sizes.weight = 1;
    for (let i = 0; i < this.#learners.length; i++) {
      this.#learns[i]!(f32, at32 + layout.experts[this.#learners[i]!]!, change, sizes);
    }
    const target = clip(change / scale, largestChange);
    const panel = at32 + layout.panel;
    const mixture = f32[panel + place.mixture]!;
    const last = f32[at32 + layout.forecasts + this.#persistence]!;
    const lossOfMixture = panel + place.lossOfMixture;
    const lossOfLast = panel + place.lossOfLast;
    f32[panel + place.error] = Math.abs(target - mixture) * scale;
    f32[lossOfMixture] = discountedLoss(f32[lossOfMixture]!, (target - mixture) / sizes.spread);
    f32[lossOfLast] = discountedLoss(f32[lossOfLast]!, (target - last) / sizes.spread);
    const gradient = lossGradient(mixture - target, this.#squaredLoss) / sizes.spread;
    learnMixture(key, this.experts.length, mixture, gradient);
    if (changed(key, this.#loss(target - mixture), this.#loss(target - last))) {
      restartMixture(key, this.experts.length, this.#persistence);
    }
  }

  /** Takes a value that was set aside, `change` above the base: the experts learn nothing from it. */
  miss({ f32, at32, layout }: KeyRow, change: number, scale: number): void {
    const panel = at32 + layout.panel;
    f32[panel + place.error] = Math.abs(change - scale * f32[panel + place.mixture]!);
  }

  /** The base moves by `change` to stand in for a missing value. */
  skip({ f32, at32, layout }: KeyRow, change: number): void {
    for (const e of this.#learners) this.experts[e]!.skip!(f32, at32 + layout.experts[e]!, change);
  }

  #loss(error: number): number {
    return this.#squaredLoss ? error * error : Math.abs(error);
  }
}
