/**
 * Notices that a key which came regularly does not come any more, by the time of the stream's events alone.
 *
 * A key is silent once two things have passed since its last event: as much time, in hours in which the key comes, as
 * is rarer than the alarm rate among its gaps (`gaps.ts`); and as many events of the stream as usually come in that
 * time. So a stream that rests as a whole, or whose time jumps, makes no key silent.
 *
 * 1. The event moves the stream's clock.
 * 2. The event ends the silence of its own key, whose gap is learned.
 * 3. Keys whose time has passed wait for their events; those whose events have passed are ready.
 * 4. Of the ready keys, those with the most gaps remembered are silent first: at most 16 at an event, and in the long run
 *    at most the alarm rate of the stream's events. The others stay ready until they come or are told.
 *
 * All of this follows from the rows and the stream's numbers, not from the heaps: they only say when to look.
 */
import type { ExpectedKinds } from "../expected.js";
import type { Gates } from "../gates.js";
import { logarithm } from "../../elementary.js";
import { DueHeap } from "./due-heap.js";
import { learnGap, rememberedGaps, silentAfter } from "./gaps.js";
import { ActiveHours } from "./hours.js";
import {
  eventsSince,
  f32At,
  f64At,
  marks,
  setCount,
  SilenceRows,
  u16At,
  u16Size,
  type SilenceRow,
  type SilenceState,
} from "./rows.js";
import { advance, clockAt, clockSize } from "./stream-clock.js";

/** Most silences that are told at one event. */
export const mostAtOnce = 16;
/** Silences that may be told beyond the alarm rate: a small site fails as a whole. */
export const credit = 64;
/** More than all remembered gaps, and room for the number of an event behind it. */
const mostGaps = 16_384;
const room = 2 ** 38;
/** A share of the usual events in a gap without which the stream itself was not there. */
const present = 0.25;
/** Longest gap that a silence teaches, in the gap that is rare: an outage does not hide the next one. */
const silentTeaches = Math.SQRT2;
const tenFold = logarithm(10);

/** Index of the silences that may be told now, behind the clock's numbers. */
export const tokensAt = clockSize;
export const streamSize = clockSize + 1;

/** A key that does not come any more, or came again. */
export interface Silence {
  /** Position of the key's last event before it. */
  readonly position: number;
  /** The stream's time at that event, and at the last event of the stream so far or that which ended the silence. */
  readonly begin: number;
  readonly end: number;
  /** The gap that the key has once in as many as the alarm rate says, in milliseconds. */
  readonly limit: number;
  readonly severity: number;
  /** Whether the silence was told within a quiet time. */
  readonly muted: boolean;
}

export interface SilenceSettings {
  readonly alarmRate: number;
  readonly localOf: (time: number) => number;
}

export class Silences {
  readonly rows = new SilenceRows();
  /** The clock's numbers and the silences that may be told: part of the stream's state. */
  readonly stream = new Float64Array(streamSize);
  /** Slots whose silence the last event began, `begun` of them, in the order in which they are told. */
  readonly slots = new Int32Array(mostAtOnce);
  begun = 0;
  /** Slots whose silence the last event began too, but which is not told: it is expected. */
  readonly held: number[] = [];
  /** The silence that the last event ended: that of its own key. */
  ended: Silence | undefined;
  readonly #alarmRate: number;
  readonly #severity: number;
  readonly #gates: Pick<Gates, "isQuiet">;
  readonly #expected: ExpectedKinds | undefined;
  readonly #hours: ActiveHours;
  /** Keys whose time has not passed, by the least time at which it may have; keys whose events have not; and the ready. */
  readonly #waiting = new DueHeap();
  readonly #late = new DueHeap();
  readonly #ready = new DueHeap();
  #open = 0;

  constructor(
    { alarmRate, localOf }: SilenceSettings,
    gates: Pick<Gates, "isQuiet">,
    expected?: ExpectedKinds,
  ) {
    this.#expected = expected;
    this.#alarmRate = alarmRate;
    this.#severity = -logarithm(alarmRate) / tenFold;
    this.#gates = gates;
    this.#hours = new ActiveHours(localOf);
    this.stream[tokensAt] = credit;
  }

  get bytes(): number {
    return this.rows.bytes + this.#waiting.bytes + this.#late.bytes + this.#ready.bytes;
  }

