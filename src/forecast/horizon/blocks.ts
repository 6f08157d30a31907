/**
 * Blocks of further steps that learn together: (1, 2], (2, 4], (4, 8], (8, 16] and so on, one for each doubling of the horizon.
 * A block's bands are steps whose intervals are one: (4, 6], (6, 8], (8, 12] and so on, two for each doubling, for errors of a
 * block may be twice as large at its end as at its beginning.
 *
 * Of a block's forecasts a sample waits for its values: every few events one step's, each step in its turn. The errors of h
 * steps ahead overlap, so that h events tell about as much as one. The models learn from more: from every event up to 32 steps
 * ahead, where one of three loses .4 % (ETTm2, mean squared error to 24).
 */
import { placeIn, remainder } from "../elementary.js";

/** Steps of a block whose intervals share a size and quantiles. */
export interface StepBand {
  readonly index: number;
  readonly first: number;
  readonly last: number;
  /** Events from one sample of these steps to the next, on average. */
  readonly stride: number;
}

/** A block of steps, and its sample. */
export interface StepBlock {
  readonly index: number;
  readonly first: number;
  readonly last: number;
  readonly bands: readonly StepBand[];
  /** Events from one sampled event to the next, on average. */
  readonly stride: number;
  /** Steps from the one of a sample to that of the next: no divisor in common with their number. */
  readonly turn: number;
  /** Events from one that the block's models learn from to the next. */
  readonly learnStride: number;
  /** Places of the forecasts that wait: `entries` from `firstEntry` on. */
  readonly entries: number;
  readonly firstEntry: number;
}

/** Strides: primes that divide no hour, day or week of usual samples; up to so far ahead. */
const strides = [
  { stride: 1, last: 8 },
  { stride: 3, last: 16 },
  { stride: 5, last: 32 },
  { stride: 11, last: 64 },
  { stride: 13, last: Infinity },
] as const;

/** The models of blocks up to so many steps ahead learn from every event, those beyond from one of so many. */
const learnedWhole = 32;
const learnStrideBeyond = 5;
/** The share of a block's steps by which its samples turn: near the golden section, for each few to be spread over all. */
const turnShare = 0.38;
/** Rounds of all steps after which the order of steps shifts by one more: a prime that divides no day and no week. */
const roundsAlike = 5;

/** The blocks of steps 2 to `horizon`. */
export function stepBlocks(horizon: number): readonly StepBlock[] {
  const blocks: StepBlock[] = [];
  let firstEntry = 0;
  let firstBand = 0;
  for (let first = 2; first <= horizon; first = blocks.at(-1)!.last + 1) {
    const last = Math.min(2 * Math.max(first - 1, 1), horizon);
    const { stride } = strides.find((each) => last <= each.last)!;
    const learnStride = last <= learnedWhole ? 1 : learnStrideBeyond;
    const entries = Math.ceil((last + stride - 1) / stride);
    let turn = Math.ceil(turnShare * (last - first + 1));
    while (commonDivisor(turn, last - first + 1) > 1) turn++;
    const bands = bandsOf(first, last, stride, firstBand);
    blocks.push({ index: blocks.length, first, last, bands, stride, turn, learnStride, entries, firstEntry });
    firstEntry += entries;
    firstBand += bands.length;
  }
  return blocks;
}

/** The bands of a block: its first half as it is where the horizon does not cut it, and the rest. */
function bandsOf(first: number, last: number, stride: number, index: number): readonly StepBand[] {
  const middle = Math.min(Math.floor(1.5 * Math.max(first - 1, 2)), last);
  const band = (at: number, from: number, to: number): StepBand => {
    return { index: at, first: from, last: to, stride: (stride * (last - first + 1)) / (to - from + 1) };
  };
  const bands = [band(index, first, middle)];
  if (middle < last) bands.push(band(index + 1, middle + 1, last));
  return bands;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** The event that a block's sample number `sample` is of: one of each `stride`, not always the same of them. */
export function originOf({ stride }: Pick<StepBlock, "stride">, sample: number): number {
  return sample * stride + remainder(2 * sample, stride);
}

/**
 * The step that a sample is of. All steps come once in as many samples, and at another place each time: otherwise a step of a
 * block whose samples repeat with the day would be of the same hours for ever.
 */
export function sampledStep({ first, last, turn }: StepBlock, sample: number): number {
  const steps = last - first + 1;
  const round = Math.floor(sample / steps);
  return first + remainder(turn * sample + round + Math.floor(round / roundsAlike), steps);
}

/** The number of the sample that is of an event; -1 where none is. */
export function sampleOf(block: Pick<StepBlock, "stride">, event: number): number {
  const sample = Math.floor(event / block.stride);
  return originOf(block, sample) === event ? sample : -1;
}

/** The first sample that may be due at an event, and the last: those with `originOf + sampledStep` equal to it are. */
export function firstDue({ last, stride }: StepBlock, event: number): number {
  return Math.max(0, Math.ceil((event - last - stride + 1) / stride));
}
export function lastDue({ first, stride }: StepBlock, event: number): number {
  return Math.floor((event - first) / stride);
}

/** Where a sample waits. */
export function entryOf({ entries, firstEntry }: StepBlock, sample: number): number {
  return firstEntry + placeIn(entries, sample);
}
