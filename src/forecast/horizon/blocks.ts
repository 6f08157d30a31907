/**
 * Blocks of further steps that learn together: (1, 2], (2, 3], (3, 4], (4, 6], (6, 8], (8, 12] and so on, each half again or a
 * third as far as the one before, so that there are about two for each doubling of the horizon.
 *
 * Of a block's forecasts a sample waits for its values: every few events one step's, each step in its turn. The errors of h
 * steps ahead overlap, so that h events tell about as much as one; a sample of a sixth of them loses next to nothing. The models
 * learn from more: from every event up to 32 steps ahead, where one of three loses .4 % (ETTm2, mean squared error to 24).
 */
import { placeIn, remainder } from "../elementary.js";

/** A block of steps, and its sample. */
export interface StepBlock {
  readonly index: number;
  readonly first: number;
  readonly last: number;
  /** Events from one sampled event to the next, on average. */
  readonly stride: number;
  /** Events from one that the block's models learn from to the next. */
  readonly learnStride: number;
  /** Places of the forecasts that wait: `entries` from `firstEntry` on. */
  readonly entries: number;
  readonly firstEntry: number;
}

/** Strides: primes that divide no hour, day or week of usual samples; up to so far ahead. */
const strides = [
  { stride: 1, last: 6 },
  { stride: 5, last: 32 },
  { stride: 11, last: 64 },
  { stride: 13, last: Infinity },
] as const;

/** The models of blocks up to so many steps ahead learn from every event, those beyond from one of so many. */
const learnedWhole = 32;
const learnStrideBeyond = 5;

/** The blocks of steps 2 to `horizon`. */
export function stepBlocks(horizon: number): readonly StepBlock[] {
  const blocks: StepBlock[] = [];
  let firstEntry = 0;
  for (let first = 2; first <= horizon; first = blocks.at(-1)!.last + 1) {
    const last = Math.min(endFrom(first), horizon);
    const { stride } = strides.find((each) => last <= each.last)!;
    const learnStride = last <= learnedWhole ? 1 : learnStrideBeyond;
    const entries = Math.ceil((last + stride - 1) / stride);
    blocks.push({ index: blocks.length, first, last, stride, learnStride, entries, firstEntry });
    firstEntry += entries;
  }
  return blocks;
}

/** The least of 2, 3, 4, 6, 8, 12, 16, 24, … that is no less than a step. */
function endFrom(step: number): number {
  let end = 2;
  while (end < step && 1.5 * end < step) end *= 2;
  return end >= step ? end : 1.5 * end;
}

/** The event that a block's sample number `sample` is of: one of each `stride`, not always the same of them. */
export function originOf({ stride }: Pick<StepBlock, "stride">, sample: number): number {
  return sample * stride + remainder(2 * sample, stride);
}

/** The step that a sample is of. */
export function sampledStep({ first, last }: StepBlock, sample: number): number {
  return first + remainder(sample, last - first + 1);
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
