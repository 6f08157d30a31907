/**
 * A running median, by stochastic approximation (Robbins and Monro, 1951; Tierney, 1983): each value moves it by at most
 * a fixed share of the key's scale. It is where a key is mostly, which is what to expect of one that rests between
 * bursts. Kept relative to the key's base, as the levels of smoothing are.
 */
import { clip } from "../elementary.js";
import type { Expert } from "./expert.js";

/** The median moves by up to this many scales a value. */
const largestMove = 0.1;

/** How far the median moves towards a value that lies `above` it, in the unit of the values. */
export function medianMove(above: number, scale: number): number {
  return clip(above, largestMove * scale);
}

/** State: the median relative to the base. */
export const median: Expert = {
  name: "median",
  stateSize: 1,

  forecast: (state, at, input) => state[at]! / input.scale,

  learn(state, at, change, scale) {
    const above = change - state[at]!;
    state[at] = medianMove(above, scale) - above;
  },

  skip(state, at, change) {
    state[at] = state[at]! - change;
  },
};
