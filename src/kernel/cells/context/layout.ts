/**
 * The layout of the cells that see their last n inputs instead of a hidden state: window, conv and attention. n is the
 * number of steps of a window of learning.
 */
import { take } from "../../heap";
import { BLOCK } from "../memory/block";
import { keptBytes, setRowSizes } from "../memory/passes";
import { bpttSteps, cell, CONV, hidden, hiddenBytes, inputs, inputsBytes, WINDOW } from "../memory/shape";

/** Longest filter of conv, in inputs; a filter is shorter where n is. */
const FILTER: i32 = 4;

/** The last n inputs of a row, the oldest first. */
export let contextBytes: usize = 0;

/** conv: the inputs that a filter sees, the places that a filter is applied at, the filters, and all their outputs. */
export let patchBytes: usize = 0;
export let places: i32 = 0;
export let channelsBytes: usize = 0;
export let featuresBytes: usize = 0;

/** attention: a share for each of the n inputs, and a weighted mean of the inputs, both filled up to fours. */
export let sharesBytes: usize = 0;
export let mixBytes: usize = 0;
/** attention: a row of the kernel, whose columns are queries, keys, values and the input's own part. */
export let projectionsBytes: usize = 0;

/** Offsets of the weights: conv's filter biases and dense layer, attention's biases of the lags, and the bias of h. */
export let channelBiasAt: usize = 0;
export let denseAt: usize = 0;
export let lagsAt: usize = 0;
export let biasAt: usize = 0;

/** Transposed matrices: conv's dense layer; attention's keys and values. */
export let transposed: usize = 0;

/** Of a block: the last n inputs of each row, and the kept activations if no backward pass follows. */
export let blockContext: usize = 0;
export let blockKept: usize = 0;
/** attention: the mixes of a block, and the scores of one row. */
export let blockMix: usize = 0;
export let rowScores: usize = 0;

/** Measures the cell. Returns the bytes of its weights. */
export function measureContext(): usize {
  const filter = min(FILTER, bpttSteps);
  contextBytes = <usize>bpttSteps * inputsBytes;
  patchBytes = <usize>filter * inputsBytes;
  places = bpttSteps - filter + 1;
  channelsBytes = ((hiddenBytes >> 2) + 15) & ~(<usize>15);
  featuresBytes = <usize>places * channelsBytes;
  sharesBytes = ((<usize>bpttSteps << 2) + 15) & ~(<usize>15);
  mixBytes = (inputsBytes + 15) & ~(<usize>15);
  projectionsBytes = 4 * hiddenBytes;
  const state = hiddenBytes + ((contextBytes + 15) & ~(<usize>15));
  if (cell == WINDOW) {
    setRowSizes(state, 0, hiddenBytes);
    biasAt = (contextBytes >> 2) * hiddenBytes;
  } else if (cell == CONV) {
    // Gradients of h, then of the filters' outputs.
    setRowSizes(state, featuresBytes, hiddenBytes + featuresBytes);
    channelBiasAt = (patchBytes >> 2) * channelsBytes;
    denseAt = channelBiasAt + channelsBytes;
    biasAt = denseAt + (featuresBytes >> 2) * hiddenBytes;
  } else {
    // Kept are query, shares and mix; gradients are those of h, query and mix.
    setRowSizes(state, hiddenBytes + sharesBytes + mixBytes, 2 * hiddenBytes + mixBytes);
    lagsAt = <usize>inputs * projectionsBytes;
    biasAt = lagsAt + (<usize>bpttSteps << 2);
  }
  return biasAt + hiddenBytes;
}

export function layOutContext(): void {
  const column: usize = cell == WINDOW ? <usize>0 : cell == CONV ? featuresBytes : 2 * mixBytes;
  transposed = take(<u64>hidden * column);
  blockContext = take(<u64>BLOCK * contextBytes);
  blockKept = take(<u64>BLOCK * keptBytes);
  blockMix = take(<u64>BLOCK * mixBytes);
  rowScores = take(sharesBytes);
}
