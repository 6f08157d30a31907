/**
 * Symbols in, a distribution over symbols out: embeddings as the cell's inputs, a linear layer with softmax as its
 * read-out, cross-entropy as its loss (Bengio et al., 2003; Mikolov et al., 2010).
 * Plain reference: test/reference/symbols.ts.
 */
import { exp, sumOfLanes } from "../../arithmetic";
import { logarithm } from "../../logarithm";
import { addProducts, addRows, fillRows, transpose } from "../matrix/dense";
import { addOuterProducts } from "../matrix/outer";
import { blockHidden, to } from "../memory/block";
import { firstMoments, gradients, secondMoments, weights } from "../memory/parameters";
import {
  gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients, stateBytes,
} from "../memory/passes";
import { cell, GRU, hidden, hiddenBytes, inputs, inputsBytes, symbols, symbolsBytes } from "../memory/shape";
import { gatesBytes } from "../recurrent/layout";
import {
  embeddingAt, inputGradients, outputAt, outputBiasAt, transposedKernel, transposedOutput,
} from "./layout";

/** Number of symbols known so far. The rest of the vocabulary has no share of a distribution. */
let known: i32 = 0;

/** Lowest score, relative to the highest: no symbol's probability vanishes. */
const LEAST: f32 = -20;

export function setKnown(count: i32): void {
  known = count;
}

/**
 * Gives the place of a symbol to another one: its column of the read-out becomes that of symbol 0, and its moments become
 * zero. The embedding stays, as a start like any other.
 */
export function renew(symbol: i32): void {
  const column = <usize>symbol << 2;
  // The bias is the row after the weights of the hidden units.
  for (let row = outputAt; row <= outputBiasAt; row += symbolsBytes) {
    store<f32>(weights + row + column, load<f32>(weights + row));
    store<f32>(firstMoments + row + column, 0);
    store<f32>(secondMoments + row + column, 0);
  }
}

/** Bytes of the scores that are computed: of the known symbols, filled up to fours. */
// @ts-ignore: decorator
@inline
function knownBytes(): usize {
  return <usize>((known + 3) & ~3) << 2;
}

/** Writes the embeddings of `count` symbols as inputs. */
export function embed(count: i32, from: usize, x: usize): void {
  for (let row = 0; row < count; row++) {
    const symbol = load<i32>(from + (<usize>row << 2));
    memory.copy(x + <usize>row * inputsBytes, weights + embeddingAt + <usize>symbol * inputsBytes, inputsBytes);
  }
}

