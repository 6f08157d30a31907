/**
 * The gate: a small learned model that mixes what a key's experts forecast, by their recent losses and by what they say now. It
 * was trained on synthetic series, with the initial weights that it is shipped with (`npm run pretrain`). Its forecast is one of
 * three in the mixture's own rule, beside the last value and today's mixture, so that the mixture's floor holds.
 */
import { clip, exponential, logarithm } from "../elementary.js";
import { hasOddValues } from "../keys/guard.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import { Slabs, type SlabRows, type SlabSizes } from "../keys/slabs.js";
import { fromHalf, toHalf } from "../encoding/halves.js";
import { areAlike, firstChanges, packChange, unpackChanges } from "./alike.js";
import type { Expert } from "./expert.js";
import { learnMixture, lossGradient, mixtureWeights, type MixtureRow } from "./mixture.js";

/** Discounts of the losses that the gate sees. Measured: a memory of five values beside longer ones (docs/adr/0030). */
const discounts = [0.8, 0.95, 0.99] as const;
/** What a mean loss is at first, in scales, and how many losses that counts for. */
const usualLoss = 0.7;
const usualCount = 0.5;
/** An error counts up to this many scales. */
const largestError = 10;
/** Bounds of the logarithm of a loss, which is at least `leastLoss`, and of a forecast. */
const largestLogarithm = 3;
const leastLoss = 1e-3;
const largestForecast = 20;
/** Bound of the logarithm of the number of values, and what it is measured from. */
const mostValues = 8;
const middleValues = 4;
/** Weight of the inverse of the number of values: the first ones lie between 0 and 1. */
const inverseValues = 3;
/** Regrets at first of the last value, of the mixture and of the gate: less is trusted more. */
const firstRegrets = [3, 2, 0] as const;
const rivals = firstRegrets.length;
/** Members whose shares are computed at once: their sums do not wait for each other. */
const abreast = 3;
/** Share of the error of repeating the last value that a key's forecasts may be worse by: in its first values, and from then on. */
const affordable = { first: 0.15, later: 0.01 } as const;
const firstValues = 30;
/** Values up to which all of a key's forecasts are limited so, and up to which those of the mixture are (docs/adr/0030). */
const youngUntil = 100;
const guardedUntil = 1000;

/** Logarithms of the losses that 16 bits hold, up to the largest error. */
let logarithms: Float64Array | undefined;

function logarithmsOfLosses(): Float64Array {
  const length = toHalf(largestError) + 1;
  return (logarithms ??= Float64Array.from({ length }, (_, half) => logarithmOf(half)));
}

function logarithmOf(half: number): number {
  return logarithm(fromHalf(half) + leastLoss);
}

/** Experts that a gate mixes, where the forecaster has them, beside today's mixture of all. The last value is the first. */
const memberNames: ReadonlySet<string> = new Set([
  "persistence",
  "smoothing",
  "median",
  "recurrent",
  "regression",
  "seasonal",
]);

/** What a gate saw, and what came. The arrays are reused. */
export interface GateExample {
  readonly slot: number;
  /** Values of the key before the one that came. */
  readonly observed: number;
  readonly inputs: Float64Array;
  /** What the members forecast, as scaled changes; the mixture's is the last. */
  readonly forecasts: Float64Array;
  readonly target: number;
}

/** A value that came, for all that a gate learns of it. One object is reused. */
export interface GatedValue {
  /** Scaled change from the base, and the mixture of the experts in its place. */
  target: number;
  mixture: number;
  /** Change from the last value, in the unit of the values. */
  moved: number;
  /** Size of the usual errors of the hour (`LearnedSizes`). */
  spread: number;
}

/** A key's numbers. */
interface RuleRow {
  f32: Float32Array;
  at32: number;
  /** Losses as 16-bit floats, and the first changes (`alike.ts`). */
  u16: Uint16Array;
  at16: number;
  readonly layout: ReturnType<typeof placesOf>;
}

/** How the panel mixed a pending forecast. */
export interface MixedWeights {
  /** The mixture's forecast, and the weights of the experts in it. */
  readonly forecast: number;
  readonly mixture: Float64Array;
  /** Share that one expert has alone, and the weights in the panel's forecast. */
  readonly lead: number;
  readonly weights: Float64Array;
}

