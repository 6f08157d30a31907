/** The cells that see the last n inputs, in 64 bits: h of a context, and its gradient, written out sum by sum. */

export type OracleContextCell = "window" | "conv" | "attention";

interface Shape {
  readonly cell: OracleContextCell;
  readonly inputs: number;
  readonly hidden: number;
  /** Inputs that are seen, n. */
  readonly context: number;
}

type Add = (index: number, value: number) => unknown;

export interface Seen {
  readonly h: readonly number[];
  /** Adds to the gradient of all weights what gradients of h mean for it. */
  backward(dh: readonly number[], add: Add): void;
}

const list = (length: number, value: (index: number) => number) => Array.from({ length }, (_, i) => value(i));
const total = (length: number, value: (index: number) => number) =>
  list(length, value).reduce((sum, term) => sum + term, 0);

function sizes({ inputs: I, hidden: H, context: n }: Shape) {
  const length = Math.min(4, n);
  return { I, H, n, length, places: n - length + 1, C: Math.ceil(H / 4 / 4) * 4 };
}

/** Weights before the read-out. */
export function contextWeightCount(shape: Shape): number {
  const { I, H, n, length, places, C } = sizes(shape);
  const before = {
    window: n * I * H,
    conv: length * I * C + C + places * C * H,
    attention: 4 * I * H + n,
  };
  return before[shape.cell] + H;
}

/** Floats of a state: h, the context, and what fills it up to fours. */
export function contextStateSize({ inputs, hidden, context }: Shape): number {
  return hidden + Math.ceil((context * inputs) / 4) * 4;
}

/** h of the last n inputs, `x[age][i]` with the oldest first. */
export function see(shape: Shape, w: ArrayLike<number>, x: readonly (readonly number[])[]): Seen {
  if (shape.cell === "window") return seeWindow(shape, w, x);
  return shape.cell === "conv" ? seeConv(shape, w, x) : seeAttention(shape, w, x);
}

function seeWindow(shape: Shape, w: ArrayLike<number>, x: readonly (readonly number[])[]): Seen {
  const { I, H, n } = sizes(shape);
  const flat = x.flat();
  const bias = n * I * H;
  const h = list(H, (j) => Math.tanh(w[bias + j]! + total(n * I, (i) => flat[i]! * w[i * H + j]!)));
  return {
    h,
    backward(dh, add) {
      for (let j = 0; j < H; j++) {
        const d = dh[j]! * (1 - h[j]! ** 2);
        add(bias + j, d);
        flat.forEach((value, i) => add(i * H + j, value * d));
      }
    },
  };
}

function seeConv(shape: Shape, w: ArrayLike<number>, x: readonly (readonly number[])[]): Seen {
  const { I, H, length, places, C } = sizes(shape);
  const channelBias = length * I * C;
  const dense = channelBias + C;
  const bias = dense + places * C * H;
  const at = (tap: number, i: number, c: number) => (tap * I + i) * C + c;
  const features = list(places * C, (f) => {
    const [place, c] = [Math.floor(f / C), f % C];
    const taps = total(length, (tap) => total(I, (i) => x[place + tap]![i]! * w[at(tap, i, c)]!));
    return Math.tanh(w[channelBias + c]! + taps);
  });
  const h = list(H, (j) =>
    Math.tanh(w[bias + j]! + total(places * C, (f) => features[f]! * w[dense + f * H + j]!)),
  );
  return {
    h,
    backward(dh, add) {
      const d = dh.map((value, j) => value * (1 - h[j]! ** 2));
      d.forEach((value, j) => add(bias + j, value));
      features.forEach((feature, f) => {
        const [place, c] = [Math.floor(f / C), f % C];
        d.forEach((value, j) => add(dense + f * H + j, feature * value));
        const df = total(H, (j) => d[j]! * w[dense + f * H + j]!) * (1 - feature ** 2);
        add(channelBias + c, df);
        for (let tap = 0; tap < length; tap++) {
          x[place + tap]!.forEach((value, i) => add(at(tap, i, c), value * df));
        }
      });
    },
  };
}

function seeAttention(shape: Shape, w: ArrayLike<number>, x: readonly (readonly number[])[]): Seen {
  const { I, H, n } = sizes(shape);
  const latest = x[n - 1]!;
  const lags = 4 * I * H;
  const bias = lags + n;
  /** Part 0 are the queries, 1 the keys, 2 the values, 3 the latest input's own. */
  const at = (part: number, i: number, j: number) => i * 4 * H + part * H + j;
  const project = (part: number, from: readonly number[]) =>
    list(H, (j) => total(I, (i) => from[i]! * w[at(part, i, j)]!));
  const q = project(0, latest);
  const keys = x.map((each) => project(1, each));
  const values = x.map((each) => project(2, each));
  const scores = keys.map((key, age) => total(H, (j) => q[j]! * key[j]!) / Math.sqrt(H) + w[lags + age]!);
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const shares = powers.map((power) => power / total(n, (age) => powers[age]!));
  const own = project(3, latest);
  const h = list(H, (j) =>
    Math.tanh(w[bias + j]! + own[j]! + total(n, (age) => shares[age]! * values[age]![j]!)),
  );
  return {
    h,
    backward(dh, add) {
      const d = dh.map((value, j) => value * (1 - h[j]! ** 2));
      const back = (part: number, from: readonly number[], gradient: readonly number[]) =>
        from.forEach((value, i) => gradient.forEach((each, j) => add(at(part, i, j), value * each)));
      d.forEach((value, j) => add(bias + j, value));
      back(3, latest, d);
      x.forEach((each, age) =>
        back(
          2,
          each,
          d.map((value) => value * shares[age]!),
        ),
      );
      const ofShares = values.map((value) => total(H, (j) => d[j]! * value[j]!));
      const mean = total(n, (age) => ofShares[age]! * shares[age]!);
      const ofScores = shares.map((share, age) => share * (ofShares[age]! - mean));
      ofScores.forEach((value, age) => add(lags + age, value));
      const scaled = ofScores.map((value) => value / Math.sqrt(H));
      x.forEach((each, age) =>
        back(
          1,
          each,
          q.map((value) => value * scaled[age]!),
        ),
      );
      back(
        0,
        latest,
        list(H, (j) => total(n, (age) => scaled[age]! * keys[age]![j]!)),
      );
    },
  };
}
