/** A plain 64-bit oracle of symbols: embeddings in, softmax out, and the mean cross-entropy of windows. */
import { oracleLayout, oracleStep, type OracleShape } from "./cells.js";

export interface OracleSymbols extends OracleShape {
  readonly symbols: number;
  /** The first symbols, which share the distributions. */
  readonly known: number;
}

/** A window: its first state, and for each step the symbol, the next one, and whether that counts. */
export interface SymbolWindow {
  readonly state: readonly number[];
  readonly steps: readonly { readonly symbol: number; readonly target: number; readonly observed: boolean }[];
}

/** Where the tensors start that follow those of the cell: from a multiple of four on. */
export function symbolLayout(shape: OracleSymbols) {
  const embedding = Math.ceil(oracleLayout(shape).length / 4) * 4;
  const output = embedding + shape.symbols * shape.inputs;
  const bias = output + shape.hidden * shape.symbols;
  return { embedding, output, bias, length: bias + shape.symbols };
}

/** The new state after a symbol, and the distribution of the next: zero for those that are not known. */
export function oracleSymbolStep(
  shape: OracleSymbols,
  w: ArrayLike<number>,
  before: readonly number[],
  symbol: number,
): { readonly after: readonly number[]; readonly distribution: readonly number[] } {
  const at = symbolLayout(shape);
  const x = Array.from({ length: shape.inputs }, (_, i) => w[at.embedding + symbol * shape.inputs + i]!);
  const { after } = oracleStep(shape, w, before, x, []);
  const powers = Array.from({ length: shape.symbols }, (_, v) => {
    if (v >= shape.known) return 0;
    let score = w[at.bias + v]!;
    for (let j = 0; j < shape.hidden; j++) score += after[j]! * w[at.output + j * shape.symbols + v]!;
    return Math.exp(score);
  });
  const sum = powers.reduce((a, b) => a + b, 0);
  return { after, distribution: powers.map((power) => power / sum) };
}

/** Mean cross-entropy in nats over all steps of all windows, those whose target does not count as zero. */
export function oracleSymbolLoss(
  shape: OracleSymbols,
  w: ArrayLike<number>,
  windows: readonly SymbolWindow[],
): number {
  let sum = 0;
  let count = 0;
  for (const { state, steps } of windows) {
    let before = state;
    for (const { symbol, target, observed } of steps) {
      const { after, distribution } = oracleSymbolStep(shape, w, before, symbol);
      if (observed) sum -= Math.log(distribution[target]!);
      before = after;
      count++;
    }
  }
  return sum / count;
}

/** The gradient of the loss by central differences. */
export function oracleSymbolGradient(
  shape: OracleSymbols,
  w: Float64Array,
  windows: readonly SymbolWindow[],
): Float64Array {
  const step = 1e-5;
  return w.map((value, i) => {
    const moved = (by: number): number => {
      const others = w.slice();
      others[i] = value + by;
      return oracleSymbolLoss(shape, others, windows);
    };
    return (moved(step) - moved(-step)) / (2 * step);
  });
}
