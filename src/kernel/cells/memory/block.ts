/** A block of up to `BLOCK` rows that steps through a cell: addresses of the states, and sums of the read-outs. */
import { mad, sumOfLanes } from "../../arithmetic";
import { take } from "../../heap";
import { offsetAt, skipAt, weights } from "./parameters";
import { stateBytes } from "./passes";
import { hiddenBytes, skipsBytes } from "./shape";

/** Rows whose states are gathered at once: a multiple of 3 that stays in the first-level cache. */
export const BLOCK: i32 = 48;

/** Addresses of the rows' old and new states. */
let blockFrom: usize = 0;
let blockTo: usize = 0;
/** Old hidden states, interleaved by threes; cells that see inputs keep sums before the activation here. */
export let blockHidden: usize = 0;
/** Four partial sums of each row's read-out. */
let blockSums: usize = 0;

export function layOutBlock(): void {
  blockFrom = take(BLOCK * sizeof<usize>());
  blockTo = take(BLOCK * sizeof<usize>());
  blockHidden = take(<u64>BLOCK * hiddenBytes);
  blockSums = take(BLOCK * 16);
}

/** Address of a row's old state. */
// @ts-ignore: decorator
@inline
export function from(row: i32): usize {
  return load<usize>(blockFrom + (<usize>row << 2));
}

/** Address of a row's new state, which may be the old one's: a cell reads old hidden states from `oldHidden`. */
// @ts-ignore: decorator
@inline
export function to(row: i32): usize {
  return load<usize>(blockTo + (<usize>row << 2));
}

// @ts-ignore: decorator
@inline
export function setRow(row: i32, fromState: usize, toState: usize): void {
  store<usize>(blockFrom + (<usize>row << 2), fromState);
  store<usize>(blockTo + (<usize>row << 2), toState);
}

/** Address of a row's old hidden states: three rows interleaved unit by unit; the last one or two rows on their own. */
// @ts-ignore: decorator
@inline
export function oldHidden(row: i32): usize {
  return blockHidden + <usize>row * hiddenBytes;
}

/** Keeps the loads of `touch` from being dropped. */
const touched: usize = memory.data(4);

/** Reads one word of every cache line of the old states: the processor then fetches rows that lie apart in parallel. */
function touch(rows: i32): void {
  let words = 0;
  for (let row = 0; row < rows; row++) {
    const state = from(row);
    for (let at: usize = 0; at < stateBytes; at += 64) words |= load<i32>(state + at);
  }
  store<i32>(touched, words);
}

/** Copies the old hidden states to `oldHidden`. */
export function gather(rows: i32): void {
  touch(rows);
  let row = 0;
  for (; row + 3 <= rows; row += 3) {
    const a = from(row), b = from(row + 1), c = from(row + 2);
    let into = oldHidden(row);
    for (let unit: usize = 0; unit < hiddenBytes; unit += 8) {
      store<f32>(into, load<f32>(a + unit));
      store<f32>(into, load<f32>(b + unit), 4);
      store<f32>(into, load<f32>(c + unit), 8);
      store<f32>(into, load<f32>(a + unit, 4), 12);
      store<f32>(into, load<f32>(b + unit, 4), 16);
      store<f32>(into, load<f32>(c + unit, 4), 20);
      into += 24;
    }
  }
  for (; row < rows; row++) {
    const a = from(row), into = oldHidden(row);
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) v128.store(into + unit, v128.load(a + unit));
  }
}

/** Clears the sums of the read-outs. */
export function clearSums(rows: i32): void {
  for (let row = 0; row < rows; row++) v128.store(blockSums + (<usize>row << 4), f32x4.splat(0));
}

/** Adds four new hidden units to a row's read-out. */
// @ts-ignore: decorator
@inline
export function addToReadout(row: i32, units: v128, readout: v128): void {
  const sum = blockSums + (<usize>row << 4);
  v128.store(sum, mad(units, readout, v128.load(sum)));
}

/** Writes the read-outs of the rows: offset + read-out · h' + skip · skips. */
export function finishReadouts(rows: i32, skips: usize, readouts: usize): void {
  const offset = load<f32>(weights + offsetAt);
  for (let row = 0; row < rows; row++) {
    let sum = v128.load(blockSums + (<usize>row << 4));
    const values = skips + <usize>row * skipsBytes;
    for (let skip: usize = 0; skip < skipsBytes; skip += 16) {
      sum = mad(v128.load(values + skip), v128.load(weights + skipAt + skip), sum);
    }
    store<f32>(readouts + (<usize>row << 2), sumOfLanes(sum) + offset);
  }
}
