/**
 * The gate: a small learned model that mixes what a key's experts forecast, by their recent losses and by what they say now. It
 * was trained on synthetic series, with the initial weights that it is shipped with (`npm run pretrain`). Its forecast is one of
 * three in the mixture's own rule, beside the last value and today's mixture, so that the mixture's floor holds.
 */
import { discounts, Gates, rivals } from "../../engine/wasm/gates.js";
import { logarithm } from "../elementary.js";
import { hasOddValues } from "../keys/guard.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import type { SlabRows, SlabSizes } from "../keys/slabs.js";
import { toHalf } from "../encoding/halves.js";
import { areAlike, firstChanges, packChange, unpackChanges } from "./alike.js";
import type { Expert } from "./expert.js";

/** What a mean loss is at first counts for so many losses. */
const usualCount = 0.5;
/** Bound of the logarithm of the number of values, and what it is measured from. */
const mostValues = 8;
const middleValues = 4;
/** Weight of the inverse of the number of values: the first ones lie between 0 and 1. */
const inverseValues = 3;
/** Share of the error of repeating the last value that a key's forecasts may be worse by: in its first values, and from then on. */
const affordable = { first: 0.15, later: 0.01 } as const;
const firstValues = 30;
/** Values up to which all of a key's forecasts are limited so, and up to which those of the mixture are (docs/adr/0030). */
const youngUntil = 100;
const guardedUntil = 1000;

/** Experts that a gate mixes, where the forecaster has them, beside today's mixture of all. The last value is the first. */
const memberNames: ReadonlySet<string> = new Set([
  "persistence",
  "smoothing",
  "median",
  "recurrent",
  "regression",
  "seasonal",
]);

/** What a gate saw, and what came. */
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

/** How the panel mixed a pending forecast. */
export interface MixedWeights {
  /** The mixture's forecast, and the weights of the experts in it. */
  readonly forecast: number;
  readonly mixture: Float64Array;
  /** Share that one expert has alone, and the weights in the panel's forecast. */
  readonly lead: number;
  readonly weights: Float64Array;
}

/** Numbers of a key's row in a snapshot: those of the rivals, and the allowance; losses, and the first changes (`alike.ts`). */
const singles = 3 * rivals + 1;

export class Gate {
  /** Called with each value before anything is learned of it, by those who train a gate. */
  onLearn: ((example: GateExample) => void) | undefined;
  /** Indices of the experts among the members. */
  readonly #experts: readonly number[];
  readonly #lesson = { target: 0, spread: 1, soonest: 1, squared: false };
  /** A row keeps what limits a young key too: its allowance, and its first changes. */
  #gates: Gates | undefined;
  #weights: Float32Array | undefined;

  constructor(experts: readonly Expert[], squaredLoss: boolean) {
    this.#experts = experts.flatMap(({ name }, e) => (memberNames.has(name) ? [e] : []));
    this.#lesson.squared = squaredLoss;
  }

  /** Experts that are mixed, and today's mixture. */
  get members(): number {
    return this.#experts.length + 1;
  }

  /** Numbers that the gate looks at. */
  get inputs(): number {
    return discounts * this.members + 2 * (this.members - 1) + 2;
  }

  /** Numbers of a gate's weights: for each member one for each input, and a constant. */
  get size(): number {
    return (this.inputs + 1) * this.members;
  }

  /** Undefined where the model has no gate. Keys that it has already need `reserve`. */
  get weights(): Float32Array | undefined {
    return this.#weights;
  }

  set weights(weights: Float32Array | undefined) {
    this.#weights = weights;
    if (weights === undefined) this.clear();
    else this.#made().weights = weights;
  }

  /** Whether forecasts of young keys are mixed. What a gate learns must not change with the guard of such keys. */
  get mixesYoung(): boolean {
    return this.#weights !== undefined && this.onLearn === undefined;
  }

  get bytes(): number {
    return this.#gates?.bytes ?? 0;
  }

