/** The slabs of what keys keep of their gaps, to notice that a key does not come any more: 60 bytes a key. */
import { Slabs, type SlabRow, type SlabRows } from "../../keys/slabs.js";

/** Octave halves of gaps that a key tells apart: from a third of its mean gap to more than five times of it. */
export const bins = 8;

/** Indices in a key's row of 64-bit numbers. */
export const f64At = {
  /** Time of the stream at the key's last event, epoch milliseconds. */
  last: 0,
  /** Position of that event. */
  position: 1,
} as const;
export const f64Size = 2;

/** Indices in a key's row of singles. */
export const f32At = {
  /** Running mean of the gaps, milliseconds, and of the events of the stream from one of the key to the next. */
  gap: 0,
  events: 1,
} as const;
export const f32Size = 2;

/** Indices in a key's row of 16-bit counts. */
export const u16At = {
  /** The bits of `marks`. */
  marks: 0,
  /** Number of the key's last event in the stream, modulo 2^32: low and high half. */
  countLow: 1,
  countHigh: 2,
  /** Half octaves of milliseconds below the lowest bin. */
  origin: 3,
  /** Remembered gaps by their size. */
  bins: 4,
  /** Whether the key comes in an hour, two bits for each: 24 of a workday, then 24 of a weekend. */
  hours: 4 + bins,
} as const;
export const u16Size = u16At.hours + 6;

/** A silence is told and lasts; it was told in a quiet time; the key has had an event; on a workday; on a weekend; a silence lasts and is not told, because it is expected. */
export const marks = { open: 1, muted: 2, begun: 4, workday: 8, weekend: 16, held: 32 } as const;

/** A key's rows as a snapshot holds them. */
export type SilenceState = SlabRows;

/** The rows of one key; one object is reused for all. */
export type SilenceRow = SlabRow;

export class SilenceRows extends Slabs {
  constructor() {
    super({ f64: f64Size, f32: f32Size, u16: u16Size }, "gaps");
  }
}

const word = 2 ** 32;

/** Returns the events of the stream since the key's last one, of which there have been `count`. */
export function eventsSince({ u16, at16 }: SilenceRow, count: number): number {
  const last = u16[at16 + u16At.countLow]! + 65536 * u16[at16 + u16At.countHigh]!;
  const since = (count % word) - last;
  return since < 0 ? since + word : since;
}

export function setCount({ u16, at16 }: SilenceRow, count: number): void {
  const low = count % word;
  u16[at16 + u16At.countLow] = low % 65536;
  u16[at16 + u16At.countHigh] = Math.floor(low / 65536);
}
