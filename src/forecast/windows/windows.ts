/**
 * Windows of event time: raw events in; one observation per key and window out, once the watermark passes the window's end.
 * The watermark is the latest event time less the grace, so time is told by the events alone. Events become numbers in rows
 * of typed arrays: an event costs no allocation.
 */
import { UndercurrentError } from "../../errors/library.js";
import { maximumTime, maximumValue } from "../input.js";
import { ByteWriter, type ByteReader } from "../snapshot/bytes.js";
import { Percentile } from "./percentile.js";
import { durationMs } from "./duration.js";
import { emptyValue, quantileOf, type AggregateSettings } from "./settings.js";

/** Numbers of a key, before those of its windows. */
const keyNumbers = { begin: 0, empties: 1, time: 2, value: 3 } as const;
const keyWidth = 4;
/** Numbers of a window, before its features. */
const cellNumbers = { events: 0, values: 1, total: 2, time: 3 } as const;
const cellWidth = 4;

/** A key without events is kept for this many windows, or longer where its empty windows are observed. */
const leastKept = 60;

/** Windows that closed, in the order of their observations. Arrays may be longer than `count`. */
export interface ClosedWindows {
  readonly count: number;
  readonly slots: Int32Array;
  /** Ends of the windows, epoch milliseconds. */
  readonly times: Float64Array;
  /** NaN for a missing value. */
  readonly values: Float64Array;
  /** Row-major; the last value of each feature in the window. */
  readonly features: Float64Array;
  /** Events in the windows. */
  readonly events: Float64Array;
}

