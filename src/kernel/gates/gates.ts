/**
 * The gates of many keys: what a key's experts forecast is mixed by a softmax of linear functions of their recent losses and of
 * what they say now. The result is one of three rivals, beside the last value and the panel's mixture; their weights follow
 * the rule of src/forecast/experts/mixture.ts.
 * Plain reference: test/reference/gates.ts.
 */
import { exp, flush, logarithmOfFour, mad, sumOfLanes } from "../arithmetic";
import { beginLayout, take } from "../heap";
import { layOutSlab, rowAt, rowSize } from "../slab";

export { reserve, rowSize, slab } from "../slab";

/** Members that are mixed at most: two vectors. A missing one says 0, and all its weights are 0. */
const MEMBERS: usize = 8;
/** Bytes of one number of each member, of the losses as 16-bit floats, and of a row of three such and three vectors. */
const WIDTH: usize = 4 * MEMBERS;
const HALVES: usize = 2 * MEMBERS;
const DISCOUNTS: usize = 3;
/** Rows of the inputs: logarithms by discount, moves and their sizes; then two numbers of the key. */
const LOGARITHMS: usize = DISCOUNTS * MEMBERS;
const INPUTS: usize = LOGARITHMS + 2 * MEMBERS + 2;

/**
 * Where the parts of a row lie: the rivals' forecasts, regrets and squares, then the members' losses. What is in the fourth
 * lanes, and in those of missing members, belongs to others and stays.
 */
const REGRETS: usize = 16;
const SQUARES: usize = 32;
const LOSSES: usize = 48;

/** Mean loss at first, in scales, as a 16-bit float. */
const USUAL_LOSS: i16 = 0x399a;
const LEAST_LOSS: f32 = 1e-3;
const LARGEST_ERROR: f32 = 10;
const LARGEST_LOGARITHM: f32 = 3;
const LARGEST_FORECAST: f32 = 20;
const LARGEST_DISTANCE: f32 = 5;
const ABSOLUTE_WIDTH: f32 = 0.001;
const REGRET_DISCOUNT: f32 = 0.998;
const SHARE: f32 = 0.001;
const RIVALS: f32 = 3;
/** Least exponent of a softmax: what is left is no denormal number, which would be slow. */
const LEAST_EXPONENT: f32 = -75;

/** What the members say; the weights, of each input side by side, and the constants behind; inputs and shares; trust in the rivals. */
export let said: usize = 0;
export let weights: usize = 0;
export let inputs: usize = 0;
export let shares: usize = 0;
export let trust: usize = 0;

/** Ones in the lanes of the members, of 16 bits each. */
let present: usize = 0;

/** Lays out the buffers for gates of so many members, in rows with further bytes. Returns false if memory is exhausted. */
export function init(members: i32, further: i32): bool {
  beginLayout();
  present = take(HALVES);
  said = take(WIDTH);
  weights = take((INPUTS + 1) * WIDTH);
  inputs = take(4 * INPUTS);
  shares = take(WIDTH);
  trust = take(16);
  if (!layOutSlab(LOSSES + DISCOUNTS * HALVES + further)) return false;
  memory.fill(present, 0xff, 2 * members);
  return true;
}

/** Starts a row. The gate is trusted most, the last value least. */
export function start(row: i32): void {
  const at = rowAt(row);
  memory.fill(at, 0, <usize>rowSize() << 2);
  v128.store(at + REGRETS, f32x4(3, 2, 0, 0));
  const losses = v128.and(i16x8.splat(USUAL_LOSS), v128.load(present));
  for (let d: usize = 0; d < DISCOUNTS; d++) v128.store(at + LOSSES + d * HALVES, losses);
}

// @ts-ignore: decorator
@inline
function clip(value: v128, most: f32): v128 {
  return f32x4.max(f32x4.splat(-most), f32x4.min(f32x4.splat(most), value));
}

// @ts-ignore: decorator
@inline
function clipOne(value: f32, most: f32): f32 {
  return max<f32>(-most, min<f32>(most, value));
}

/** The numbers of four 16-bit floats in 32 bits each. */
// @ts-ignore: decorator
@inline
function fromHalves(halves: v128): v128 {
  return f32x4.mul(i32x4.shl(halves, 13), f32x4.splat(5.192296858534828e33));
}

