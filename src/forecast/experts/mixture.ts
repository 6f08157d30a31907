/**
 * The mixture of a key's experts: exponentiated gradient on linearised losses with a second-order correction and a
 * learning rate for each expert (after Koolen and van Erven, Squint, 2015, and Wintenberger, BOA, 2017), discounted
 * so that it follows change, with a fixed share for each expert (Herbster and Warmuth, 1998).
 */
import { clip, exponential } from "../elementary.js";
import type { SinglesRow } from "../keys/row.js";

/** Singles that a mixture keeps, and where: the forecasts of its experts, its regrets of each, and their squares. */
export interface MixtureRow extends SinglesRow {
  readonly layout: Readonly<Record<"forecasts" | "regrets" | "squares", number>>;
}

/** Share of the whole weight that all experts have alike, whatever they forecast. */
export const share = 0.001;
/** Discount of regrets per observation. */
const discount = 0.998;
/** Regret of all but the trusted expert where the mixture starts again. */
const regretOfOthers = 2;
/** Width, in scales, in which the gradient of the absolute loss turns from -1 to 1. */
const absoluteWidth = 0.001;
/** Where the gradient of the squared loss and an expert's distance from the mixture are clipped, in scales. */
export const largestDistance = 5;

/** Of each expert the root of 1 and the sum of its squares; `asleep` has a bit for each of 32 experts at most. */
const roots = new Float64Array(32);

/**
 * Writes the weights of the key's experts, which sum to 1, to `weights`. Experts whose bit is set in `asleep` have the
 * weight 0.
 */
export function mixtureWeights(
  { f32, at32, layout }: MixtureRow,
  asleep: number,
  weights: Float64Array,
): void {
  const experts = weights.length;
  const regrets = at32 + layout.regrets;
  const squares = at32 + layout.squares;
  let greatest = -Infinity;
  let awake = 0;
  for (let e = 0; e < experts; e++) {
    if (isAsleep(asleep, e)) continue;
    awake++;
    const square = f32[squares + e]!;
    const root = Math.sqrt(square + 1);
    const rate = 1 / root;
    roots[e] = root;
    const exponent = -rate * f32[regrets + e]! - rate * rate * square;
    weights[e] = exponent;
    if (exponent > greatest) greatest = exponent;
  }
  let total = 0;
  for (let e = 0; e < experts; e++) {
    if (isAsleep(asleep, e)) continue;
    const weight = exponential(weights[e]! - greatest) / roots[e]!;
    weights[e] = weight;
    total += weight;
  }
  for (let e = 0; e < experts; e++) {
    weights[e] = isAsleep(asleep, e) ? 0 : ((1 - share) * weights[e]!) / total + share / awake;
  }
}

/** Whether the bit of an expert is set. */
function isAsleep(asleep: number, expert: number): boolean {
  return ((asleep >> expert) & 1) === 1;
}

/** Forgets how the experts did. Expert `trusted` counts e² times as much as each other one, until they have earned it. */
export function restartMixture({ f32, at32, layout }: MixtureRow, experts: number, trusted: number): void {
  f32.fill(regretOfOthers, at32 + layout.regrets, at32 + layout.regrets + experts);
  f32[at32 + layout.regrets + trusted] = 0;
  f32.fill(0, at32 + layout.squares, at32 + layout.squares + experts);
}

/** Moves the regrets of the experts by the gradient of the loss at the forecast `mixture`, in scales. */
export function learnMixture(
  { f32, at32, layout }: MixtureRow,
  experts: number,
  mixture: number,
  gradient: number,
): void {
  for (let e = 0; e < experts; e++) {
    const loss = gradient * clip(f32[at32 + layout.forecasts + e]! - mixture, largestDistance);
    const regret = at32 + layout.regrets + e;
    const square = at32 + layout.squares + e;
    f32[regret] = discount * f32[regret]! + loss;
    f32[square] = discount * f32[square]! + loss * loss;
  }
}

/** Gradient of the loss at an error in scales: of its square, or of its size. */
export function lossGradient(error: number, squaredLoss: boolean): number {
  return squaredLoss ? 2 * clip(error, largestDistance) : clip(error / absoluteWidth, 1);
}
