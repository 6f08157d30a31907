/**
 * Copies the weights into the order in which the passes read them. The forward pass reads, for every four units, the
 * bias, one vector per gate for each input and each hidden unit, and the read-out. The backward pass reads the recurrent
 * weights transposed.
 */
import { readoutAt, weights } from "../memory/parameters";
import { cell, GRU, hidden, hiddenBytes, inputs } from "../memory/shape";
import { biasAt, gates, gatesBytes, packed, packedTransposed, recurrentAt, tanhGate } from "./layout";

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

/** Packs for the forward pass. */
export function packRecurrent(): void {
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

/** Packs for the backward pass: groups of eight units, with zeros where H ends in the middle of a group. */
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
