/** A plain 64-bit oracle of the cells: forward step, mean Huber loss of windows and its gradient, by the textbook. */

import {
  contextStateSize,
  contextWeightCount,
  see,
  type OracleContextCell,
  type Seen,
} from "./context-cells.js";

type RecurrentCell = "rnn" | "gru" | "lstm";
export type OracleCell = RecurrentCell | OracleContextCell;

export interface OracleShape {
  readonly cell: OracleCell;
  readonly inputs: number;
  readonly hidden: number;
  readonly skips: number;
  /** The last inputs that cells of a context see. */
  readonly context: number;
}

function ofContext(cell: OracleCell): cell is OracleContextCell {
  return cell === "window" || cell === "conv" || cell === "attention";
}

/** Floats of a state. */
export function oracleStateSize(shape: OracleShape): number {
  const { cell, hidden } = shape;
  if (ofContext(cell)) return contextStateSize({ ...shape, cell });
  return cell === "lstm" ? 2 * hidden : hidden;
}

/** A window: its first state, and for each step the inputs, skips, target and whether the target counts. */
export interface OracleWindow {
  readonly state: readonly number[];
  readonly steps: readonly {
    readonly inputs: readonly number[];
    readonly skips: readonly number[];
    readonly target: number;
    readonly observed: boolean;
  }[];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const zeros = (length: number) => new Array<number>(length).fill(0);
const gateCount: Record<RecurrentCell, number> = { rnn: 1, gru: 3, lstm: 4 };

/**
 * Where each tensor starts: kernel [I][G·H], recurrent [H][G·H], bias ([2] for gru)[G·H], readout [H], skip [S], offset;
 * of cells of a context the first three are in `context-cells.ts`.
 */
export function oracleLayout(shape: OracleShape) {
  const { cell, inputs, hidden, skips } = shape;
  if (ofContext(cell)) {
    const readout = contextWeightCount({ ...shape, cell });
    const offset = readout + hidden + skips;
    return {
      width: 0,
      kernel: 0,
      recurrent: 0,
      bias: 0,
      readout,
      skip: readout + hidden,
      offset,
      length: offset + 1,
    };
  }
  const width = gateCount[cell] * hidden;
  const recurrent = inputs * width;
  const bias = recurrent + hidden * width;
  const readout = bias + (cell === "gru" ? 2 : 1) * width;
  const skip = readout + hidden;
  const offset = skip + skips;
  return { width, kernel: 0, recurrent, bias, readout, skip, offset, length: offset + 1 };
}

interface Step {
  readonly x: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly readout: number;
  /** Values after the activations: rnn h'; gru z, r, n and m, the recurrent part of the candidate; lstm i, f, g, o. */
  readonly gates: readonly (readonly number[])[];
  /** Of cells of a context. */
  readonly seen?: Seen;
}

function forward(shape: OracleShape, w: ArrayLike<number>, before: readonly number[], x: readonly number[]) {
  const { cell, hidden: H, inputs: I, context: n } = shape;
  if (ofContext(cell)) {
    const past = [...before.slice(H + I, H + n * I), ...x];
    const seen = see(
      { ...shape, cell },
      w,
      Array.from({ length: n }, (_, age) => past.slice(age * I, (age + 1) * I)),
    );
    const after = [...seen.h, ...past];
    return { after: [...after, ...zeros(oracleStateSize(shape) - after.length)], gates: [], seen };
  }
  const at = oracleLayout(shape);
  const fromInput = (column: number) =>
    x.reduce((sum, value, i) => sum + value * w[at.kernel + i * at.width + column]!, w[at.bias + column]!);
  const fromHidden = (column: number) => {
    let sum = cell === "gru" ? w[at.bias + at.width + column]! : 0;
    for (let k = 0; k < H; k++) sum += before[k]! * w[at.recurrent + k * at.width + column]!;
    return sum;
  };
  const gates: number[][] = [[], [], [], []];
  const h = zeros(H);
  const c = zeros(H);
  for (let j = 0; j < H; j++) {
    const gate = (index: number) => fromInput(index * H + j) + fromHidden(index * H + j);
    if (cell === "rnn") {
      h[j] = Math.tanh(gate(0));
      gates[0]!.push(h[j]!);
    } else if (cell === "gru") {
      const z = sigmoid(gate(0));
      const r = sigmoid(gate(1));
      const m = fromHidden(2 * H + j);
      const n = Math.tanh(fromInput(2 * H + j) + r * m);
      h[j] = (1 - z) * n + z * before[j]!;
      for (const [index, value] of [z, r, n, m].entries()) gates[index]!.push(value);
    } else {
      const [i, f, g, o] = [sigmoid(gate(0)), sigmoid(gate(1)), Math.tanh(gate(2)), sigmoid(gate(3))];
      c[j] = f * before[H + j]! + i * g;
      h[j] = o * Math.tanh(c[j]!);
      for (const [index, value] of [i, f, g, o].entries()) gates[index]!.push(value);
    }
  }
  return { after: cell === "lstm" ? [...h, ...c] : h, gates };
}

/** One step: the new state and the read-out offset + readout · h' + skip · skips. */
export function oracleStep(
  shape: OracleShape,
  w: ArrayLike<number>,
  before: readonly number[],
  x: readonly number[],
  skips: readonly number[],
): Step {
  const at = oracleLayout(shape);
  const { after, ...kept } = forward(shape, w, before, x);
  let readout = w[at.offset]!;
  for (let j = 0; j < shape.hidden; j++) readout += w[at.readout + j]! * after[j]!;
  for (let s = 0; s < shape.skips; s++) readout += w[at.skip + s]! * skips[s]!;
  return { x, before, after, readout, ...kept };
}

function run(shape: OracleShape, w: ArrayLike<number>, window: OracleWindow): Step[] {
  let state = window.state;
  return window.steps.map(({ inputs, skips }) => {
    const step = oracleStep(shape, w, state, inputs, skips);
    state = step.after;
    return step;
  });
}

function huberLoss(error: number, huber: number): number {
  return Math.abs(error) <= huber ? error ** 2 / 2 : huber * (Math.abs(error) - huber / 2);
}

/** Mean Huber loss over all steps of all windows, those without an observed target counting as zero. */
export function oracleLoss(
  shape: OracleShape,
  w: ArrayLike<number>,
  windows: readonly OracleWindow[],
  huber: number,
): number {
  let sum = 0;
  let count = 0;
  for (const window of windows) {
    for (const [k, { readout }] of run(shape, w, window).entries()) {
      const { target, observed } = window.steps[k]!;
      if (observed) sum += huberLoss(readout - target, huber);
      count++;
    }
  }
  return sum / count;
}

/** Gradients before the activations of one step, and of the state before it as far as they bypass the recurrent weights. */
function backwardGates(
  cell: RecurrentCell,
  H: number,
  step: Step,
  dh: readonly number[],
  dc: readonly number[],
) {
  // What the kernel tensor sees and what the recurrent tensor sees; they differ in gru's candidate.
  const input: number[][] = [[], [], [], []];
  const recurrent: number[][] = [[], [], [], []];
  const dhBefore = zeros(H);
  const dcBefore = zeros(H);
  for (let j = 0; j < H; j++) {
    const both = (index: number, value: number) => {
      input[index]!.push(value);
      recurrent[index]!.push(value);
    };
    const gate = (index: number) => step.gates[index]![j]!;
    const d = dh[j]!;
    if (cell === "rnn") {
      both(0, d * (1 - gate(0) ** 2));
    } else if (cell === "gru") {
      const [z, r, n, m] = [gate(0), gate(1), gate(2), gate(3)];
      const dn = d * (1 - z) * (1 - n ** 2);
      both(0, d * (step.before[j]! - n) * z * (1 - z));
      both(1, dn * m * r * (1 - r));
      input[2]!.push(dn);
      recurrent[2]!.push(dn * r);
      dhBefore[j] = d * z;
    } else {
      const [i, f, g, o] = [gate(0), gate(1), gate(2), gate(3)];
      const t = Math.tanh(step.after[H + j]!);
      const total = dc[j]! + d * o * (1 - t ** 2);
      both(0, total * g * i * (1 - i));
      both(1, total * step.before[H + j]! * f * (1 - f));
      both(2, total * i * (1 - g ** 2));
      both(3, d * t * o * (1 - o));
      dcBefore[j] = total * f;
    }
  }
  return { input: input.flat(), recurrent: recurrent.flat(), dhBefore, dcBefore };
}

/** Gradient of `oracleLoss` by all weights, through all steps. */
export function oracleGradient(
  shape: OracleShape,
  w: ArrayLike<number>,
  windows: readonly OracleWindow[],
  huber: number,
): Float64Array {
  const { cell, hidden: H } = shape;
  const at = oracleLayout(shape);
  const gradient = new Float64Array(at.length);
  const add = (index: number, value: number) => (gradient[index] = gradient[index]! + value);
  const count = windows.reduce((sum, { steps }) => sum + steps.length, 0);
  for (const window of windows) {
    const steps = run(shape, w, window);
    let dh = zeros(H);
    let dc = zeros(H);
    for (const [k, step] of [...steps.entries()].reverse()) {
      const { skips, target, observed } = window.steps[k]!;
      const error = Math.max(-huber, Math.min(huber, step.readout - target));
      const dr = observed ? error / count : 0;
      add(at.offset, dr);
      skips.forEach((value, s) => add(at.skip + s, dr * value));
      for (let j = 0; j < H; j++) add(at.readout + j, dr * step.after[j]!);
      dh = dh.map((value, j) => value + dr * w[at.readout + j]!);

      if (ofContext(cell)) {
        step.seen!.backward(dh, add);
        dh = zeros(H);
        continue;
      }
      const gates = backwardGates(cell, H, step, dh, dc);
      for (let column = 0; column < at.width; column++) {
        const [input, recurrent] = [gates.input[column]!, gates.recurrent[column]!];
        step.x.forEach((value, i) => add(at.kernel + i * at.width + column, value * input));
        for (let j = 0; j < H; j++) {
          add(at.recurrent + j * at.width + column, step.before[j]! * recurrent);
          gates.dhBefore[j] = gates.dhBefore[j]! + recurrent * w[at.recurrent + j * at.width + column]!;
        }
        add(at.bias + column, input);
        if (cell === "gru") add(at.bias + at.width + column, recurrent);
      }
      dh = gates.dhBefore;
      dc = gates.dcBefore;
    }
  }
  return gradient;
}

/** Euclidean norm. */
export function norm(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** One step of Adam (β₁ .9, β₂ .999, ε 1e-8) with the bias corrections in the rate; changes all three arrays. */
export function oracleAdam(
  weights: Float64Array,
  firstMoments: Float64Array,
  secondMoments: Float64Array,
  gradient: ArrayLike<number>,
  rate: number,
): void {
  for (let i = 0; i < gradient.length; i++) {
    firstMoments[i] = 0.9 * firstMoments[i]! + 0.1 * gradient[i]!;
    secondMoments[i] = 0.999 * secondMoments[i]! + 0.001 * gradient[i]! ** 2;
    weights[i] = weights[i]! - (rate * firstMoments[i]!) / (Math.sqrt(secondMoments[i]!) + 1e-8);
  }
}
