/** Queues training windows for the next weight update. */
import type { Engine, LearnReport } from "../../engine/port.js";
import type { SinglesRow } from "../keys/row.js";
import type { CellReader, WaitingWindow } from "./cell-reader.js";
import type { LearningSettings } from "./schedule.js";

/** Windows that wait for the next update: a copy of the rows they are made from, for their keys move on meanwhile. */
export class LearningQueue {
  /** Keys of the waiting windows, in order. */
  readonly slots: Int32Array;
  /** The row of singles, the number of events before the target of the last step, and whether that was missing. */
  readonly rows: Float32Array;
  readonly counts: Float64Array;
  readonly lastMissing: Uint8Array;
  length = 0;

  readonly #settings: LearningSettings;
  readonly #reader: CellReader;

  constructor(settings: LearningSettings, reader: CellReader) {
    this.#settings = settings;
    this.#reader = reader;
    this.slots = new Int32Array(settings.bpttWindows);
    this.rows = new Float32Array(settings.bpttWindows * reader.rowSize);
    this.counts = new Float64Array(settings.bpttWindows);
    this.lastMissing = new Uint8Array(settings.bpttWindows);
  }

  /** Whether a window of this key waits already. */
  holds(slot: number): boolean {
    for (let i = 0; i < this.length; i++) if (this.slots[i] === slot) return true;
    return false;
  }

  /**
   * Adds the window that ends with the change just observed, before its inputs are pushed, and returns its place:
   * state row `place` of the engine must hold the hidden state before the window's first step.
   */
  add(slot: number, { f32, at32 }: SinglesRow, count: number, lastMissing: boolean): number {
    const place = this.length++;
    this.slots[place] = slot;
    this.counts[place] = count;
    this.lastMissing[place] = lastMissing ? 1 : 0;
    this.rows.set(f32.subarray(at32, at32 + this.#reader.rowSize), place * this.#reader.rowSize);
    return place;
  }

  /** Returns the part of a window that a snapshot holds. */
  window(place: number): WaitingWindow & { readonly row: Float32Array } {
    return {
      count: this.counts[place]!,
      lastMissing: this.lastMissing[place] === 1,
      row: this.rows.slice(place * this.#reader.rowSize, (place + 1) * this.#reader.rowSize),
    };
  }

  /** Runs one update of the weights on all waiting windows and empties the queue. */
  learn(engine: Engine, rate: number): LearnReport {
    const buffers = engine.windowBuffers;
    const { maxGradientNorm: clip, huberDelta: huber } = this.#settings;
    for (let b = 0; b < this.length; b++) {
      buffers.states[b] = b;
      const row = { f32: this.rows, at32: b * this.#reader.rowSize };
      const window = { count: this.counts[b]!, lastMissing: this.lastMissing[b] === 1 };
      this.#reader.writeWindow(row, window, buffers, b);
    }
    const report = engine.learn(this.length, { rate, clip, huber });
    this.length = 0;
    return report;
  }
}