  /** Bytes of a key's rows and places. */
  get bytesPerKey(): number {
    return this.rows.bytesPerKey + this.#heaps().length * DueHeap.bytesPerSlot;
  }

  /** Keys whose silence is told and lasts. */
  get open(): number {
    return this.#open;
  }

  /** Keys that are silent and not told yet. */
  get ready(): number {
    return this.#ready.size;
  }

  reserve(keys: number): void {
    this.rows.reserve(keys);
    for (const heap of this.#heaps()) heap.reserve(keys);
  }

  /** The key of a slot begins anew, or is forgotten. */
  start(slot: number): void {
    this.#open -= this.#isOpen(slot);
    this.rows.start(slot);
    for (const heap of this.#heaps()) heap.remove(slot);
  }

  /** Takes over the rows of a key from a snapshot. */
  resume(slot: number, state: SilenceState): void {
    for (const heap of this.#heaps()) heap.remove(slot);
    this.#open -= this.#isOpen(slot);
    this.rows.write(slot, state);
    this.#open += this.#isOpen(slot);
    this.#wait(slot, this.rows.rowOf(slot));
  }

  /** Forgets the stream and all that keys wait for, before a restore. */
  clear(): void {
    this.stream.fill(0);
    this.stream[tokensAt] = credit;
    for (const heap of this.#heaps()) heap.clear();
  }

  /** Gives the memory back. */
  dispose(): void {
    this.clear();
    this.rows.clear();
    this.#open = 0;
  }

  /**
   * Takes an event of a key; `slots`, `begun` and `ended` say what it did.
   *
   * @param position Where the event stands in its input, for the id of the silence after it.
   */
  observe(slot: number, position: number, time: number): void {
    const { stream } = this;
    this.begun = 0;
    this.held.length = 0;
    this.ended = undefined;
    const row = this.rows.rowOf(slot);
    const known = (row.u16[row.at16 + u16At.marks]! & marks.begun) !== 0;
    const count = stream[clockAt.count]!;
    const before = stream[clockAt.time]!;
    advance(stream, time, known ? count - eventsSince(row, count) : 0);
    if (stream[clockAt.time]! < before && count > 0) {
      this.#rewind();
      this.rows.rowOf(slot);
    }
    stream[tokensAt] = Math.min(stream[tokensAt]! + this.#alarmRate, credit);
    if (known) this.#arrive(slot, row);
    this.#open -= this.#isOpen(slot);
    const kept = row.u16[row.at16 + u16At.marks]! & ~(marks.open | marks.muted | marks.held);
    row.u16[row.at16 + u16At.marks] = kept | marks.begun;
    row.f64[row.at64 + f64At.last] = stream[clockAt.time]!;
    row.f64[row.at64 + f64At.position] = position;
    setCount(row, stream[clockAt.count]!);
    this.#wait(slot, row);
    this.#pass();
    if (this.#ready.size > 0) this.#tell();
  }

  /** Returns the silence of a key that is told and lasts. */
  silenceOf(slot: number): Silence | undefined {
    const row = this.rows.rowOf(slot);
    const mark = row.u16[row.at16 + u16At.marks]!;
    if ((mark & marks.open) === 0) return undefined;
    const { f64, at64 } = row;
    return {
      position: f64[at64 + f64At.position]!,
      begin: f64[at64 + f64At.last]!,
      end: this.stream[clockAt.time]!,
      limit: silentAfter(row, this.#alarmRate),
      severity: this.#severity,
      muted: (mark & marks.muted) !== 0,
    };
  }

  /** From now on the end of the key's silence, if it lasts, is not told either. */
  hold(slot: number): void {
    const { u16, at16 } = this.rows.rowOf(slot);
    const mark = u16[at16 + u16At.marks]!;
    if ((mark & marks.open) === 0) return;
    u16[at16 + u16At.marks] = (mark & ~marks.open) | marks.held;
    this.#open--;
  }

  #isOpen(slot: number): 0 | 1 {
    return (this.rows.u16[slot * u16Size + u16At.marks]! & marks.open) === 0 ? 0 : 1;
  }

  #heaps(): readonly DueHeap[] {
    return [this.#waiting, this.#late, this.#ready];
  }

  /** The key came: its silence ends, and its gap is learned. */
  #arrive(slot: number, row: SilenceRow): void {
    const { stream } = this;
    this.ended = this.silenceOf(slot);
    const time = stream[clockAt.time]!;
    const events = eventsSince(row, stream[clockAt.count]!);
    const span = Math.max(time - row.f64[row.at64 + f64At.last]!, 0);
    const { f32, at32 } = row;
    const mean = f32[at32 + f32At.gap]!;
    const meanEvents = f32[at32 + f32At.events]!;
    // The gap that the events of the stream speak for.
    const spoken = meanEvents > 0 ? (events * mean) / meanEvents : span;
    const elapsed = this.#hours.activeUntil(row, row.f64[row.at64 + f64At.last]! + span);
    const silent = (row.u16[row.at16 + u16At.marks]! & (marks.open | marks.held)) !== 0;
    const taught = silent ? silentTeaches * silentAfter(row, this.#alarmRate) : Infinity;
    learnGap(row, Math.min(elapsed, spoken, taught), elapsed, events);
    this.#hours.learn(row, Math.max(time, row.f64[row.at64 + f64At.last]!), spoken >= present * span);
  }

  /** Order in which ready keys are told: the least first. */
  #rank(row: SilenceRow): number {
    const count = this.stream[clockAt.count]!;
    return (mostGaps - rememberedGaps(row)) * room + count - eventsSince(row, count);
  }

  #timeDue(row: SilenceRow): number {
    return this.#hours.timeAfter(row, silentAfter(row, this.#alarmRate));
  }

  #eventsDue(row: SilenceRow): number {
    const { f32, at32 } = row;
    const count = this.stream[clockAt.count]!;
    const perMs = f32[at32 + f32At.events]! / f32[at32 + f32At.gap]!;
    return count - eventsSince(row, count) + silentAfter(row, this.#alarmRate) * perMs;
  }

  /** The key waits until it may be silent. What is in the heap may be too early, and is looked at again then. */
  #wait(slot: number, row: SilenceRow): void {
    this.#late.remove(slot);
    this.#ready.remove(slot);
    if ((row.u16[row.at16 + u16At.marks]! & (marks.open | marks.held)) !== 0) return;
    const due = row.f64[row.at64 + f64At.last]! + silentAfter(row, this.#alarmRate);
    if (due === Infinity) return;
    if (!this.#waiting.has(slot) || due < this.#waiting.dueOf(slot)) this.#waiting.set(slot, due);
  }

  /** The clock went back: keys whose time had passed may have to wait again. */
  #rewind(): void {
    for (const heap of [this.#late, this.#ready]) {
      for (let slot = heap.first(); slot >= 0; slot = heap.first()) this.#wait(slot, this.rows.rowOf(slot));
    }
  }

  /** Moves on the keys whose time or events have passed. */
  #pass(): void {
    const time = this.stream[clockAt.time]!;
    for (let slot = this.#waiting.first(); slot >= 0; slot = this.#waiting.first()) {
      if (this.#waiting.dueOf(slot) > time) break;
      const row = this.rows.rowOf(slot);
      const due = this.#timeDue(row);
      if (due > time) {
        this.#waiting.set(slot, due);
        continue;
      }
      this.#waiting.remove(slot);
      this.#late.set(slot, this.#eventsDue(row));
    }
    const count = this.stream[clockAt.count]!;
    for (let slot = this.#late.first(); slot >= 0; slot = this.#late.first()) {
      if (this.#late.dueOf(slot) > count) break;
      this.#late.remove(slot);
      this.#ready.set(slot, this.#rank(this.rows.rowOf(slot)));
    }
  }

  /** Tells of the ready keys that may be told. */
  #tell(): void {
    const { stream } = this;
    const muted = this.#gates.isQuiet(stream[clockAt.time]!) ? marks.muted : 0;
    while (this.begun < mostAtOnce && stream[tokensAt]! >= 1 && this.#ready.size > 0) {
      const slot = this.#ready.first();
      this.#ready.remove(slot);
      const { u16, at16 } = this.rows.rowOf(slot);
      if (this.#expected?.isExpected(slot, "silence", stream[clockAt.time]!) === true) {
        u16[at16 + u16At.marks] = u16[at16 + u16At.marks]! | marks.held;
        this.held.push(slot);
        continue;
      }
      u16[at16 + u16At.marks] = u16[at16 + u16At.marks]! | marks.open | muted;
      this.#open++;
      this.slots[this.begun++] = slot;
      stream[tokensAt] = stream[tokensAt]! - 1;
    }
  }
}
