/** A ring of a key's last values: in 32 bits, above an anchor that follows the key. It doubles as it fills up. */
import { remainder } from "../elementary.js";
import { firstCapacity, means, place, seasonsOf } from "./layout.js";
import { longestWindow } from "./search.js";

/** The furthest step ahead: the ring has to hold what a forecast of it was made of. */
export const furthest = 96;

/** Seasons whose values in one place are compared. */
const compared = 4;

/** Means of the last one, two, four and eight values at the same place of the season; see `Ring.sum`. */
export const sums = new Float64Array(means);

export class Ring {
  /** Where each quantity lies is said in `layout.ts`; the ring keeps its anchor and its count there. */
  readonly numbers: Float64Array;
  /** Values above the anchor; the value that is number i lies at i modulo the length. */
  values: Float32Array;

  constructor(numbers: Float64Array, values: Float32Array) {
    this.numbers = numbers;
    this.values = values;
  }

  /** Returns the length of a ring that has taken `count` values. */
  static lengthOf(count: number): number {
    let capacity = firstCapacity;
    while (capacity < Math.min(count, longestWindow)) capacity *= 2;
    return capacity;
  }

  get count(): number {
    return this.numbers[place.count]!;
  }

  get anchor(): number {
    return this.numbers[place.anchor]!;
  }

  /** Returns the last value, in the unit of the values. */
  get last(): number {
    return this.values[remainder(this.count - 1, this.values.length)]! + this.anchor;
  }

  /** Appends a value, given above the anchor. */
  push(value: number): void {
    const count = this.count;
    if (count === this.values.length && count < longestWindow) this.#grow();
    this.values[remainder(count, this.values.length)] = value;
    this.numbers[place.count] = count + 1;
  }

  /** Appends the last value once more. */
  repeatLast(): void {
    const { count } = this;
    if (count === this.values.length && count < longestWindow) this.#grow();
    this.values[count & (this.values.length - 1)] = this.values[(count - 1) & (this.values.length - 1)]!;
    this.numbers[place.count] = count + 1;
  }

  /** Leaves out the last values. Those before a full ring are gone: there, the others move on in their place. */
  leaveOut(steps: number): void {
    const { values, count } = this;
    if (count <= values.length) {
      this.numbers[place.count] = count - steps;
      return;
    }
    const mask = values.length - 1;
    const last = count - 1;
    for (let i = 0; i < values.length - steps; i++) {
      values[(last - i) & mask] = values[(last - i - steps) & mask]!;
    }
  }

  /** Writes another value, in the unit of the values, in the place of value number `index`, where that is still there. */
  replace(index: number, value: number): void {
    if (index >= Math.max(0, this.count - this.values.length))
      this.values[index & (this.values.length - 1)] = value - this.anchor;
  }

  /**
   * Returns the mean that a forecast of a value is made of, in the unit of the values: of the value `step` after the last
   * one, as it was known `back` values before the last one.
   */
  mean(period: number, variant: number, step: number, back: number): number {
    const { values } = this;
    const first = Math.ceil((step + back) / period);
    const k = seasonsOf[remainder(variant, means)]!;
    const at = this.count - 1 + step;
    const mask = values.length - 1;
    let sum = 0;
    for (let season = first; season < first + k; season++) {
      sum += values[(at - season * period) & mask]!;
    }
    return this.anchor + sum / k;
  }

  /** Writes to `sums` the means, above the anchor, of the seasons before the value that comes; returns how many are known. */
  sum(period: number): number {
    const { values } = this;
    const count = this.count;
    const mask = values.length - 1;
    let known = 0;
    let sum = 0;
    let season = 0;
    while (known < means && isKnown(period, known, count)) {
      const k = seasonsOf[known]!;
      while (season < k) sum += values[(count - ++season * period) & mask]!;
      sums[known++] = sum / k;
    }
    return known;
  }

  /**
   * Returns how far, at most, the last seasons' values are from a forecast of the value `step` after the last one, in its place;
   * Infinity where fewer than two are known.
   */
  spread(period: number, step: number, forecast: number): number {
    const { values, count } = this;
    const mask = values.length - 1;
    const at = count - 1 + step;
    const first = Math.ceil(step / period);
    const oldest = Math.max(0, count - values.length);
    let most = at - (first + 1) * period < oldest ? Infinity : 0;
    for (let season = first; season < first + compared && at - season * period >= oldest; season++) {
      most = Math.max(most, Math.abs(values[(at - season * period) & mask]! + this.anchor - forecast));
    }
    return most;
  }

  /** Returns the last values, at most so many, the oldest first; each is rounded to what its 32 bits hold. */
  latest(most: number): number[] {
    const { values, count, anchor } = this;
    const length = Math.min(most, count, values.length);
    return Array.from({ length }, (_, i) => {
      const above = values[(count - length + i) & (values.length - 1)]!;
      return decimal(anchor + above, above);
    });
  }

  /** Moves the anchor by `by`, for the ring's 32 bits to resolve what the key is like now. */
  moveAnchor(by: number): void {
    const { numbers, values } = this;
    numbers[place.anchor] = numbers[place.anchor]! + by;
    for (let i = 0; i < values.length; i++) values[i] = values[i]! - by;
  }

  #grow(): void {
    const longer = new Float32Array(2 * this.values.length);
    longer.set(this.values);
    this.values = longer;
  }
}

/** Whether a ring of `count` values has those of mean `m`, also for forecasts of the furthest step that wait. */
function isKnown(period: number, m: number, count: number): boolean {
  const values = seasonsOf[m]! * period;
  return count >= values && (m === 0 || values + furthest <= longestWindow);
}

/** Rounds a value to the decimals that 32 bits of its part above the anchor hold. */
function decimal(value: number, above: number): number {
  if (above === 0) return value;
  const decimals = Math.floor(-Math.log10(Math.abs(above) * 2 ** -23));
  return decimals < 0 ? value : Number(value.toFixed(Math.min(decimals, 100)));
}
