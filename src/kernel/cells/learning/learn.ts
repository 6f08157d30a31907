/**
 * One update by truncated back-propagation through time (Werbos, 1990): windows forward, Huber loss or cross-entropy,
 * windows backward, one Adam step.
 * Plain references: the gradients of test/reference/cells.ts, context-cells.ts and symbols.ts.
 */
import { mad } from "../../arithmetic";
import { rowAt } from "../../slab";
import { contextBackward } from "../context/cell";
import { forwardBlock } from "../forward";
import { BLOCK, setRow } from "../memory/block";
import { gradients, offsetAt, parametersBytes, readoutAt, skipAt, weights } from "../memory/parameters";
import {
  errors, gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients, kept, keptBytes, lanesOf,
  stateBytes, trajectory,
} from "../memory/passes";
import {
  bpttSteps, bpttWindows, hiddenBytes, inputsBytes, isRecurrent, skipsBytes, symbols, symbolsBytes,
} from "../memory/shape";
import {
  windowInputs, windowObserved, windowSkips, windowStates, windowSymbols, windowTargets,
} from "../memory/windows";
import { pack } from "../pack";
import { beginRecurrentBackward, recurrentBackward } from "../recurrent/cell";
import { addRecurrentGradients } from "../recurrent/recurrent-gradients";
import { scoreGradients } from "../symbols/layout";
import {
  crossEntropy, embed, embeddingsBackward, symbolsBackward, transposeSymbols,
} from "../symbols/symbols";
import { adam, norm } from "./adam";

/** Norm of the last update's gradient before clipping. */
export let gradientNorm: f64 = 0;

/** Address of the states of all windows before a step. */
// @ts-ignore: decorator
@inline
function statesBefore(step: i32): usize {
  return trajectory + <usize>step * <usize>bpttWindows * stateBytes;
}

/** Index of a step's first entry in the buffers of the windows. */
// @ts-ignore: decorator
@inline
function firstOf(step: i32): usize {
  return <usize>step * <usize>bpttWindows;
}

/** Address of the gradients of a step's scores. */
// @ts-ignore: decorator
@inline
function scoresOf(step: i32): usize {
  return scoreGradients + firstOf(step) * symbolsBytes;
}

/** Takes all windows through one step and leaves the read-outs in `errors`. */
function forwardStep(step: i32, count: i32): void {
  if (symbols > 0) {
    embed(count, windowSymbols + (firstOf(step) << 2), windowInputs + firstOf(step) * inputsBytes);
  }
  for (let first = 0; first < count; first += BLOCK) {
    const rows = min(BLOCK, count - first);
    for (let row = 0; row < rows; row++) {
      const state = <usize>(first + row) * stateBytes;
      setRow(row, statesBefore(step) + state, statesBefore(step + 1) + state);
    }
    const at = firstOf(step) + <usize>first;
    forwardBlock(
      rows, windowInputs + at * inputsBytes, windowSkips + at * skipsBytes, errors + (at << 2), kept +
      at * keptBytes,
    );
  }
}

/** Turns the read-outs of a step into gradients of the mean loss and returns the sum of the losses. */
function lossOfStep(step: i32, count: i32, huber: f32): f64 {
  const share = <f32>1 / <f32>(bpttSteps * count);
  if (symbols > 0) {
    const at = firstOf(step) << 2;
    return crossEntropy(
      count, statesBefore(step + 1), windowTargets + at, windowObserved + at, share, scoresOf(step),
    );
  }
  let sum: f64 = 0;
  for (let row = 0; row < count; row++) {
    const at = (firstOf(step) + row) << 2;
    if (load<f32>(windowObserved + at) == 0) {
      store<f32>(errors + at, 0);
      continue;
    }
    const error = load<f32>(errors + at) - load<f32>(windowTargets + at);
    const clipped = max(-huber, min(huber, error));
    // ½ e² inside, huber (|e| − ½ huber) outside: both are this.
    sum += <f64>clipped * (<f64>error - 0.5 * <f64>clipped);
    store<f32>(errors + at, clipped * share);
  }
  return sum;
}

/** From the gradients of a step's read-outs to those of offset, skip and read-out weights and the new hidden states. */
function readoutBackward(step: i32, count: i32): void {
  const error = errors + (firstOf(step) << 2);
  const next = statesBefore(step + 1);
  const skips = windowSkips + firstOf(step) * skipsBytes;
  let offset: f32 = load<f32>(gradients + offsetAt);
  for (let row: usize = 0; row < <usize>count; row++) {
    const value = load<f32>(error + (row << 2));
    if (value == 0) continue;
    const splat = f32x4.splat(value);
    offset += value;
    for (let at: usize = 0; at < skipsBytes; at += 16) {
      const gradient = gradients + skipAt + at;
      v128.store(gradient, mad(splat, v128.load(skips + row * skipsBytes + at), v128.load(gradient)));
    }
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
      const gradient = gradients + readoutAt + unit;
      v128.store(gradient, mad(splat, v128.load(next + row * stateBytes + unit), v128.load(gradient)));
      const hidden = hiddenGradients + row * hiddenGradientBytes + unit;
      v128.store(hidden, mad(splat, v128.load(weights + readoutAt + unit), v128.load(hidden)));
    }
  }
  store<f32>(gradients + offsetAt, offset);
}

/** One step back: adds to the gradients of all weights; leaves those of the states before the step. */
function backwardStep(step: i32, count: i32): void {
  const next = statesBefore(step + 1);
  const keep = kept + firstOf(step) * keptBytes;
  if (symbols > 0) symbolsBackward(count, scoresOf(step), next);
  else readoutBackward(step, count);
  if (!isRecurrent) {
    // No gradient passes from step to step.
    contextBackward(count, next, keep);
    return;
  }
  recurrentBackward(count, windowInputs + firstOf(step) * inputsBytes, statesBefore(step), next, keep);
  if (symbols > 0) embeddingsBackward(count, windowSymbols + (firstOf(step) << 2));
  if (step > 0) addRecurrentGradients(count);
}

function forward(count: i32, huber: f32): f64 {
  for (let row = 0; row < count; row++) {
    const state = rowAt(load<i32>(windowStates + (<usize>row << 2)));
    memory.copy(trajectory + <usize>row * stateBytes, state, stateBytes);
  }
  let sum: f64 = 0;
  for (let step = 0; step < bpttSteps; step++) {
    forwardStep(step, count);
    sum += lossOfStep(step, count, huber);
  }
  return sum / <f64>(bpttSteps * count);
}

function backward(count: i32): void {
  // Up to three rows after the last window take part in products: their gate gradients are zero.
  const lanes = lanesOf(count);
  memory.fill(gateGradients, 0, lanes * gateGradientBytes);
  memory.fill(hiddenGradients, 0, lanes * hiddenGradientBytes);
  memory.fill(gradients, 0, parametersBytes);
  if (isRecurrent) beginRecurrentBackward(lanes);
  if (symbols > 0) transposeSymbols();
  for (let step = bpttSteps - 1; step >= 0; step--) backwardStep(step, count);
}

/**
 * One update from the first `count` windows. Returns the mean loss; `gradientNorm` tells the norm. Where loss or
 * gradient is not finite, the weights and moments stay as they are and the loss is NaN.
 */
export function learn(count: i32, rate: f32, clip: f32, huber: f32): f64 {
  const loss = forward(count, huber);
  backward(count);
  gradientNorm = norm();
  if (!isFinite(loss) || !isFinite(gradientNorm)) return NaN;
  adam(rate, gradientNorm > clip ? <f32>(<f64>clip / gradientNorm) : 1);
  pack();
  return loss;
}
