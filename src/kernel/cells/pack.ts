/**
 * Rearranges the weights for the passes, once per update. Forward: for every four units, bias, then one vector per gate
 * for each input and each hidden unit, then the read-out, so that a pass over the units reads straight on. Backward:
 * the recurrent weights transposed.
 */
import { packAttention } from "./attention";
import { ATTENTION, CONV, hasContext } from "./context-layout";
import { packConv } from "./conv";
import {
  biasAt, cell, gates, gatesBytes, GRU, hidden, hiddenBytes, inputs, packed, packedTransposed, readoutAt,
  recurrentAt, tanhGate, weights,
} from "./memory";

/** One vector per gate of four units; those of sigmoid gates halved (see `sigmoidOfHalf`). */
function packGates(to: usize, row: usize): usize {
  for (let gate = 0; gate < gates; gate++) {
    const scale: f32 = gate == tanhGate ? 1 : 0.5;
    v128.store(to, f32x4.mul(f32x4.splat(scale), v128.load(row + <usize>gate * hiddenBytes)));
    to += 16;
  }
  return to;
}

/** The biases of gru's z and r add up; those of its candidate stay apart, as the reset gate scales one of them. */
function packGruBias(to: usize, input: usize): usize {
  const recurrent = input + gatesBytes;
  const half = f32x4.splat(0.5);
  v128.store(to, f32x4.mul(half, f32x4.add(v128.load(input), v128.load(recurrent))));
  v128.store(to, f32x4.mul(half, f32x4.add(v128.load(input + hiddenBytes), v128.load(recurrent + hiddenBytes))), 16);
  v128.store(to, v128.load(input + 2 * hiddenBytes), 32);
  v128.store(to, v128.load(recurrent + 2 * hiddenBytes), 48);
  return to + 64;
}

export function pack(): void {
  if (hasContext(cell)) {
    if (cell == CONV) packConv();
    else if (cell == ATTENTION) packAttention();
    return;
  }
  let to = packed;
  for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
    const bias = weights + biasAt + unit;
    to = cell == GRU ? packGruBias(to, bias) : packGates(to, bias);
    // Kernel and recurrent tensor follow each other in the weights.
    for (let row = 0; row < inputs + hidden; row++) to = packGates(to, weights + <usize>row * gatesBytes + unit);
    v128.store(to, v128.load(weights + readoutAt + unit));
    to += 16;
  }
}

/** Groups of eight columns of the transposed recurrent tensor; zeros where H ends in the middle of a group. */
export function packTransposed(): void {
  let to = packedTransposed;
  for (let unit = 0; unit < hidden; unit += 8) {
    for (let column: usize = 0; column < gatesBytes; column += 4) {
      for (let lane = 0; lane < 8; lane++) {
        const row = unit + lane;
        const from = weights + recurrentAt + <usize>row * gatesBytes + column;
        store<f32>(to, row < hidden ? load<f32>(from) : 0);
        to += 4;
      }
    }
  }
}
