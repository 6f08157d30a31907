/**
 * Causal self-attention of the latest input x to the last n (Vaswani et al., 2017), one head, with a learned bias for
 * each lag (as in Raffel et al., 2020): shares = softmax(X·Kᵀ·q / √H + lags) with q = x·Q, h = tanh(shares·X·V + x·O + b).
 * Keys and values are linear in the inputs: q·K and shares·X take their place, and no lag needs its own.
 * Plain reference: test/reference/context-cells.ts.
 */
import { exp, mad, sumOfLanes } from "../../arithmetic";
import { addProducts, transpose } from "../matrix/dense";
import { addOuterProducts } from "../matrix/outer";
import { blockHidden } from "../memory/block";
import { gradients, weights } from "../memory/parameters";
import { gateGradientBytes, gateGradients, keptBytes, stateBytes } from "../memory/passes";
import { hidden, hiddenBytes, inputs, inputsBytes } from "../memory/shape";
import { beginHidden, context, finishHidden, hiddenBackward } from "./inputs";
import {
  blockContext, blockKept, blockMix, contextBytes, lagsAt, mixBytes, projectionsBytes, rowScores,
  sharesBytes, transposed,
} from "./layout";

/** Largest size of a score: the sum of the shares cannot overflow. */
const LARGEST: f32 = 60;

/** Transposes keys and values. The columns of the kernel are queries, keys, values and the input's own part. */
export function packAttention(): void {
  const values = transposed + <usize>hidden * mixBytes;
  transpose(weights + hiddenBytes, projectionsBytes, inputs, hidden, transposed, mixBytes);
  transpose(weights + 2 * hiddenBytes, projectionsBytes, inputs, hidden, values, mixBytes);
}

// @ts-ignore: decorator
@inline
function scale(): f32 {
  return <f32>1 / sqrt<f32>(<f32>hidden);
}

/** Σ a[i] · b[i] over the inputs. */
function dot(a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 16 <= inputsBytes; at += 16) sum = mad(v128.load(a + at), v128.load(b + at), sum);
  for (; at < inputsBytes; at += 4) sum = mad(v128.load32_zero(a + at), v128.load32_zero(b + at), sum);
  return sumOfLanes(sum);
}

/** out[i] = Σ over the lags of shares[lag] · context[lag][i]. */
function mix(shares: usize, context: usize, out: usize): void {
  let at: usize = 0;
  for (; at + 16 <= inputsBytes; at += 16) {
    let sum = f32x4.splat(0);
    let x = context + at;
    for (let share = shares; x < context + contextBytes; x += inputsBytes, share += 4) {
      sum = mad(v128.load_splat<f32>(share), v128.load(x), sum);
    }
    v128.store(out + at, sum);
  }
  for (; at < inputsBytes; at += 4) {
    let sum = f32x4.splat(0);
    let x = context + at;
    for (let share = shares; x < context + contextBytes; x += inputsBytes, share += 4) {
      sum = mad(v128.load_splat<f32>(share), v128.load_splat<f32>(x), sum);
    }
    store<f32>(out + at, f32x4.extract_lane(sum, 0));
  }
}

/** The shares of a row from its query times the keys. */
function share(keyed: usize, context: usize, shares: usize): void {
  const by = scale();
  let at: usize = 0;
  for (let x = context; x < context + contextBytes; x += inputsBytes, at += 4) {
    store<f32>(shares + at, by * dot(keyed, x) + load<f32>(weights + lagsAt + at));
  }
  let sum = f32x4.splat(0);
  const end = at;
  for (at = 0; at < sharesBytes; at += 16) {
    const score = f32x4.pmin(f32x4.splat(LARGEST), v128.load(shares + at));
    v128.store(shares + at, exp(f32x4.pmax(f32x4.splat(-LARGEST), score)));
  }
  for (at = end; at < sharesBytes; at += 4) store<f32>(shares + at, 0);
  for (at = 0; at < sharesBytes; at += 16) sum = f32x4.add(sum, v128.load(shares + at));
  const whole = f32x4.splat(sumOfLanes(sum));
  for (at = 0; at < sharesBytes; at += 16) v128.store(shares + at, f32x4.div(v128.load(shares + at), whole));
}

function clearRows(rows: i32, at: usize, rowBytes: usize, bytes: usize): void {
  for (let row: usize = 0; row < <usize>rows; row++) memory.fill(at + row * rowBytes, 0, bytes);
}

