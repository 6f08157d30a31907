/**
 * Exponential smoothing (Brown, 1959) at eleven rates at once, averaged by softmax of their discounted squared
 * errors. Levels are kept relative to the key's base: they stay exact in 32 bits however far from zero the values are.
 */
import { clip, exponential } from "../elementary.js";
import type { Expert } from "./expert.js";

const rates = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;
/** Share of a level that a value leaves. */
const kept = Float64Array.from(rates, (rate) => 1 - rate);
const discount = 0.99;
/** Largest squared error, in squared scales, that counts: one jump must not decide between the rates. */
const largestLoss = 25;
/** The forecast is cut here, in scaled changes: where a key moves after a rest all rates are trusted alike. */
const largestForecast = 20;

/** State: the levels relative to the base, then the discounted losses. */
export const smoothing: Expert = {
  name: "smoothing",
  stateSize: 2 * rates.length,

  forecast(state, at, input) {
    const losses = at + rates.length;
    let least = Infinity;
    for (let i = 0; i < rates.length; i++) {
      const loss = state[losses + i]!;
      if (loss < least) least = loss;
    }
    let total = 0;
    let level = 0;
    for (let i = 0; i < rates.length; i++) {
      const weight = exponential(-0.5 * (state[losses + i]! - least));
      total += weight;
      level += weight * state[at + i]!;
    }
    return clip(level / total / input.scale, largestForecast);
  },

  learn(state, at, change, { scale, spread }) {
    const unit = scale * spread;
    for (let i = 0; i < rates.length; i++) {
      const error = (change - state[at + i]!) / unit;
      const loss = at + rates.length + i;
      state[loss] = discount * state[loss]! + Math.min(error * error, largestLoss);
      state[at + i] = kept[i]! * (state[at + i]! - change);
    }
  },

  skip(state, at, change) {
    for (let i = 0; i < rates.length; i++) state[at + i] = state[at + i]! - change;
  },
};
