/**
 * The grid that a key's values lie on: counts are whole, and a sensor has steps. The best forecast by the absolute error is
 * one of the possible values, which no average of experts is. The forecast is moved to the nearest one while that serves no
 * worse. Values without a grid have one too fine to be noticed.
 */
import { learnLoss } from "./atoms.js";
import { gridSingles, number } from "./layout.js";
import type { KeyRow } from "./row.js";

/** Two values this close, relative to their size, are the same: their difference may have lost its last digits. */
const resolution = 1e-14;
/** Steps from one value to another from which a grid is too fine to be one: more than a 64-bit number counts exactly. */
const finest = 2 ** 53;

/** Offsets behind `layout.grid`. */
const lossOfNearest = 0;
const lossOfMixture = 1;

/** Sets a new key's grid, which is unknown. */
export function startGrid({ f64, at64, f32, at32, layout }: KeyRow): void {
  f64[at64 + number.grid] = 0;
  f32.fill(0, at32 + layout.grid, at32 + layout.grid + gridSingles);
}

/** The possible value nearest to `mixture`, counted from the last value, or `mixture` where that serves better. */
export function nearestOr(key: KeyRow, mixture: number): number {
  const step = gridOf(key);
  return step > 0 ? nearestOn(step, key.f64[key.at64 + number.held]!, mixture) : mixture;
}

/** The step of the grid that forecasts are moved to; 0 where they stay as they are. */
export function gridOf({ f64, at64, f32, at32, layout }: KeyRow): number {
  const at = at32 + layout.grid;
  return f32[at + lossOfNearest]! <= f32[at + lossOfMixture]! ? f64[at64 + number.grid]! : 0;
}

/** Takes an observed value, `held` being the one before, where `mixture` was the forecast of the experts. */
export function learnGrid(key: KeyRow, value: number, mixture: number): void {
  const { f64, at64, f32, at32, layout } = key;
  const step = f64[at64 + number.grid]!;
  const held = f64[at64 + number.held]!;
  if (step > 0) {
    const at = at32 + layout.grid;
    learnLoss(f32, at + lossOfNearest, Math.abs(value - nearestOn(step, held, mixture)) / step);
    learnLoss(f32, at + lossOfMixture, Math.abs(value - mixture) / step);
  }
  const least = resolution * (Math.abs(value) + Math.abs(held));
  let rest = Math.abs(value - held);
  // Euclid's algorithm, a step of it for each value: the grid becomes the greatest common measure of the changes.
  if (step > 0) rest = rest / step < finest ? Math.abs(rest - step * Math.round(rest / step)) : 0;
  if (rest > least) f64[at64 + number.grid] = rest;
}

/** The value nearest to `mixture` that lies on the grid of this step around `held`. */
export function nearestOn(step: number, held: number, mixture: number): number {
  const steps = (mixture - held) / step;
  return Math.abs(steps) < finest ? held + step * Math.round(steps) : mixture;
}
