/** Measures the progress and duration of restore and replay. */
import type { Clock } from "../clock.js";

/** Milliseconds between two reports. */
const reportPeriod = 1000;

export class Progress {
  readonly #clock: Clock;
  readonly #from: number;
  readonly #liveFrom: number;
  readonly #began: number;
  /** Estimates the replay only: the restore has another pace. */
  readonly #replayBegan: number;
  #reported: number;
  #records = 0;
  #position: number;

  /** To be made when the restore that began at `began` is done. */
  constructor(clock: Clock, began: number, { from, liveFrom }: { from: number; liveFrom: number }) {
    this.#clock = clock;
    this.#from = from;
    this.#liveFrom = liveFrom;
    this.#position = from;
    this.#began = began;
    this.#replayBegan = clock.now();
    this.#reported = this.#replayBegan;
  }

  /** Counts replayed records; returns true when a report is due. */
  replayed(records: number, position: number): boolean {
    this.#records += records;
    this.#position = position;
    const now = this.#clock.now();
    if (now - this.#reported < reportPeriod) return false;
    this.#reported = now;
    return true;
  }

  replaying(): { offset: number; liveFrom: number; secondsLeft: number } {
    const pace = (this.#position - this.#from) / this.#secondsSince(this.#replayBegan);
    const left = Math.max(0, this.#liveFrom - this.#position);
    return { offset: this.#position, liveFrom: this.#liveFrom, secondsLeft: left / pace };
  }

  live(): { replayed: number; seconds: number } {
    return { replayed: this.#records, seconds: this.#secondsSince(this.#began) };
  }

  #secondsSince(moment: number): number {
    return (this.#clock.now() - moment) / 1000;
  }
}
