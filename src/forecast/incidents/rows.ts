/** The slabs of what keys keep of their incidents: 64 bytes a key. */
import { Slabs, type SlabRows } from "../keys/slabs.js";

/** Indices in a key's row of 64-bit numbers. */
export const f64At = {
  /** Position and time of the first unusual value. */
  position: 0,
  begin: 1,
  peakTime: 2,
  peakValue: 3,
  peakExpected: 4,
  /** Time of the last lasting value. */
  end: 5,
} as const;
export const f64Size = 6;

/** Indices in a key's row of singles. */
export const f32At = {
  peakScore: 0,
  /** Lasting values so far: exact up to 16,777,216, and no more from there on. */
  events: 1,
} as const;
export const f32Size = 2;

/** Indices in a key's row of 16-bit counts. */
export const u16At = {
  /** Phase, kind, direction and marks, see `bits`. */
  marks: 0,
  /** The last values, newest in the lowest bit: 1 where the value was unusual. */
  history: 1,
  /** Ordinary values, less the unusual ones among them. */
  ordinary: 2,
  /** The peak's score when the incident was last told, in 1/256. */
  told: 3,
} as const;
export const u16Size = 4;

/** Where each part of the marks begins, and how many bits it has. */
export const bits = {
  phase: [0, 2],
  kind: [2, 4],
  direction: [6, 2],
  settled: [8, 1],
  muted: [9, 1],
  updates: [10, 5],
  /** Open, but not told: its kind is expected of the key. */
  held: [15, 1],
} as const;

/** States of a key's incident, see `incidents.ts`. */
export const phase = { none: 0, pending: 1, open: 2, closed: 3 } as const;

/** A key's rows as a snapshot holds them. */
export type IncidentState = SlabRows;

export class IncidentRows extends Slabs {
  #open = 0;

  constructor() {
    super({ f64: f64Size, f32: f32Size, u16: u16Size }, "incidents");
  }

  /** Keys with an open incident that is told. */
  get open(): number {
    return this.#open;
  }

  override write(slot: number, rows: IncidentState): void {
    this.#open -= this.#isOpen(slot);
    super.write(slot, rows);
    this.#open += this.#isOpen(slot);
  }

  override start(slot: number): void {
    this.#open -= this.#isOpen(slot);
    super.start(slot);
  }

  override clear(): void {
    this.#open = 0;
    super.clear();
  }

  #isOpen(slot: number): 0 | 1 {
    return this.mark(slot, bits.phase) === phase.open && this.mark(slot, bits.held) === 0 ? 1 : 0;
  }

  /** Returns one part of a key's marks. */
  mark(slot: number, [from, length]: readonly [number, number]): number {
    return (this.u16[slot * u16Size + u16At.marks]! >> from) & ((1 << length) - 1);
  }

  /** Returns a key's rows as a snapshot holds them; undefined for a key that has had no incident. */
  readOf(slot: number): IncidentState | undefined {
    return this.u16[slot * u16Size + u16At.marks] === 0 ? undefined : this.read(slot);
  }

  setMark(slot: number, [from, length]: readonly [number, number], mark: number): void {
    const at = slot * u16Size + u16At.marks;
    const mask = ((1 << length) - 1) << from;
    this.#open -= this.#isOpen(slot);
    this.u16[at] = (this.u16[at]! & ~mask) | ((mark << from) & mask);
    this.#open += this.#isOpen(slot);
  }
}
