/** The expert of a key's seasons: repeats what `seasons/` forecasts, and sleeps where no season is believed. */
import type { Expert } from "./expert.js";

/** Offsets in the state: the forecast above the base, in the unit of the values, and the loss relative to the mixture's. */
const place = { above: 0, relativeLoss: 1 } as const;
/** A relative loss that keeps the expert asleep. */
const asleep = 1e9;

export const periodic = {
  name: "periodic",
  stateSize: 2,
  forecast: (state, at, input) => state[at + place.above]! / input.scale,
  relativeLoss: (state, at) => state[at + place.relativeLoss]!,

  /** Takes the forecast of the next value. */
  tell(state: Float32Array, at: number, above: number, relativeLoss: number): void {
    state[at + place.above] = above;
    state[at + place.relativeLoss] = Math.min(relativeLoss, asleep);
  },

  /** There is no season to forecast from. */
  forget(state: Float32Array, at: number): void {
    state[at + place.above] = 0;
    state[at + place.relativeLoss] = asleep;
  },
} as const satisfies Expert & Record<"tell" | "forget", unknown>;
