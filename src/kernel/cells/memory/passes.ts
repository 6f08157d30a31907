/**
 * What an update keeps between its forward and its backward pass, and the gradients of the step under way. Each cell's
 * layout sets the sizes of its rows.
 */
import { take } from "../../heap";
import { bpttSteps, bpttWindows, hiddenBytes } from "./shape";

/** One row of the slab: the hidden state, then the cell's other memory. */
export let stateBytes: usize = 0;
/** Activations of a row that the forward pass keeps for the backward pass. */
export let keptBytes: usize = 0;
/** Gradients of a row before the cell's activations. */
export let gateGradientBytes: usize = 0;
/** Gradients of a row's hidden state, filled up to 8 units. */
export let hiddenGradientBytes: usize = 0;

/** States [K + 1, B], kept activations [K, B], and read-outs, later their gradients [K, B]. */
export let trajectory: usize = 0;
export let kept: usize = 0;
export let errors: usize = 0;
/** Gradients of one step [B]. */
export let gateGradients: usize = 0;
export let hiddenGradients: usize = 0;

/** Sets the sizes of a row; part of a cell's layout. */
export function setRowSizes(state: usize, keptActivations: usize, gateGradient: usize): void {
  stateBytes = state;
  keptBytes = keptActivations;
  gateGradientBytes = gateGradient;
  hiddenGradientBytes = (hiddenBytes + 31) & ~(<usize>31);
}

/** Windows filled up to a multiple of 4: products of the backward pass take windows by fours. */
export function lanesOf(windows: i32): usize {
  return <usize>((windows + 3) & ~3);
}

export function layOutPasses(): void {
  const entries = <u64>bpttSteps * <u64>bpttWindows;
  const lanes = <u64>lanesOf(bpttWindows);
  trajectory = take(<u64>(bpttSteps + 1) * <u64>bpttWindows * stateBytes);
  kept = take(entries * keptBytes);
  errors = take(entries * 4);
  gateGradients = take(lanes * gateGradientBytes);
  hiddenGradients = take(lanes * hiddenGradientBytes);
}