/** h of the rows of a block; query, shares and mix stay at `keep`, or at `blockKept` where that is 0. */
export function attentionForward(rows: i32, keep: usize): void {
  const query = keep == 0 ? blockKept : keep;
  const latest = blockContext + contextBytes - inputsBytes;
  clearRows(rows, query, keptBytes, hiddenBytes);
  addProducts(rows, latest, contextBytes, inputsBytes, weights, projectionsBytes, hiddenBytes, query, keptBytes);
  clearRows(rows, blockMix, mixBytes, mixBytes);
  addProducts(rows, query, keptBytes, hiddenBytes, transposed, mixBytes, mixBytes, blockMix, mixBytes);
  for (let row = 0; row < rows; row++) {
    const shares = query + <usize>row * keptBytes + hiddenBytes;
    share(blockMix + <usize>row * mixBytes, context(row), shares);
    mix(shares, context(row), shares + sharesBytes);
  }
  beginHidden(rows);
  addProducts(
    rows, query + hiddenBytes + sharesBytes, keptBytes, inputsBytes, weights + 2 * hiddenBytes, projectionsBytes,
    hiddenBytes, blockHidden, hiddenBytes,
  );
  addProducts(
    rows, latest, contextBytes, inputsBytes, weights + 3 * hiddenBytes, projectionsBytes, hiddenBytes, blockHidden,
    hiddenBytes,
  );
  finishHidden(rows);
}

/** From the gradients of a row's mix, at `ofMix`, to those of the lags and, in its place, of query times keys. */
function shareBackward(context: usize, shares: usize, ofMix: usize): void {
  let mean: f32 = 0;
  let at: usize = 0;
  for (let x = context; x < context + contextBytes; x += inputsBytes, at += 4) {
    const gradient = dot(ofMix, x);
    store<f32>(rowScores + at, gradient);
    mean += gradient * load<f32>(shares + at);
  }
  const by = scale();
  const end = at;
  for (at = 0; at < end; at += 4) {
    const gradient = load<f32>(shares + at) * (load<f32>(rowScores + at) - mean);
    const ofLag = gradients + lagsAt + at;
    store<f32>(ofLag, load<f32>(ofLag) + gradient);
    store<f32>(rowScores + at, by * gradient);
  }
  mix(rowScores, context, ofMix);
}

/** Adds the gradients of one step of `count` windows, whose states after it are at `next`. */
export function attentionBackward(count: i32, next: usize, keep: usize): void {
  hiddenBackward(count, next);
  const latest = next + hiddenBytes + contextBytes - inputsBytes;
  const shares = keep + hiddenBytes;
  const ofQuery = gateGradients + hiddenBytes, ofMix = ofQuery + hiddenBytes;
  addOuterProducts(
    count, latest, stateBytes, inputsBytes, gateGradients, gateGradientBytes, hiddenBytes,
    gradients + 3 * hiddenBytes, projectionsBytes,
  );
  addOuterProducts(
    count, shares + sharesBytes, keptBytes, inputsBytes, gateGradients, gateGradientBytes, hiddenBytes,
    gradients + 2 * hiddenBytes, projectionsBytes,
  );
  clearRows(count, ofQuery, gateGradientBytes, hiddenBytes + mixBytes);
  addProducts(
    count, gateGradients, gateGradientBytes, hiddenBytes, transposed + <usize>hidden * mixBytes, mixBytes, mixBytes,
    ofMix, gateGradientBytes,
  );
  for (let row: usize = 0; row < <usize>count; row++) {
    shareBackward(
      next + row * stateBytes + hiddenBytes, shares + row * keptBytes, ofMix + row * gateGradientBytes,
    );
  }
  addOuterProducts(
    count, ofMix, gateGradientBytes, inputsBytes, keep, keptBytes, hiddenBytes, gradients + hiddenBytes,
    projectionsBytes,
  );
  addProducts(
    count, ofMix, gateGradientBytes, inputsBytes, weights + hiddenBytes, projectionsBytes, hiddenBytes, ofQuery,
    gateGradientBytes,
  );
  addOuterProducts(
    count, latest, stateBytes, inputsBytes, ofQuery, gateGradientBytes, hiddenBytes, gradients, projectionsBytes,
  );
}