/** Turns a row of scores into a distribution; entries after the known symbols become zero. */
function softmax(row: usize): void {
  const end = row + knownBytes();
  for (let at = row + (<usize>known << 2); at < end; at += 4) store<f32>(at, -Infinity);
  let highest = v128.load(row);
  for (let at = row + 16; at < end; at += 16) highest = f32x4.pmax(highest, v128.load(at));
  const pairs = f32x4.pmax(highest, v128.shuffle<f32>(highest, highest, 2, 3, 0, 1));
  const top = f32x4.pmax(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
  let sum = f32x4.splat(0);
  for (let at = row; at < end; at += 16) {
    const value = v128.load(at);
    const power = exp(f32x4.pmax(f32x4.splat(LEAST), f32x4.sub(value, top)));
    const share = v128.and(power, f32x4.ne(value, f32x4.splat(-Infinity)));
    v128.store(at, share);
    sum = f32x4.add(sum, share);
  }
  const whole = f32x4.splat(sumOfLanes(sum));
  for (let at = row; at < end; at += 16) v128.store(at, f32x4.div(v128.load(at), whole));
}

/** Distributions of rows whose hidden states lie `hBytes` apart. */
function distributions(rows: i32, h: usize, hBytes: usize, out: usize): void {
  const columns = knownBytes();
  fillRows(rows, weights + outputBiasAt, columns, out, symbolsBytes);
  addProducts(rows, h, hBytes, hiddenBytes, weights + outputAt, symbolsBytes, columns, out, symbolsBytes);
  for (let row = 0; row < rows; row++) softmax(out + <usize>row * symbolsBytes);
}

/** Distributions of the block of rows that has just been stepped. */
export function readSymbols(rows: i32, out: usize): void {
  // The cell is done with its old hidden states: their place takes the new ones.
  for (let row = 0; row < rows; row++) memory.copy(blockHidden + <usize>row * hiddenBytes, to(row), hiddenBytes);
  distributions(rows, blockHidden, hiddenBytes, out);
}

/**
 * Writes the gradients of a step's mean cross-entropy by its scores, p - 1 for the target and p for the others, and
 * returns the sum of the losses; a target that does not count has zeros.
 */
export function crossEntropy(
  count: i32, states: usize, targets: usize, observed: usize, share: f32, out: usize,
): f64 {
  distributions(count, states, stateBytes, out);
  const columns = knownBytes();
  let sum: f64 = 0;
  for (let row: usize = 0; row < <usize>count; row++) {
    const scores = out + row * symbolsBytes;
    const counts = load<f32>(observed + (row << 2)) != 0;
    const scale = f32x4.splat(counts ? share : 0);
    const target = scores + (<usize>load<f32>(targets + (row << 2)) << 2);
    if (counts) sum -= logarithm(<f64>load<f32>(target));
    store<f32>(target, load<f32>(target) - 1);
    for (let at: usize = 0; at < columns; at += 16) v128.store(scores + at, f32x4.mul(v128.load(scores + at), scale));
  }
  return sum;
}

/** Transposes the weights for the backward pass; once per update. */
export function transposeSymbols(): void {
  transpose(weights + outputAt, symbolsBytes, hidden, symbols, transposedOutput, hiddenBytes);
  transpose(weights, gatesBytes, inputs, <i32>(gatesBytes >> 2), transposedKernel, inputsBytes);
}

/** From the gradients of a step's scores to those of the output's weights and the new hidden states. */
export function symbolsBackward(count: i32, scores: usize, next: usize): void {
  const columns = knownBytes();
  addRows(count, scores, symbolsBytes, columns, gradients + outputBiasAt);
  addOuterProducts(
    count, next, stateBytes, hiddenBytes, scores, symbolsBytes, columns, gradients + outputAt, symbolsBytes,
  );
  addProducts(
    count, scores, symbolsBytes, columns, transposedOutput, hiddenBytes, hiddenBytes, hiddenGradients,
    hiddenGradientBytes,
  );
}

/** Adds inputs' gradients from `bytes` of gate gradients and the rows of the transposed kernel from `column` on. */
function addInputGradients(count: i32, gates: usize, bytes: usize, column: usize): void {
  addProducts(
    count, gates, gateGradientBytes, bytes, transposedKernel + (column >> 2) * inputsBytes, inputsBytes,
    inputsBytes, inputGradients, inputsBytes,
  );
}

/** From the gate gradients of a step to the gradients of the embeddings of its symbols. */
export function embeddingsBackward(count: i32, from: usize): void {
  memory.fill(inputGradients, 0, <usize>count * inputsBytes);
  if (cell == GRU) {
    // Gate gradients are z, r, m, n: the input sees z, r and n.
    addInputGradients(count, gateGradients, 2 * hiddenBytes, 0);
    addInputGradients(count, gateGradients + 3 * hiddenBytes, hiddenBytes, 2 * hiddenBytes);
  } else {
    addInputGradients(count, gateGradients, gatesBytes, 0);
  }
  for (let row: usize = 0; row < <usize>count; row++) {
    const symbol = load<i32>(from + (row << 2));
    const gradient = gradients + embeddingAt + <usize>symbol * inputsBytes;
    const added = inputGradients + row * inputsBytes;
    for (let at: usize = 0; at < inputsBytes; at += 16) {
      v128.store(gradient + at, f32x4.add(v128.load(gradient + at), v128.load(added + at)));
    }
  }
}