export class Windows {
  readonly #settings: AggregateSettings;
  readonly #features: number;
  readonly #every: number;
  readonly #grace: number;
  readonly #empty: number;
  readonly #quantile: number | undefined;
  /** Windows of a key that may be open at once; window i is in place i modulo this. */
  readonly #ring: number;
  readonly #rowWidth: number;
  #slots = new Map<string, number>();
  /** By slot. A free one has the name of its last key. */
  #names: string[] = [];
  #rows: Float64Array;
  /** By slot and place, where the windows need them. */
  #percentiles: (Percentile | undefined)[] = [];
  /** Free slots in falling order: the lowest is taken first, so that slots follow from the events alone. */
  #free: number[] = [];
  readonly #freed: number[] = [];
  readonly #closed: {
    count: number;
    slots: Int32Array;
    times: Float64Array;
    values: Float64Array;
    features: Float64Array;
    events: Float64Array;
  };
  #latest = -Infinity;
  /** Number of the first open window, counted from 1970; NaN before the first event. */
  #open = NaN;

  /** @param features Number of exogenous features per event. */
  constructor(settings: AggregateSettings, features: number) {
    this.#settings = settings;
    this.#features = features;
    this.#every = durationMs(settings.every);
    this.#grace = durationMs(settings.grace);
    this.#empty = emptyValue(settings);
    this.#quantile = quantileOf(settings);
    this.#ring = Math.ceil(this.#grace / this.#every) + 1;
    this.#rowWidth = keyWidth + this.#ring * (cellWidth + features);
    this.#rows = new Float64Array(16 * this.#rowWidth);
    this.#closed = closedColumns(16, features);
  }

  /** The windows that the last call of `advance` closed. */
  get closed(): ClosedWindows {
    return this.#closed;
  }

  /** Slots that the last call of `advance` took from their keys, also from some in `closed`. */
  get freed(): readonly number[] {
    return this.#freed;
  }

  /** Keys that are kept. */
  get size(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#rows.byteLength;
  }

  /** Returns the key of a slot. A slot that was freed has its key until `slotOf` gives it to another. */
  nameOf(slot: number): string {
    return this.#names[slot]!;
  }

  /** Returns the slot of a key, which is made on first use. Call `advance` before, for it may take slots away. */
  slotOf(key: string): number {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#names.length;
    this.#enter(slot, key);
    return slot;
  }

  /** Forgets a key and its open windows. Returns whether the key was there. */
  forget(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#forget(slot);
    this.#giveBack(this.#freed.splice(this.#freed.length - 1));
    return true;
  }

  /**
   * Moves the watermark to an event's time. Returns the number of windows that closed. Throws TIME_INVALID, changing nothing,
   * where the event's window would end beyond the range of times.
   */
  advance(time: number): number {
    this.#closed.count = 0;
    this.#freed.length = 0;
    if (time <= this.#latest) return 0;
    if (time > maximumTime - this.#every) {
      throw new UndercurrentError("TIME_INVALID", `the time is ${time}, at the end of the range of times`);
    }
    this.#latest = time;
    const open = Math.floor((time - this.#grace) / this.#every);
    if (open > this.#open) this.#close(open);
    else if (Number.isNaN(this.#open)) this.#open = open;
    return this.#closed.count;
  }

  /** Whether the window of an event time is closed. */
  isLate(time: number): boolean {
    return Math.floor(time / this.#every) < this.#open;
  }

  /** Throws EVENT_LATE for an event whose window is closed, before it has a slot. Call `advance` before. */
  refuseLate(time: number): void {
    if (!this.isLate(time)) return;
    const end = (Math.floor(time / this.#every) + 1) * this.#every;
    throw new UndercurrentError(
      "EVENT_LATE",
      `the event's window ended ${this.#latest - end} ms before the latest event of the partition, beyond the grace of ${this.#settings.grace} (aggregate.grace)`,
    );
  }

  /**
   * Adds an event to its window. Throws EVENT_LATE for a counter's value older than the counter's last one: the order of
   * values decides whether the counter was reset.
   */
  add(slot: number, time: number, value: number, features: ArrayLike<number>): void {
    const rows = this.#rows;
    const row = slot * this.#rowWidth;
    const window = Math.floor(time / this.#every);
    const begin = rows[row + keyNumbers.begin]!;
    const isMissing = Number.isNaN(value);
    const isRate = this.#settings.by === "rate";
    if (isRate && !isMissing && time < rows[row + keyNumbers.time]!) {
      throw new UndercurrentError(
        "EVENT_LATE",
        `the counter ${JSON.stringify(this.nameOf(slot))} has a value that is ${rows[row + keyNumbers.time]! - time} ms newer`,
      );
    }
    if (!(begin <= window)) rows[row + keyNumbers.begin] = window;
    const place = this.#placeOf(window);
    const cell = row + keyWidth + place * (cellWidth + this.#features);
    const events = rows[cell + cellNumbers.events]!;
    const isLatest = events === 0 || time >= rows[cell + cellNumbers.time]!;
    rows[cell + cellNumbers.events] = events + 1;
    for (let i = 0; i < this.#features; i++) {
      const feature = features[i]!;
      const before = rows[cell + cellWidth + i]!;
      if (events === 0 || (!Number.isNaN(feature) && (isLatest || Number.isNaN(before)))) {
        rows[cell + cellWidth + i] = feature;
      }
    }
    if (!isMissing) this.#addValue(slot, { cell, place, isLatest, time, value });
    if (!isRate && isLatest) rows[cell + cellNumbers.time] = time;
  }

  #addValue(
    slot: number,
    {
      cell,
      place,
      isLatest,
      time,
      value,
    }: Readonly<Record<"cell" | "place" | "time" | "value", number>> & { readonly isLatest: boolean },
  ): void {
    const rows = this.#rows;
    const values = rows[cell + cellNumbers.values]!;
    rows[cell + cellNumbers.values] = values + 1;
    const total = rows[cell + cellNumbers.total]!;
    switch (this.#settings.by) {
      case "count":
        return;
      case "sum":
      case "mean":
        rows[cell + cellNumbers.total] = total + value;
        return;
      case "min":
        rows[cell + cellNumbers.total] = values === 0 ? value : Math.min(total, value);
        return;
      case "max":
        rows[cell + cellNumbers.total] = values === 0 ? value : Math.max(total, value);
        return;
      case "last":
        if (values === 0 || isLatest) rows[cell + cellNumbers.total] = value;
        return;
      case "rate": {
        const row = slot * this.#rowWidth;
        const before = rows[row + keyNumbers.value]!;
        const since = rows[row + keyNumbers.time]!;
        rows[row + keyNumbers.value] = value;
        rows[row + keyNumbers.time] = time;
        if (since === -Infinity) return;
        // A counter that falls began again at 0.
        rows[cell + cellNumbers.total] = total + (value < before ? value : value - before);
        rows[cell + cellNumbers.time] = rows[cell + cellNumbers.time]! + (time - since);
        return;
      }
      default:
        (this.#percentiles[slot * this.#ring + place] ??= new Percentile()).add(value);
    }
  }

  /**
   * Returns the state in parts: a head, and keys with their open windows, in parts of about `partBytes`. The parts of a state
   * belong together.
   */
  write(partBytes = 262_144): ByteWriter[] {
    const head = new ByteWriter();
    const parts = [head];
    let part = head;
    let room = 0;
    for (let slot = 0; slot < this.#names.length; slot++) {
      if (this.#isFree(slot)) continue;
      if (room <= 0) {
        part = new ByteWriter();
        part.count(parts.length);
        parts.push(part);
        room = partBytes;
      }
      const before = part.bytes().length;
      part.text(this.#names[slot]!);
      part.count(slot);
      part.f64(this.#rows.subarray(slot * this.#rowWidth, (slot + 1) * this.#rowWidth));
      for (let place = 0; place < this.#ring && this.#quantile !== undefined; place++) {
        const percentile = this.#percentiles[slot * this.#ring + place];
        part.count(percentile === undefined ? 0 : 1);
        percentile?.write(part);
      }
      room -= part.bytes().length - before;
    }
    head.count(0);
    head.count(parts.length);
    head.count(this.size);
    head.float(this.#latest);
    head.float(this.#open);
    return parts;
  }

  /** Returns the windows of a state. Throws RangeError where the parts are not those of one state. */
  static read(settings: AggregateSettings, features: number, parts: readonly ByteReader[]): Windows {
    const windows = new Windows(settings, features);
    const numbers = new Set<number>();
    let count = NaN;
    let size = NaN;
    for (const part of parts) {
      const number = part.count();
      numbers.add(number);
      if (number > 0) {
        windows.#readPart(part);
        continue;
      }
      count = part.count();
      size = part.count();
      windows.#latest = part.float();
      windows.#open = part.float();
    }
    if (numbers.size !== count || windows.size !== size) {
      throw new RangeError("the parts of the windows are not those of one state");
    }
    for (let slot = windows.#names.length - 1; slot >= 0; slot--) {
      if (windows.#names[slot] !== undefined) continue;
      windows.#names[slot] = "";
      windows.#rows[slot * windows.#rowWidth + keyNumbers.begin] = NaN;
      windows.#free.push(slot);
    }
    return windows;
  }

  /** Takes the state of other windows with the same settings, which must not be used any more. */
  takeOver(other: Windows): void {
    this.#slots = other.#slots;
    this.#names = other.#names;
    this.#rows = other.#rows;
    this.#percentiles = other.#percentiles;
    this.#free = other.#free;
    this.#latest = other.#latest;
    this.#open = other.#open;
    this.#closed.count = 0;
    this.#freed.length = 0;
  }

  #readPart(part: ByteReader): void {
    while (!part.isAtEnd) {
      const name = part.text();
      const slot = part.count();
      const row = part.f64();
      if (row.length !== this.#rowWidth || this.#names[slot] !== undefined || this.#slots.has(name)) {
        throw new RangeError("a key of the windows does not fit");
      }
      this.#enter(slot, name);
      this.#rows.set(row, slot * this.#rowWidth);
      for (let place = 0; place < this.#ring && this.#quantile !== undefined; place++) {
        if (part.count() === 1) this.#percentiles[slot * this.#ring + place] = Percentile.read(part);
      }
    }
  }

  /** Closes all windows before `open`. */
  #close(open: number): void {
    const { maxEmpty } = this.#settings;
    const kept = Math.max(maxEmpty, leastKept);
    // Once no key is left, nothing is in the windows in between.
    for (let window = this.#open; window < open && this.#slots.size > 0; window++) {
      for (let slot = 0; slot < this.#names.length; slot++) {
        const row = slot * this.#rowWidth;
        if (!(this.#rows[row + keyNumbers.begin]! <= window)) continue;
        const place = this.#placeOf(window);
        const cell = row + keyWidth + place * (cellWidth + this.#features);
        if (this.#rows[cell + cellNumbers.events]! > 0) {
          this.#rows[row + keyNumbers.empties] = 0;
          this.#emit(slot, window, cell);
          continue;
        }
        const empties = this.#rows[row + keyNumbers.empties]! + 1;
        this.#rows[row + keyNumbers.empties] = empties;
        if (empties <= maxEmpty) this.#emit(slot, window, cell);
        else if (empties > kept && !this.#hasOpen(slot)) this.#forget(slot);
      }
    }
    this.#giveBack(this.#freed);
    this.#open = open;
  }

  /** Whether a key has events in windows that are still open. */
  #hasOpen(slot: number): boolean {
    const width = cellWidth + this.#features;
    const row = slot * this.#rowWidth;
    for (let cell = row + keyWidth; cell < row + this.#rowWidth; cell += width) {
      if (this.#rows[cell + cellNumbers.events]! > 0) return true;
    }
    return false;
  }

  #giveBack(slots: readonly number[]): void {
    if (slots.length === 0) return;
    this.#free.push(...slots);
    this.#free.sort((a, b) => b - a);
  }

  /** Appends the observation of a window and empties the window. */
  #emit(slot: number, window: number, cell: number): void {
    const closed = this.#closed;
    if (closed.count === closed.slots.length) this.#growClosed();
    const at = closed.count++;
    const rows = this.#rows;
    closed.slots[at] = slot;
    closed.times[at] = (window + 1) * this.#every;
    const value = this.#valueOf(slot, window, cell);
    // A sum may be larger than any value that the forecaster takes.
    closed.values[at] = Math.abs(value) <= maximumValue ? value : NaN;
    closed.events[at] = rows[cell + cellNumbers.events]!;
    const isEmpty = closed.events[at] === 0;
    for (let i = 0; i < this.#features; i++) {
      closed.features[at * this.#features + i] = isEmpty ? NaN : rows[cell + cellWidth + i]!;
    }
    rows.fill(0, cell, cell + cellWidth + this.#features);
  }

  #valueOf(slot: number, window: number, cell: number): number {
    const rows = this.#rows;
    const events = rows[cell + cellNumbers.events]!;
    const values = rows[cell + cellNumbers.values]!;
    const total = rows[cell + cellNumbers.total]!;
    const { by } = this.#settings;
    if (events === 0) return this.#empty;
    if (by === "count") return events;
    if (values === 0) return NaN;
    if (by === "mean") return total / values;
    if (by === "rate") {
      const elapsed = rows[cell + cellNumbers.time]!;
      return elapsed > 0 ? (1000 * total) / elapsed : NaN;
    }
    if (this.#quantile === undefined) return total;
    const index = slot * this.#ring + this.#placeOf(window);
    const value = this.#percentiles[index]!.at(this.#quantile);
    this.#percentiles[index] = undefined;
    return value;
  }

  /** Whether no key has the slot. */
  #isFree(slot: number): boolean {
    return Number.isNaN(this.#rows[slot * this.#rowWidth + keyNumbers.begin]!);
  }

  #placeOf(window: number): number {
    const place = window % this.#ring;
    return place < 0 ? place + this.#ring : place;
  }

  #enter(slot: number, key: string): void {
    if ((slot + 1) * this.#rowWidth > this.#rows.length) {
      const rows = new Float64Array(2 * (slot + 1) * this.#rowWidth);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#names[slot] = key;
    this.#slots.set(key, slot);
    const row = slot * this.#rowWidth;
    this.#rows.fill(0, row, row + this.#rowWidth);
    this.#rows[row + keyNumbers.begin] = Infinity;
    this.#rows[row + keyNumbers.time] = -Infinity;
  }

  #forget(slot: number): void {
    this.#slots.delete(this.#names[slot]!);
    this.#rows[slot * this.#rowWidth + keyNumbers.begin] = NaN;
    this.#freed.push(slot);
  }

  #growClosed(): void {
    const larger = closedColumns(2 * this.#closed.slots.length, this.#features);
    for (const name of ["slots", "times", "values", "features", "events"] as const) {
      larger[name].set(this.#closed[name]);
    }
    Object.assign(this.#closed, larger, { count: this.#closed.count });
  }
}

function closedColumns(capacity: number, features: number) {
  return {
    count: 0,
    slots: new Int32Array(capacity),
    times: new Float64Array(capacity),
    values: new Float64Array(capacity),
    features: new Float64Array(capacity * features),
    events: new Float64Array(capacity),
  };
}