export class Gate {
  /** Called with each value before anything is learned of it, by those who train a gate. */
  onLearn: ((example: GateExample) => void) | undefined;
  /** Rows of the keys; empty while there is no gate. */
  readonly rows: Slabs;
  /** Indices of the experts among the members. */
  readonly #experts: readonly number[];
  readonly #squaredLoss: boolean;
  readonly #inputs: Float64Array;
  readonly #forecasts: Float64Array;
  readonly #errors: Float64Array;
  /** Of the members, and zeros behind to fill the last `abreast`. */
  readonly #shares: Float64Array;
  readonly #trust = new Float64Array(rivals);
  /** The weights in the order in which they are read: for each `abreast` members those of an input side by side. */
  readonly #woven: Float64Array;
  #logarithms: Float64Array = new Float64Array(0);
  readonly #place: ReturnType<typeof placesOf>;
  readonly #row: RuleRow;
  #weights: Float32Array | undefined;

  constructor(experts: readonly Expert[], squaredLoss: boolean) {
    this.#experts = experts.flatMap(({ name }, e) => (memberNames.has(name) ? [e] : []));
    this.#squaredLoss = squaredLoss;
    const { members } = this;
    this.#inputs = new Float64Array(discounts.length * members + 2 * (members - 1) + 2);
    this.#forecasts = new Float64Array(members);
    this.#errors = new Float64Array(members);
    this.#shares = new Float64Array(abreast * Math.ceil(members / abreast));
    this.#woven = new Float64Array((this.#inputs.length + 1) * this.#shares.length);
    this.#place = placesOf(members);
    this.rows = new Slabs({ f64: 0, f32: this.#place.f32, u16: this.#place.u16 }, "gates");
    this.#row = { ...this.rows.rowOf(0), layout: this.#place };
  }

  /** Experts that are mixed, and today's mixture. */
  get members(): number {
    return this.#experts.length + 1;
  }

  /** Numbers that the gate looks at. */
  get inputs(): number {
    return this.#inputs.length;
  }

  /** Numbers of a gate's weights: for each member one for each input, and a constant. */
  get size(): number {
    return (this.inputs + 1) * this.members;
  }

  /** Undefined where the model has no gate. Keys that it has already need `rows`. */
  get weights(): Float32Array | undefined {
    return this.#weights;
  }

  set weights(weights: Float32Array | undefined) {
    this.#weights = weights;
    if (weights === undefined) {
      this.rows.clear();
      return;
    }
    this.#logarithms = logarithmsOfLosses();
    const { members } = this;
    const row = this.inputs + 1;
    for (let m = 0; m < members; m++) {
      const from = (m - (m % abreast)) * row + (m % abreast);
      for (let i = 0; i < row; i++) this.#woven[from + i * abreast] = weights[m * row + i]!;
    }
  }

  /** Whether forecasts of young keys are mixed. What a gate learns must not change with the guard of such keys. */
  get mixesYoung(): boolean {
    return this.#weights !== undefined && this.onLearn === undefined;
  }

  get bytes(): number {
    return this.rows.bytes;
  }

  get bytesPerKey(): number {
    return this.#weights === undefined ? 0 : this.rows.bytesPerKey;
  }

  /** Makes room for the rows of `keys` keys, with a gate of these weights. Throws MEMORY_EXHAUSTED. */
  reserve(keys: number, weights = this.#weights): void {
    if (weights !== undefined) this.rows.reserve(keys);
  }

  /** Numbers of a key's row in snapshots of release candidates: losses and changes were singles, and the forecast was kept. */
  get formerSizes(): SlabSizes {
    return { f64: 0, f32: this.#place.u16 + this.#place.f32 + 1, u16: 0 };
  }

  /** Writes a key's row of a snapshot. */
  write(slot: number, rows: SlabRows): void {
    this.rows.write(slot, rows.u16.length > 0 ? rows : this.#fromFormer(rows.f32));
  }

  #fromFormer(former: Float32Array): SlabRows {
    const { losses, changes, allowance } = this.#place;
    const u16 = new Uint16Array(this.#place.u16);
    const f32 = new Float32Array(this.#place.f32);
    u16.set([...former.subarray(losses, changes)].map(toHalf), losses);
    u16.set([...former.subarray(former.length - firstChanges)].map(packChange), changes);
    f32.set(former.subarray(changes, changes + 3 * rivals));
    f32[allowance] = former[former.length - firstChanges - 1]!;
    return { f64: new Float64Array(0), f32, u16 };
  }

  /** The key of a slot begins, or begins anew. */
  start(slot: number): void {
    if (this.#weights === undefined) return;
    this.rows.start(slot);
    const { f32, at32, u16, at16 } = this.rows.rowOf(slot);
    const { losses, regrets } = this.#place;
    u16.fill(toHalf(usualLoss), at16 + losses, at16 + losses + discounts.length * this.members);
    f32.set(firstRegrets, at32 + regrets);
  }

  /**
   * Moves the pending forecast of a key, a scaled change, from the mixture's to the gate's, but for the share `lead` that one
   * expert has alone.
   */
  forecast(key: KeyRow, mixture: number, lead: number): void {
    if (this.#weights === undefined) return;
    const row = this.#turnTo(key.slot);
    const observed = key.f64[key.at64 + number.observed]!;
    this.#readForecasts(key, mixture);
    this.#readInputs(observed);
    this.#share();
    const forecasts = this.#forecasts;
    const shares = this.#shares;
    let gated = 0;
    for (let m = 0; m < forecasts.length; m++) gated += shares[m]! * forecasts[m]!;
    const { f32 } = row;
    const at = row.at32 + this.#place.forecasts;
    const pending = key.at32 + key.layout.mixture;
    f32[at] = forecasts[0]!;
    f32[at + 1] = key.f32[pending]!;
    f32[at + 2] = gated;
    if (!this.#areAlike(key, row, observed)) return;
    const whole = this.#wholeOf(row);
    key.f32[pending] = whole + lead * (f32[at + 1]! - whole);
  }

  /** Turns the weights of the panel's forecast to those of the pending one. */
  fold(key: KeyRow, { forecast, mixture, lead, weights }: MixedWeights): void {
    if (this.#weights === undefined) return;
    const row = this.#turnTo(key.slot);
    const observed = key.f64[key.at64 + number.observed]!;
    if (!this.#areAlike(key, row, observed)) return;
    this.#readForecasts(key, forecast);
    this.#readInputs(observed);
    this.#share();
    mixtureWeights(row, 0, this.#trust);
    const [ofLast, ofPanel, ofGate] = this.#trust as unknown as [number, number, number];
    const rest = 1 - lead;
    const whole = rest * ofGate * this.#shares[this.#experts.length]!;
    for (let e = 0; e < weights.length; e++)
      weights[e] = (lead + rest * ofPanel) * weights[e]! + whole * mixture[e]!;
    const [first] = this.#experts;
    weights[first!] = weights[first!]! + rest * ofLast;
    this.#experts.forEach((e, m) => (weights[e] = weights[e]! + rest * ofGate * this.#shares[m]!));
  }

  /** Learns from an observed value. The experts must not have learned from it yet; `observed` counts it. */
  learn(key: KeyRow, { target, mixture, moved, spread }: GatedValue): void {
    if (this.#weights === undefined) return;
    const row = this.#turnTo(key.slot);
    const { u16, at16 } = row;
    const place = this.#place;
    const observed = key.f64[key.at64 + number.observed]! - 1;
    this.#readForecasts(key, mixture);
    if (this.onLearn !== undefined) {
      this.#readInputs(observed);
      const { slot } = key;
      this.onLearn({ slot, observed, inputs: this.#inputs, forecasts: this.#forecasts, target });
    }
    const whole = this.#wholeOf(row);
    const gradient = lossGradient(whole - target, this.#squaredLoss) / spread;
    learnMixture(row, rivals, whole, gradient);
    if (observed <= firstChanges) u16[at16 + place.changes + observed - 1] = packChange(moved);
    const forecasts = this.#forecasts;
    const errors = this.#errors;
    for (let m = 0; m < errors.length; m++)
      errors[m] = Math.min(Math.abs(target - forecasts[m]!) / spread, largestError);
    const soonest = 1 / (observed + usualCount);
    let at = at16 + place.losses;
    for (const discount of discounts) {
      const rate = Math.max(1 - discount, soonest);
      for (let m = 0; m < errors.length; m++, at++) {
        const loss = fromHalf(u16[at]!);
        u16[at] = toHalf(loss + rate * (errors[m]! - loss));
      }
    }
  }

  /**
   * How far the forecast of a key may lie from its last value: as far as its forecasts have been better than that value so far, and
   * a share of that value's errors. So their errors are never worse in sum by more than that share.
   */
  allowance(key: KeyRow): number {
    if (!this.isGuarded(key)) return Infinity;
    const { f32, at32 } = this.rows.rowOf(key.slot);
    return Math.max(0, f32[at32 + this.#place.allowance]!);
  }

  /** Whether the key's forecasts are limited by `allowance`. */
  isGuarded({ f64, at64 }: KeyRow): boolean {
    // What a gate learns must not change with the limits.
    if (this.onLearn !== undefined) return false;
    return this.#weights !== undefined && f64[at64 + number.observed]! <= guardedUntil;
  }

  /** Whether a key is so young that nothing it has learned can have been earned. */
  isYoung({ f64, at64 }: KeyRow): boolean {
    return f64[at64 + number.observed]! <= youngUntil;
  }

  /** A value came: the errors of the forecast and of the last value, in the unit of the values. */
  account(key: KeyRow, error: number, errorOfLast: number): void {
    if (!this.isGuarded(key)) return;
    const { f32, at32 } = this.rows.rowOf(key.slot);
    const at = at32 + this.#place.allowance;
    const share = key.f64[key.at64 + number.observed]! < firstValues ? affordable.first : affordable.later;
    f32[at] = f32[at]! + (1 + share) * errorOfLast - error;
  }

  /** Whether the first values of a key are of one size. Among several odd ones, those that were believed may be odd too. */
  #areAlike(key: KeyRow, { u16, at16 }: RuleRow, observed: number): boolean {
    if (observed > firstChanges + 1) return true;
    return !hasOddValues(key) && areAlike(unpackChanges(u16, at16 + this.#place.changes), observed);
  }

  /** The forecast of the three rivals together. */
  #wholeOf(row: RuleRow): number {
    const trust = this.#trust;
    const at = row.at32 + this.#place.forecasts;
    mixtureWeights(row, 0, trust);
    let whole = 0;
    for (let r = 0; r < rivals; r++) whole += trust[r]! * row.f32[at + r]!;
    return whole;
  }

  /** Turns to the key of a slot; one object is reused. */
  #turnTo(slot: number): RuleRow {
    const { f32, u16, sizes } = this.rows;
    const row = this.#row;
    row.f32 = f32;
    row.at32 = slot * sizes.f32;
    row.u16 = u16;
    row.at16 = slot * sizes.u16;
    return row;
  }

  /** Fills in what the members forecast. */
  #readForecasts(key: KeyRow, mixture: number): void {
    const forecasts = this.#forecasts;
    const experts = this.#experts;
    const { f32 } = key;
    const said = key.at32 + key.layout.forecasts;
    for (let m = 0; m < experts.length; m++) forecasts[m] = clip(f32[said + experts[m]!]!, largestForecast);
    forecasts[experts.length] = clip(mixture, largestForecast);
  }

  /** Fills in what the gate looks at, of the key turned to and the forecasts. */
  #readInputs(observed: number): void {
    const { u16, at16 } = this.#row;
    const forecasts = this.#forecasts;
    const inputs = this.#inputs;
    const members = forecasts.length;
    const logs = this.#logarithms;
    let at = 0;
    const losses = at16 + this.#place.losses;
    for (let from = losses; from < losses + discounts.length * members; from += members) {
      let ofLast = 0;
      for (let m = 0; m < members; m++) {
        const half = u16[from + m]!;
        const log = half < logs.length ? logs[half]! : logarithmOf(half);
        inputs[at++] = clip(log - ofLast, largestLogarithm);
        if (m === 0) ofLast = log;
      }
    }
    for (let m = 1; m < members; m++) {
      const away = forecasts[m]! - forecasts[0]!;
      const size = Math.abs(away) / (1 + Math.abs(away));
      inputs[at++] = away < 0 ? -size : size;
      inputs[at++] = size;
    }
    inputs[at++] = Math.min(logarithm(observed), mostValues) - middleValues;
    inputs[at] = inverseValues / observed;
  }

  /** The shares of the members: a softmax of linear functions of the inputs. */
  #share(): void {
    const inputs = this.#inputs;
    const woven = this.#woven;
    const shares = this.#shares;
    const members = this.#forecasts.length;
    for (let m = 0, at = 0; m < shares.length; m += abreast, at += abreast) {
      let first = 0;
      let second = 0;
      let third = 0;
      for (let i = 0; i < inputs.length; i++, at += abreast) {
        const input = inputs[i]!;
        first += woven[at]! * input;
        second += woven[at + 1]! * input;
        third += woven[at + 2]! * input;
      }
      shares[m] = first + woven[at]!;
      shares[m + 1] = second + woven[at + 1]!;
      shares[m + 2] = third + woven[at + 2]!;
    }
    let greatest = -Infinity;
    for (let m = 0; m < members; m++) if (shares[m]! > greatest) greatest = shares[m]!;
    let total = 0;
    for (let m = 0; m < members; m++) total += shares[m] = exponential(shares[m]! - greatest);
    for (let m = 0; m < members; m++) shares[m] = shares[m]! / total;
  }
}

/** Offsets in a key's singles, of the rule of the three rivals, and in its 16-bit numbers: the members' mean losses by discount. */
function placesOf(
  members: number,
): Readonly<Record<"losses" | "allowance" | "changes" | "f32" | "u16", number>> & MixtureRow["layout"] {
  const losses = discounts.length * members;
  return {
    forecasts: 0,
    regrets: rivals,
    squares: 2 * rivals,
    allowance: 3 * rivals,
    f32: 3 * rivals + 1,
    losses: 0,
    changes: losses,
    u16: losses + firstChanges,
  };
}