/** Four numbers from 0 to 65,504 as 16-bit floats in 32 bits each, rounded to nearest, ties to even. */
function toHalves(sizes: v128): v128 {
  const bits = f32x4.mul(sizes, f32x4.splat(1.925929944387236e-34));
  const tie = v128.and(i32x4.shr_u(bits, 13), i32x4.splat(1));
  return i32x4.shr_u(i32x4.add(i32x4.add(bits, i32x4.splat(0xfff)), tie), 13);
}

/** Logarithms of four losses. */
function logarithmsOf(halves: v128): v128 {
  return logarithmOfFour(f32x4.add(fromHalves(halves), f32x4.splat(LEAST_LOSS)));
}

/** Bounds what the members say. */
function clipSaid(): void {
  v128.store(said, clip(v128.load(said), LARGEST_FORECAST));
  v128.store(said, clip(v128.load(said, 16), LARGEST_FORECAST), 16);
}

/** Writes how far four members are from the first one: between -1 and 1, and without the sign. */
function writeMoves(at: usize, forecasts: v128, first: v128): void {
  const away = f32x4.sub(forecasts, first);
  const size = f32x4.div(f32x4.abs(away), f32x4.add(f32x4.splat(1), f32x4.abs(away)));
  v128.store(at, v128.or(size, v128.and(away, f32x4.splat(-0.0))));
  v128.store(at + WIDTH, size);
}

function writeInputs(row: usize, ofValues: f32, ofFew: f32): void {
  let at = inputs;
  for (let d: usize = 0; d < DISCOUNTS; d++, at += WIDTH) {
    const halves = v128.load(row + LOSSES + d * HALVES);
    const near = logarithmsOf(i32x4.extend_low_i16x8_u(halves));
    const far = logarithmsOf(i32x4.extend_high_i16x8_u(halves));
    const first = v128.shuffle<f32>(near, near, 0, 0, 0, 0);
    v128.store(at, clip(f32x4.sub(near, f32x4.replace_lane(first, 0, 0)), LARGEST_LOGARITHM));
    v128.store(at, clip(f32x4.sub(far, first), LARGEST_LOGARITHM), 16);
  }
  const first = v128.load_splat<f32>(said);
  writeMoves(at, v128.load(said), first);
  writeMoves(at + 16, v128.load(said, 16), first);
  at += 2 * WIDTH;
  store<f32>(at, ofValues);
  store<f32>(at, ofFew, 4);
}

