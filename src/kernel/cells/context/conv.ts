/**
 * A causal convolution over the last n inputs (LeCun et al., 1989; in time, Waibel et al., 1989): filters of four
 * inputs in a row, F = tanh(K ∗ X + c) at every place, then a layer over all of them, h = tanh(F·D + b).
 * Plain reference: test/reference/context-cells.ts.
 */
import { tanh, tanhSlope } from "../../arithmetic";
import { addProducts, addRows, transpose } from "../matrix/dense";
import { addOuterProducts } from "../matrix/outer";
import { blockHidden } from "../memory/block";
import { gradients, weights } from "../memory/parameters";
import { gateGradientBytes, gateGradients, keptBytes, stateBytes } from "../memory/passes";
import { hidden, hiddenBytes, inputsBytes } from "../memory/shape";
import { beginHidden, context, finishHidden, hiddenBackward } from "./inputs";
import {
  blockKept, channelBiasAt, channelsBytes, denseAt, featuresBytes, patchBytes, places, transposed,
} from "./layout";

/** Transposes the layer for the backward pass. */
export function packConv(): void {
  transpose(weights + denseAt, hiddenBytes, <i32>(featuresBytes >> 2), hidden, transposed, featuresBytes);
}

/** F of one row: its places follow each other by one input, so that they are the rows of a product. */
function filter(context: usize, features: usize): void {
  for (let at: usize = 0; at < featuresBytes; at += channelsBytes) {
    memory.copy(features + at, weights + channelBiasAt, channelsBytes);
  }
  addProducts(
    places, context, inputsBytes, patchBytes, weights, channelsBytes, channelsBytes, features, channelsBytes,
  );
  for (let at: usize = 0; at < featuresBytes; at += 16) {
    v128.store(features + at, tanh(v128.load(features + at)));
  }
}

/** h of the rows of a block; F stays at `keep`, or at `blockKept` where that is 0. */
export function convForward(rows: i32, keep: usize): void {
  const features = keep == 0 ? blockKept : keep;
  for (let row = 0; row < rows; row++) filter(context(row), features + <usize>row * keptBytes);
  beginHidden(rows);
  addProducts(
    rows, features, keptBytes, featuresBytes, weights + denseAt, hiddenBytes, hiddenBytes, blockHidden,
    hiddenBytes,
  );
  finishHidden(rows);
}

/** Adds the gradients of one step of `count` windows, whose states after it are at `next`. */
export function convBackward(count: i32, next: usize, keep: usize): void {
  hiddenBackward(count, next);
  addOuterProducts(
    count, keep, keptBytes, featuresBytes, gateGradients, gateGradientBytes, hiddenBytes, gradients + denseAt,
    hiddenBytes,
  );
  const ofFeatures = gateGradients + hiddenBytes;
  for (let row: usize = 0; row < <usize>count; row++) {
    memory.fill(ofFeatures + row * gateGradientBytes, 0, featuresBytes);
  }
  addProducts(
    count, gateGradients, gateGradientBytes, hiddenBytes, transposed, featuresBytes, featuresBytes, ofFeatures,
    gateGradientBytes,
  );
  for (let row: usize = 0; row < <usize>count; row++) {
    const features = keep + row * keptBytes, gradient = ofFeatures + row * gateGradientBytes;
    for (let at: usize = 0; at < featuresBytes; at += 16) {
      const slope = tanhSlope(v128.load(features + at));
      v128.store(gradient + at, f32x4.mul(v128.load(gradient + at), slope));
    }
    addOuterProducts(
      places, next + row * stateBytes + hiddenBytes, inputsBytes, patchBytes, gradient, channelsBytes,
      channelsBytes, gradients, channelsBytes,
    );
    addRows(places, gradient, channelsBytes, channelsBytes, gradients + channelBiasAt);
  }
}
