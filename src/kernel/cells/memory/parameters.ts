/** The weights of the cell and its read-out, Adam's moments and the gradients: four arrays with the same offsets. */
import { take } from "../../heap";
import { hiddenBytes, skipsBytes } from "./shape";

export let parametersBytes: usize = 0;

/** Offsets of the read-out's tensors: weights of the hidden units [H] and of the skips [S], and the offset [1]. */
export let readoutAt: usize = 0;
export let skipAt: usize = 0;
export let offsetAt: usize = 0;

export let weights: usize = 0;
export let firstMoments: usize = 0;
export let secondMoments: usize = 0;
export let gradients: usize = 0;

/** Places the read-out after the cell's weights. Returns its end, rounded up to a multiple of 16 bytes. */
export function placeReadout(cellBytes: usize): usize {
  readoutAt = cellBytes;
  skipAt = readoutAt + hiddenBytes;
  offsetAt = skipAt + skipsBytes;
  return (offsetAt + 4 + 15) & ~(<usize>15);
}

export function layOutParameters(bytes: usize): void {
  parametersBytes = bytes;
  weights = take(bytes);
  firstMoments = take(bytes);
  secondMoments = take(bytes);
  gradients = take(bytes);
}