  get bytesPerKey(): number {
    return 4 * (this.#gates?.rowSize ?? 0);
  }

  /** Makes room for the rows of `keys` keys, with a gate of these weights. Throws MEMORY_EXHAUSTED. */
  reserve(keys: number, weights = this.#weights): void {
    if (weights !== undefined) this.#made().reserve(keys);
  }

  #made(): Gates {
    return (this.#gates ??= new Gates(this.members, firstChanges));
  }

  /** Gives the memory back. */
  clear(): void {
    this.#gates?.dispose();
    this.#gates = undefined;
  }

  /** Numbers of a key's row in snapshots. */
  get sizes(): SlabSizes {
    return { f64: 0, f32: singles, u16: discounts * this.members + firstChanges };
  }

  /** Numbers of a key's row in snapshots of release candidates: losses and changes were singles, and the forecast was kept. */
  get formerSizes(): SlabSizes {
    const { f32, u16 } = this.sizes;
    return { f64: 0, f32: u16 + f32 + 1, u16: 0 };
  }

  /** Returns a key's row for a snapshot. */
  read(slot: number): SlabRows {
    const { rivals, losses, single, owned } = this.#gates!.readRow(slot);
    return {
      f64: new Float64Array(0),
      f32: Float32Array.of(...rivals, single),
      u16: Uint16Array.of(...losses, ...owned),
    };
  }

  /** Writes a key's row of a snapshot. */
  write(slot: number, rows: SlabRows): void {
    const { f32, u16 } = rows.u16.length > 0 ? rows : this.#fromFormer(rows.f32);
    const losses = u16.length - firstChanges;
    this.#gates!.writeRow(slot, {
      rivals: f32.subarray(0, singles - 1),
      single: f32[singles - 1]!,
      losses: u16.subarray(0, losses),
      owned: u16.subarray(losses),
    });
  }

  #fromFormer(former: Float32Array): SlabRows {
    const losses = former.subarray(0, discounts * this.members);
    const rule = former.subarray(losses.length, losses.length + singles - 1);
    const changes = former.subarray(former.length - firstChanges);
    const allowance = former[former.length - firstChanges - 1]!;
    return {
      f64: new Float64Array(0),
      f32: Float32Array.of(...rule, allowance),
      u16: Uint16Array.of(...[...losses].map(toHalf), ...[...changes].map(packChange)),
    };
  }

  /** The key of a slot begins, or begins anew. */
  start(slot: number): void {
    this.#gates?.start(slot);
  }

  /**
   * Moves the pending forecast of a key, a scaled change, from the mixture's to the gate's, but for the share `lead` that one
   * expert has alone.
   */
  forecast(key: KeyRow, mixture: number, lead: number): void {
    const gates = this.#gates;
    if (gates === undefined) return;
    const { f32, at32, layout, slot } = key;
    const observed = key.f64[key.at64 + number.observed]!;
    this.#say(gates, key, mixture);
    const panel = f32[at32 + layout.mixture]!;
    const whole = gates.forecast(slot, panel, sizeOf(observed), inverseValues / observed);
    if (startsAlike(gates, key, observed)) f32[at32 + layout.mixture] = whole + lead * (panel - whole);
  }

  /** Turns the weights of the panel's forecast to those of the pending one. */
  fold(key: KeyRow, { forecast, mixture, lead, weights }: MixedWeights): void {
    const gates = this.#gates;
    if (gates === undefined) return;
    const { slot } = key;
    const observed = key.f64[key.at64 + number.observed]!;
    if (!startsAlike(gates, key, observed)) return;
    this.#say(gates, key, forecast);
    gates.look(slot, sizeOf(observed), inverseValues / observed);
    gates.whole(slot);
    const shares = summingToOne(gates.buffers.shares);
    const [ofLast, ofPanel, ofGate] = summingToOne(gates.buffers.trust) as [number, number, number];
    const rest = 1 - lead;
    const whole = rest * ofGate * shares[this.#experts.length]!;
    for (let e = 0; e < weights.length; e++)
      weights[e] = (lead + rest * ofPanel) * weights[e]! + whole * mixture[e]!;
    const [first] = this.#experts;
    weights[first!] = weights[first!]! + rest * ofLast;
    this.#experts.forEach((e, m) => (weights[e] = weights[e]! + rest * ofGate * shares[m]!));
  }

  /** Learns from an observed value. The experts must not have learned from it yet; `observed` counts it. */
  learn(key: KeyRow, { target, mixture, moved, spread }: GatedValue): void {
    const gates = this.#gates;
    if (gates === undefined) return;
    const { slot } = key;
    const observed = key.f64[key.at64 + number.observed]! - 1;
    this.#say(gates, key, mixture);
    if (this.onLearn !== undefined) this.#tell(gates, slot, observed, target);
    if (observed <= firstChanges) gates.keep(slot, observed - 1, packChange(moved));
    const lesson = this.#lesson;
    lesson.target = target;
    lesson.spread = spread;
    lesson.soonest = 1 / (observed + usualCount);
    gates.learn(slot, lesson);
  }

  /** Gives what a gate would learn from a value to those who train one. */
  #tell(gates: Gates, slot: number, observed: number, target: number): void {
    const inputs = new Float64Array(this.inputs);
    gates.look(slot, sizeOf(observed), inverseValues / observed);
    gates.readInputs(inputs);
    const forecasts = Float64Array.from(gates.buffers.said.subarray(0, this.members));
    this.onLearn!({ slot, observed, inputs, forecasts, target });
  }

  /**
   * How far the forecast of a key may lie from its last value: as far as its forecasts have been better than that value so far, and
   * a share of that value's errors. So their errors are never worse in sum by more than that share.
   */
  allowance(key: KeyRow): number {
    if (!this.isGuarded(key)) return Infinity;
    return Math.max(0, this.#gates!.single(key.slot));
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
    const gates = this.#gates!;
    const share = key.f64[key.at64 + number.observed]! < firstValues ? affordable.first : affordable.later;
    gates.keepSingle(key.slot, gates.single(key.slot) + (1 + share) * errorOfLast - error);
  }

  /** Fills in what the members forecast. */
  #say(gates: Gates, { f32, at32, layout }: KeyRow, mixture: number): void {
    const { said } = gates.buffers;
    const experts = this.#experts;
    const forecasts = at32 + layout.forecasts;
    for (let m = 0; m < experts.length; m++) said[m] = f32[forecasts + experts[m]!]!;
    said[experts.length] = mixture;
  }
}

/** Whether the first values of a key are of one size. Among several odd ones, those that were believed may be odd too. */
function startsAlike(gates: Gates, key: KeyRow, observed: number): boolean {
  if (observed > firstChanges + 1) return true;
  return !hasOddValues(key) && areAlike(unpackChanges(gates.owned(key.slot)), observed);
}

/** Weights in 32 bits sum to 1 to their last digits alone. */
function summingToOne(weights: Float32Array): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Array.from(weights, (weight) => weight / sum);
}

/** The number of a key's values as a gate sees it. */
function sizeOf(observed: number): number {
  return Math.min(logarithm(observed), mostValues) - middleValues;
}
