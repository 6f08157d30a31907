/**
 * The layout of the symbols' weights, which follow the read-out, and of what their backward pass works in. A recurrent
 * cell reads the symbols.
 */
import { take } from "../../heap";
import {
  bpttSteps, bpttWindows, hidden, inputs, inputsBytes, symbols, symbolsBytes,
} from "../memory/shape";
import { gatesBytes } from "../recurrent/layout";

/** Offsets of the embedding [V, I], the output weights [H, V] and the output bias [V]. */
export let embeddingAt: usize = 0;
export let outputAt: usize = 0;
export let outputBiasAt: usize = 0;

/** Gradients of the scores [K, B, V], and of the inputs of one step [B, I]. */
export let scoreGradients: usize = 0;
export let inputGradients: usize = 0;
/** The output weights [V, H] and the cell's kernel [G·H, I] transposed, for the backward pass. */
export let transposedOutput: usize = 0;
export let transposedKernel: usize = 0;

/** Places the weights from `start` on. Returns their end, which is `start` without symbols. */
export function placeSymbols(start: usize): usize {
  embeddingAt = start;
  outputAt = embeddingAt + <usize>symbols * inputsBytes;
  outputBiasAt = outputAt + <usize>hidden * symbolsBytes;
  return outputBiasAt + symbolsBytes;
}

export function layOutSymbols(): void {
  scoreGradients = take(<u64>bpttSteps * <u64>bpttWindows * symbolsBytes);
  inputGradients = take(<u64>bpttWindows * inputsBytes);
  transposedOutput = take(<u64>hidden * symbolsBytes);
  transposedKernel = take(<u64>inputs * gatesBytes);
}
