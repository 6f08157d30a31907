/** Decides when the next snapshot of a task run is due, by events since the last one or by the clock. */
import type { Clock } from "../clock.js";
import type { PipelineSettings } from "../settings.js";

export class SnapshotSchedule {
  readonly #clock: Clock;
  readonly #everyEvents: number;
  readonly #everyMs: number;
  #periodBegan: number;

  /** The first period begins at once. */
  constructor(clock: Clock, { everyEvents, everyMs }: PipelineSettings["snapshot"]) {
    this.#clock = clock;
    this.#everyEvents = everyEvents;
    this.#everyMs = everyMs;
    this.#periodBegan = clock.now();
  }

  /**
   * Returns whether a snapshot is due after `events` events since the last one; without a number, by the clock alone. A new
   * period begins when one is due.
   */
  takeIfDue(eventsSinceSnapshot = 0): boolean {
    const now = this.#clock.now();
    if (eventsSinceSnapshot < this.#everyEvents && now - this.#periodBegan < this.#everyMs) return false;
    this.#periodBegan = now;
    return true;
  }

  /** Waits for the end of the period, or for the signal. A new period may have begun meanwhile. */
  async waitForPeriod(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(Math.max(0, this.#periodBegan + this.#everyMs - this.#clock.now()), signal);
  }
}
