/**
 * Values that a key has again and again: its last one, where it rests, and its most frequent one. Where more than half of
 * the values are the same, that value is their median, to the last digit, which no average of experts is. It is the
 * forecast while it forecasts no worse than the experts do, and intervals never exclude it.
 */
import { atomSingles, number } from "./layout.js";
import type { KeyRow } from "./row.js";

/** Slowest rates at which the shares are followed: over some hundred values, and over some twenty. */
const shareRate = 0.01;
const recentRate = 0.05;
/** Share above which a value is the median. */
const majority = 0.5;
/** The most frequent value gives way to one that repeats once its share is below this; the new one begins with that. */
const yields = 0.25;
/** Discount of the losses of a possible value and of the mixture, and the largest loss that counts, in moves or steps of the grid. */
const lossDiscount = 0.98;
const largestLoss = 20;
/** Shares this close say nothing of which is greater: what became of other values decides, followed at this rate. */
const alike = 0.02;
const returnRate = 0.1;
/** A forecast this close to the frequent value, in moves, is it. */
const closeTo = 0.05;

/** Offsets behind `layout.atoms`. */
const repeats = 0;
const recentRepeats = 1;
const modes = 2;
const lossOfAtom = 3;
const lossOfMixture = 4;
/** After another value than the frequent one: 1 where the frequent one has come back at once, -1 where the other has stayed. */
const returns = 5;

/** Sets a new key's most frequent value: its first. */
export function startAtoms({ f64, at64, f32, at32, layout }: KeyRow, value: number): void {
  f32.fill(0, at32 + layout.atoms, at32 + layout.atoms + atomSingles);
  f64[at64 + number.mode] = value;
  f32[at32 + layout.atoms + modes] = 1;
}

/** The value that more than half of the key's next values are, as far as its shares tell; NaN where there is none. */
export function atomOf({ f64, at64, f32, at32, layout }: KeyRow): number {
  const ofRepeats = f32[at32 + layout.atoms + repeats]!;
  const ofMode = f32[at32 + layout.atoms + modes]!;
  if (Math.max(ofRepeats, ofMode) <= majority) return NaN;
  return f64[
    at64 + (isOfMode(ofRepeats, ofMode, f32[at32 + layout.atoms + returns]!) ? number.mode : number.held)
  ]!;
}

/** Whether the key's most frequent value is to be expected, and not its last one. */
function isOfMode(ofRepeats: number, ofMode: number, ofReturns: number): boolean {
  return Math.abs(ofRepeats - ofMode) > alike ? ofMode > ofRepeats : ofReturns >= 0;
}

/** How often the key's next value is another than `atomOf`: the greater of what many and few of its values tell. */
export function rateOfOthers({ f64, at64, f32, at32, layout }: KeyRow): number {
  const at = at32 + layout.atoms;
  const unknown = 1 / (f64[at64 + number.observed]! + 1);
  const byRepeats = 1 - Math.min(f32[at + repeats]!, f32[at + recentRepeats]!);
  const ofMode = isOfMode(f32[at + repeats]!, f32[at + modes]!, f32[at + returns]!);
  return unknown + (ofMode ? 1 - f32[at + modes]! : byRepeats);
}

/** The forecast of a key's next value: its frequent value, where that serves no worse than `mixture` or is all but it. */
export function usualOr(key: KeyRow, mixture: number, scale: number): number {
  const { f32, at32, layout } = key;
  const atom = atomOf(key);
  if (Number.isNaN(atom)) return mixture;
  const at = at32 + layout.atoms;
  const serves = f32[at + lossOfAtom]! <= f32[at + lossOfMixture]!;
  return serves || Math.abs(atom - mixture) < closeTo * unit(key, scale) ? atom : mixture;
}

/** The forecast of the value `step` steps ahead: a repeat lasts that long only where repeats are frequent enough. */
export function usualAhead(key: KeyRow, mixture: number, scale: number, step: number): number {
  const { f64, at64, f32, at32, layout } = key;
  const atom = atomOf(key);
  if (Number.isNaN(atom) || Number.isNaN(mixture)) return mixture;
  const at = at32 + layout.atoms;
  const serves = f32[at + lossOfAtom]! <= f32[at + lossOfMixture]!;
  const lasts = atom === f64[at64 + number.mode]! || 1 - step * (1 - f32[at + repeats]!) > majority;
  return (serves && lasts) || Math.abs(atom - mixture) < closeTo * unit(key, scale) ? atom : mixture;
}

/** Takes an observed value, which is counted already, where `mixture` was the forecast of the experts. */
export function learnAtoms(key: KeyRow, value: number, mixture: number, scale: number): void {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.atoms;
  const atom = atomOf(key);
  if (!Number.isNaN(atom)) {
    const size = unit(key, scale);
    learnLoss(f32, at + lossOfAtom, Math.abs(value - atom) / size);
    learnLoss(f32, at + lossOfMixture, Math.abs(value - mixture) / size);
  }
  const held = f64[at64 + number.held]!;
  const mode = f64[at64 + number.mode]!;
  if (held !== mode && (value === held || value === mode)) {
    f32[at + returns] = f32[at + returns]! + returnRate * ((value === mode ? 1 : -1) - f32[at + returns]!);
  }
  const observed = f64[at64 + number.observed]!;
  const rate = Math.max(1 / (observed - 1), shareRate);
  const isRepeat = value === f64[at64 + number.held]! ? 1 : 0;
  f32[at + repeats] = f32[at + repeats]! + rate * (isRepeat - f32[at + repeats]!);
  const recent = Math.max(1 / (observed - 1), recentRate);
  f32[at + recentRepeats] = f32[at + recentRepeats]! + recent * (isRepeat - f32[at + recentRepeats]!);
  const isMode = value === f64[at64 + number.mode]! ? 1 : 0;
  f32[at + modes] = f32[at + modes]! + Math.max(1 / observed, shareRate) * (isMode - f32[at + modes]!);
  if (isRepeat === 1 && isMode === 0 && f32[at + modes]! < yields) {
    f64[at64 + number.mode] = value;
    f32[at + modes] = yields;
  }
}

/** The size of a move: the scale of a key that rests shrinks, that of its errors does not. */
function unit({ f64, at64 }: KeyRow, scale: number): number {
  return Math.max(scale, Math.sqrt(f64[at64 + number.squaredError]!));
}

/** Adds a loss to the discounted sum at `f32[at]`. */
export function learnLoss(f32: Float32Array, at: number, loss: number): void {
  f32[at] = lossDiscount * f32[at]! + Math.min(loss, largestLoss);
}
