/**
 * The memory of the kernel: the shape it is built for, the address of every buffer, and the slab of states at the end.
 * All addresses and all sizes that end in `Bytes` count bytes; all floats are 32-bit.
 */
import {
  contextBytes, contextGradientBytes, hasContext, keptContextBytes, measureContext, mixBytes, sharesBytes,
  transposedBytes,
} from "./context-layout";
import { beginLayout, take } from "../heap";
import { layOutSlab, rowAt } from "../slab";

export const RNN: i32 = 0;
export const GRU: i32 = 1;
export const LSTM: i32 = 2;

/** Rows whose states are gathered at once: a multiple of 3 that stays in the first-level cache. */
export const BLOCK: i32 = 48;

export let cell: i32 = GRU;
export let inputs: i32 = 0;
export let hidden: i32 = 0;
export let skips: i32 = 0;
/** Symbols whose distribution is read out, a multiple of 4; 0 where the read-out is a number. */
export let symbols: i32 = 0;
export let steps: i32 = 0;
export let windows: i32 = 0;

/** Gates of the cell, and which of them is a tanh (the others are sigmoids). */
export let gates: i32 = 0;
export let tanhGate: i32 = 0;

export let inputsBytes: usize = 0;
export let hiddenBytes: usize = 0;
export let skipsBytes: usize = 0;
/** A row with an entry for each symbol. */
export let symbolsBytes: usize = 0;
export let stateBytes: usize = 0;
/** A row of the kernel or the recurrent tensor: all gates. */
export let gatesBytes: usize = 0;
/** What the forward pass keeps of a row for the backward pass. */
export let keptBytes: usize = 0;
/** A row of gradients before the activations; gru has two for its candidate: recurrent, then input. */
export let gateGradientBytes: usize = 0;
/** A row of gradients of the hidden state, filled up to 8 units. */
export let hiddenGradientBytes: usize = 0;
/** The packed weights of four units. */
export let groupBytes: usize = 0;
export let parametersBytes: usize = 0;

/** Where the tensors start in weights, moments and gradients; the kernel tensor starts at 0. */
export let recurrentAt: usize = 0;
export let biasAt: usize = 0;
export let readoutAt: usize = 0;
export let skipAt: usize = 0;
export let offsetAt: usize = 0;
/** Of symbols: embedding [V, I], output [H, V], output bias [V]. */
export let embeddingAt: usize = 0;
export let outputAt: usize = 0;
export let outputBiasAt: usize = 0;

export let stepStates: usize = 0;
export let stepInputs: usize = 0;
export let stepSkips: usize = 0;
export let stepReadouts: usize = 0;
export let stepSymbols: usize = 0;
export let stepDistributions: usize = 0;

export let windowStates: usize = 0;
export let windowInputs: usize = 0;
export let windowSkips: usize = 0;
export let windowTargets: usize = 0;
export let windowObserved: usize = 0;
export let windowSymbols: usize = 0;

export let weights: usize = 0;
export let firstMoments: usize = 0;
export let secondMoments: usize = 0;
export let gradients: usize = 0;
export let packed: usize = 0;
export let packedTransposed: usize = 0;

/** Of the rows of a block: addresses of old and new state, interleaved old hidden states, sums of the read-out. */
export let blockFrom: usize = 0;
export let blockTo: usize = 0;
export let blockHidden: usize = 0;
export let blockSums: usize = 0;

/** Of the cells that see the last n inputs: these, what the forward pass keeps where nobody asks for it, and scratch. */
export let blockContext: usize = 0;
export let blockKept: usize = 0;
export let blockMix: usize = 0;
export let blockScores: usize = 0;

/** Of the windows: states [K+1][B], what the forward pass kept [K][B], gradients of the read-outs [K][B]. */
export let trajectory: usize = 0;
export let kept: usize = 0;
export let errors: usize = 0;
/** Of one step of the windows [B]. */
export let gateGradients: usize = 0;
export let hiddenGradients: usize = 0;
export let cellGradients: usize = 0;

/** Of symbols: gradients of the windows' scores [K][B][V], of one step's inputs [B][I], and transposed weights. */
export let scoreGradients: usize = 0;
export let inputGradients: usize = 0;
export let transposedOutput: usize = 0;
export let transposedKernel: usize = 0;

function measure(): void {
  inputsBytes = <usize>inputs << 2;
  hiddenBytes = <usize>hidden << 2;
  skipsBytes = <usize>skips << 2;
  hiddenGradientBytes = (hiddenBytes + 31) & ~(<usize>31);
  readoutAt = hasContext(cell) ? measureSeeing() : measureRemembering();
  skipAt = readoutAt + hiddenBytes;
  offsetAt = skipAt + skipsBytes;
  embeddingAt = (offsetAt + 4 + 15) & ~(<usize>15);
  symbolsBytes = <usize>symbols << 2;
  outputAt = embeddingAt + <usize>symbols * inputsBytes;
  outputBiasAt = outputAt + <usize>hidden * symbolsBytes;
  parametersBytes = outputBiasAt + symbolsBytes;
}

