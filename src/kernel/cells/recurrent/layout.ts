/** The layout of the recurrent cells rnn, gru and lstm: their weights, the packed copies, and lstm's cell gradients. */
import { take } from "../../heap";
import { lanesOf, setRowSizes } from "../memory/passes";
import { bpttWindows, cell, GRU, hidden, hiddenBytes, inputs, LSTM, RNN } from "../memory/shape";

/** Gates of the cell, and the one that is a tanh; the others are sigmoids. */
export let gates: i32 = 0;
export let tanhGate: i32 = 0;
/** A row of the kernel or of the recurrent tensor: all gates. */
export let gatesBytes: usize = 0;

/** Offsets of the tensors after the kernel [I, G·H], which starts at 0: recurrent [H, G·H] and bias [1 or 2, G·H]. */
export let recurrentAt: usize = 0;
export let biasAt: usize = 0;

/** The weights in the order in which the forward pass reads them, and the bytes of a group of four units. */
export let packed: usize = 0;
export let groupBytes: usize = 0;
/** The recurrent tensor transposed, for the backward pass. */
export let packedTransposed: usize = 0;
/** Gradients of lstm's cell states [B, H] in one step. */
export let cellGradients: usize = 0;

/** Measures the cell. Returns the bytes of its weights. */
export function measureRecurrent(): usize {
  gates = cell == RNN ? 1 : cell == GRU ? 3 : 4;
  tanhGate = cell == RNN ? 0 : 2;
  gatesBytes = <usize>gates * hiddenBytes;
  recurrentAt = <usize>inputs * gatesBytes;
  biasAt = recurrentAt + <usize>hidden * gatesBytes;
  // Four units: bias (gru keeps the two of its candidate apart), all rows of kernel and recurrent, read-out.
  groupBytes = <usize>((cell == RNN ? 1 : 4) + gates * (inputs + hidden) + 1) << 4;
  setRowSizes(
    cell == LSTM ? 2 * hiddenBytes : hiddenBytes,
    cell == RNN ? 0 : cell == GRU ? 4 * hiddenBytes : 5 * hiddenBytes,
    // The candidate of gru has two gradients: of its recurrent part and of its input part.
    cell == RNN ? hiddenBytes : 4 * hiddenBytes,
  );
  return biasAt + (cell == GRU ? 2 * gatesBytes : gatesBytes);
}

export function layOutRecurrent(): void {
  packed = take(<u64>(hidden >> 2) * groupBytes);
  packedTransposed = take(((<u64>hiddenBytes + 31) & ~(<u64>31)) * gates * hidden);
  cellGradients = take(cell == LSTM ? <u64>lanesOf(bpttWindows) * hiddenBytes : 0);
}
