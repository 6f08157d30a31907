/**
 * A running median, by stochastic approximation (Robbins and Monro, 1951; Tierney, 1983): each value moves it by at most
 * a fixed share of a size. It is where a key is mostly, which is what to expect of one that rests between bursts. Kept
 * relative to the key's base, as the levels of smoothing are.
 *
 * There are two: one moves by the key's scale and finds a new place soon; the other moves by the typical distance of the
 * values from it, which spikes do not enlarge, and is as still as the values between the spikes. The one with the lower
 * discounted loss forecasts. At noisy hours both move less than at quiet ones, by the precision of what these tell.
 */
import { clip } from "../elementary.js";
import type { Expert } from "./expert.js";
import { discountedLoss, relativeTo } from "./losses.js";

/** The median moves by up to this many scales a value. */
const largestMove = 0.1;
/** The other one moves by up to this many typical distances, … */
const stillMove = 0.25;
/** … which follow the distances at this rate; a distance counts up to this many typical ones. */
const distanceRate = 0.02;
const largestDistance = 3;

/** The median above the base, in the unit of the values. */
export function medianAbove(state: Float32Array, at: number): number {
  const isStill = state[at + place.stillLoss]! < state[at + place.loss]!;
  return state[at + (isStill ? place.still : place.median)]!;
}

/** Offsets in the state. Both medians are relative to the base. */
const place = { median: 0, still: 1, distance: 2, loss: 3, stillLoss: 4 } as const;

export const median = {
  name: "median",
  stateSize: 5,

  forecast: (state, at, input) => medianAbove(state, at) / input.scale,

  relativeLoss: (state, at, losses) =>
    relativeTo(losses, Math.min(state[at + place.loss]!, state[at + place.stillLoss]!)),

  learn(state, at, change, { scale, spread, weight }) {
    const unit = scale * spread;
    const above = change - state[at + place.median]!;
    const aboveStill = change - state[at + place.still]!;
    const distance = state[at + place.distance]!;
    state[at + place.loss] = discountedLoss(state[at + place.loss]!, above / unit);
    state[at + place.stillLoss] = discountedLoss(state[at + place.stillLoss]!, aboveStill / unit);
    state[at + place.median] = clip(above, largestMove * weight * scale) - above;
    state[at + place.still] = clip(aboveStill, stillMove * weight * distance) - aboveStill;
    const counted =
      distance > 0 ? Math.min(Math.abs(aboveStill), largestDistance * distance) : Math.abs(aboveStill);
    state[at + place.distance] = distance + distanceRate * (counted - distance);
  },

  skip(state, at, change) {
    state[at + place.median] = state[at + place.median]! - change;
    state[at + place.still] = state[at + place.still]! - change;
  },
} as const satisfies Expert;
