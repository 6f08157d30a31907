/**
 * Kinds of incidents that were said to be fine, of some keys: none of the kind is told of the key before a stated time.
 * Only keys of which it was said take memory.
 */
import { incidentKinds, type IncidentKind } from "./kinds.js";

/** Times of a key's kinds, in their order, until which they are expected; as a snapshot holds them. */
export type ExpectedTimes = Float64Array;
export const expectedSize = incidentKinds.length;

export class ExpectedKinds {
  readonly #until = new Map<number, ExpectedTimes>();

  get bytes(): number {
    return 8 * expectedSize * this.#until.size;
  }

  /** From now on, incidents of a kind are not told of a key before a time; the later one of two holds. */
  expect(slot: number, kind: IncidentKind, until: number): void {
    const times = this.#until.get(slot) ?? new Float64Array(expectedSize).fill(-Infinity);
    const index = incidentKinds.indexOf(kind);
    times[index] = Math.max(times[index]!, until);
    this.#until.set(slot, times);
  }

  /** Returns whether an incident of a kind is expected of a key at a time. */
  isExpected(slot: number, kind: IncidentKind | undefined, time: number): boolean {
    if (kind === undefined || this.#until.size === 0) return false;
    const times = this.#until.get(slot);
    return times !== undefined && time < times[incidentKinds.indexOf(kind)]!;
  }

  read(slot: number): ExpectedTimes | undefined {
    return this.#until.get(slot);
  }

  write(slot: number, times: ExpectedTimes): void {
    this.#until.set(slot, times.slice());
  }

  /** The key of a slot is forgotten. */
  forget(slot: number): void {
    this.#until.delete(slot);
  }

  clear(): void {
    this.#until.clear();
  }
}
