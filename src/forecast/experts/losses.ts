/** Discounted losses, by which variants of an expert, and experts that may sleep, are compared. */
import type { ComparedLosses } from "./expert.js";

/** Discount of a loss per value: memory of 100 values. */
export const lossDiscount = 0.99;
/** An error counts up to this many scales: one jump must not decide. */
const largestError = 10;

/** Moves a discounted sum of absolute errors by an error in scales. */
export function discountedLoss(loss: number, error: number): number {
  return lossDiscount * loss + Math.min(Math.abs(error), largestError);
}

/** An expert that may sleep wakes where its loss is at most this share of that of the last value. */
const leastGain = 0.95;

/** A loss relative to the mixture's; Infinity where it is hardly lower than that of the last value. */
export function relativeTo({ ofMixture, ofLast }: ComparedLosses, loss: number): number {
  return loss <= leastGain * ofLast ? loss / ofMixture : Infinity;
}