/** Cells that see the last n inputs; returns the bytes of their weights. */
function measureSeeing(): usize {
  biasAt = measureContext(cell, inputs, hidden, steps);
  gatesBytes = 4 * hiddenBytes;
  stateBytes = hiddenBytes + ((contextBytes + 15) & ~(<usize>15));
  keptBytes = keptContextBytes(cell, hiddenBytes);
  gateGradientBytes = contextGradientBytes(cell, hiddenBytes);
  return biasAt + hiddenBytes;
}

/** Recurrent cells; returns the bytes of their weights. */
function measureRemembering(): usize {
  gates = cell == RNN ? 1 : cell == GRU ? 3 : 4;
  tanhGate = cell == RNN ? 0 : 2;
  stateBytes = cell == LSTM ? 2 * hiddenBytes : hiddenBytes;
  gatesBytes = <usize>gates * hiddenBytes;
  keptBytes = cell == RNN ? 0 : cell == GRU ? 4 * hiddenBytes : 5 * hiddenBytes;
  gateGradientBytes = cell == RNN ? hiddenBytes : 4 * hiddenBytes;
  const biasBytes: usize = cell == GRU ? 2 * gatesBytes : gatesBytes;
  recurrentAt = <usize>inputs * gatesBytes;
  biasAt = recurrentAt + <usize>hidden * gatesBytes;
  // Four units: bias (gru keeps the two of its candidate apart), all rows of kernel and recurrent, read-out.
  groupBytes = <usize>((cell == RNN ? 1 : 4) + gates * (inputs + hidden) + 1) << 4;
  return biasAt + biasBytes;
}

/** Lays out all buffers for a shape, all zero and without state rows; false where there is not enough memory. */
export function init(
  cellKind: i32, i: i32, h: i32, s: i32, v: i32, k: i32, b: i32, rows: i32,
): bool {
  cell = cellKind;
  inputs = i;
  hidden = h;
  skips = s;
  symbols = v;
  steps = k;
  windows = b;
  measure();
  beginLayout();

  stepStates = take(<u64>rows * 4);
  stepInputs = take(<u64>rows * inputsBytes);
  stepSkips = take(<u64>rows * skipsBytes);
  stepReadouts = take(<u64>rows * 4);
  stepSymbols = take(v > 0 ? <u64>rows * 4 : 0);
  stepDistributions = take(<u64>rows * symbolsBytes);

  const windowSteps = <u64>k * <u64>b;
  windowStates = take(<u64>b * 4);
  windowInputs = take(windowSteps * inputsBytes);
  windowSkips = take(windowSteps * skipsBytes);
  windowTargets = take(windowSteps * 4);
  windowObserved = take(windowSteps * 4);
  windowSymbols = take(v > 0 ? windowSteps * 4 : 0);

  weights = take(parametersBytes);
  firstMoments = take(parametersBytes);
  secondMoments = take(parametersBytes);
  gradients = take(parametersBytes);
  const seeing = hasContext(cell);
  packed = take(seeing ? <u64>transposedBytes(cell, h) : <u64>(h >> 2) * groupBytes);
  packedTransposed = take(seeing ? 0 : <u64>hiddenGradientBytes * gates * h);

  blockFrom = take(BLOCK * sizeof<usize>());
  blockTo = take(BLOCK * sizeof<usize>());
  blockHidden = take(<u64>BLOCK * hiddenBytes);
  blockSums = take(BLOCK * 16);
  blockContext = take(seeing ? <u64>BLOCK * contextBytes : 0);
  blockKept = take(seeing ? <u64>BLOCK * keptBytes : 0);
  blockMix = take(seeing ? <u64>BLOCK * mixBytes : 0);
  blockScores = take(sharesBytes);

  // Products of the backward pass take windows by fours.
  const lanes = <u64>((b + 3) & ~3);
  trajectory = take(<u64>(k + 1) * <u64>b * stateBytes);
  kept = take(windowSteps * keptBytes);
  errors = take(windowSteps * 4);
  gateGradients = take(lanes * gateGradientBytes);
  hiddenGradients = take(lanes * hiddenGradientBytes);
  cellGradients = take(lanes * hiddenBytes);

  scoreGradients = take(windowSteps * symbolsBytes);
  inputGradients = take(v > 0 ? <u64>b * inputsBytes : 0);
  transposedOutput = take(<u64>hidden * symbolsBytes);
  transposedKernel = take(v > 0 ? <u64>inputs * gatesBytes : 0);

  return layOutSlab(stateBytes);
}

/** Copies one row of the slab of states over another. */
export function copyState(from: i32, to: i32): void {
  memory.copy(rowAt(to), rowAt(from), stateBytes);
}