/** The greatest of eight numbers, in every lane. */
// @ts-ignore: decorator
@inline
function greatestOf(a: v128, b: v128): v128 {
  const fours = f32x4.max(a, b);
  const pairs = f32x4.max(fours, v128.shuffle<f32>(fours, fours, 2, 3, 0, 1));
  return f32x4.max(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}

function powersBelow(exponents: v128, greatest: v128): v128 {
  return exp(f32x4.max(f32x4.sub(exponents, greatest), f32x4.splat(LEAST_EXPONENT)));
}

/**
 * Writes the inputs of a row and the shares that its members have in the gate's forecast.
 *
 * @param ofValues Logarithm of the number of the key's values, and `ofFew` its inverse, both as trained.
 */
export function look(row: i32, ofValues: f32, ofFew: f32): void {
  clipSaid();
  writeInputs(rowAt(row), ofValues, ofFew);
  const constants = weights + INPUTS * WIDTH;
  // Two sums each: a product does not wait for the one before.
  let near = v128.load(constants), far = v128.load(constants, 16);
  let nearToo = f32x4.splat(0), farToo = nearToo;
  let w = weights;
  for (let at = inputs; at < inputs + 4 * INPUTS; at += 8, w += 2 * WIDTH) {
    const even = v128.load_splat<f32>(at), odd = v128.load_splat<f32>(at, 4);
    near = mad(even, v128.load(w), near);
    far = mad(even, v128.load(w, 16), far);
    nearToo = mad(odd, v128.load(w, 32), nearToo);
    farToo = mad(odd, v128.load(w, 48), farToo);
  }
  near = f32x4.add(near, nearToo);
  far = f32x4.add(far, farToo);
  const greatest = greatestOf(near, far);
  near = powersBelow(near, greatest);
  far = powersBelow(far, greatest);
  const total = f32x4.splat(sumOfLanes(f32x4.add(near, far)));
  v128.store(shares, f32x4.div(near, total));
  v128.store(shares, f32x4.div(far, total), 16);
}

/** Three lanes, and 0 in the fourth. */
// @ts-ignore: decorator
@inline
function threeOf(at: usize): v128 {
  return f32x4.replace_lane(v128.load(at), 3, 0);
}

/** Writes three lanes; the fourth stays. */
// @ts-ignore: decorator
@inline
function writeThree(at: usize, value: v128): void {
  v128.store(at, f32x4.replace_lane(value, 3, load<f32>(at, 12)));
}

/** Writes how far the rivals of a row are trusted, and returns their forecast together. */
export function whole(row: i32): f32 {
  return wholeOf(rowAt(row));
}

function wholeOf(row: usize): f32 {
  const squares = threeOf(row + SQUARES);
  const root = f32x4.sqrt(f32x4.add(squares, f32x4.splat(1)));
  const rate = f32x4.div(f32x4.splat(1), root);
  const both = f32x4.mul(rate, f32x4.add(threeOf(row + REGRETS), f32x4.mul(rate, squares)));
  // The fourth lane is no rival.
  const exponents = f32x4.replace_lane(f32x4.neg(both), 3, -1e30);
  const weight = f32x4.div(powersBelow(exponents, greatestOf(exponents, exponents)), root);
  const part = f32x4.splat((1 - SHARE) / sumOfLanes(weight));
  const trusted = f32x4.add(f32x4.mul(part, weight), f32x4.splat(SHARE / RIVALS));
  v128.store(trust, trusted);
  return sumOfLanes(f32x4.mul(trusted, threeOf(row)));
}

/**
 * Mixes what the members say into the row's next forecast, beside that of the panel, and returns the forecast of the rivals
 * together.
 */
export function forecast(row: i32, panel: f32, ofValues: f32, ofFew: f32): f32 {
  look(row, ofValues, ofFew);
  const at = rowAt(row);
  const near = f32x4.mul(v128.load(shares), v128.load(said));
  const far = f32x4.mul(v128.load(shares, 16), v128.load(said, 16));
  writeThree(at, f32x4(load<f32>(said), panel, sumOfLanes(f32x4.add(near, far)), 0));
  return wholeOf(at);
}

/**
 * The row learns that a scaled change came: the rivals' regrets from their last forecasts, the losses from what the members said.
 *
 * @param spread Size of the usual errors of the hour, which errors are divided by.
 * @param soonest Least rate at which a mean loss moves: one of few values moves faster.
 */
export function learn(row: i32, target: f32, spread: f32, soonest: f32, squared: bool): void {
  const at = rowAt(row);
  const pending = wholeOf(at);
  const error = pending - target;
  const gradient: f32 = squared ? <f32>2 * clipOne(error, LARGEST_DISTANCE) : clipOne(error / ABSOLUTE_WIDTH, 1);
  const away = clip(f32x4.sub(threeOf(at), f32x4.splat(pending)), LARGEST_DISTANCE);
  const loss = f32x4.mul(f32x4.splat(gradient / spread), away);
  const kept = f32x4.splat(REGRET_DISCOUNT);
  writeThree(at + REGRETS, flush(mad(kept, threeOf(at + REGRETS), loss)));
  writeThree(at + SQUARES, flush(mad(kept, threeOf(at + SQUARES), f32x4.mul(loss, loss))));
  clipSaid();
  const near = errorsOf(v128.load(said), target, spread), far = errorsOf(v128.load(said, 16), target, spread);
  moveLosses(at + LOSSES, near, far, max<f32>(0.2, soonest));
  moveLosses(at + LOSSES + HALVES, near, far, max<f32>(0.05, soonest));
  moveLosses(at + LOSSES + 2 * HALVES, near, far, max<f32>(0.01, soonest));
}

// @ts-ignore: decorator
@inline
function errorsOf(forecasts: v128, target: f32, spread: f32): v128 {
  const errors = f32x4.abs(f32x4.sub(f32x4.splat(target), forecasts));
  return f32x4.min(f32x4.div(errors, f32x4.splat(spread)), f32x4.splat(LARGEST_ERROR));
}

function moveLosses(at: usize, near: v128, far: v128, rate: f32): void {
  const halves = v128.load(at);
  const rates = f32x4.splat(rate);
  const nearLoss = fromHalves(i32x4.extend_low_i16x8_u(halves));
  const farLoss = fromHalves(i32x4.extend_high_i16x8_u(halves));
  const nearMoved = toHalves(mad(rates, f32x4.sub(near, nearLoss), nearLoss));
  const farMoved = toHalves(mad(rates, f32x4.sub(far, farLoss), farLoss));
  const moved = i16x8.narrow_i32x4_u(nearMoved, farMoved);
  v128.store(at, v128.bitselect(moved, halves, v128.load(present)));
}
