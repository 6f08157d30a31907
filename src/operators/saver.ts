/** Saves snapshots of one subscription's forecaster, one after the other. */
import type { SaveOptions } from "./state.js";

export class Saver {
  readonly #save: SaveOptions;
  readonly #snapshot: () => Uint8Array;
  readonly #failed: (error: unknown) => void;
  /** Events since the last snapshot. */
  #events = 0;
  #isDue = false;
  /** The snapshot that is being saved, where that takes time. */
  #pending: Promise<unknown> | undefined;

  constructor(save: SaveOptions, snapshot: () => Uint8Array, failed: (error: unknown) => void) {
    this.#save = save;
    this.#snapshot = snapshot;
    this.#failed = failed;
  }

  /** Counts events that the forecaster has taken. */
  count(events: number): void {
    this.#events += events;
    if (typeof this.#save.every === "number" && this.#events >= this.#save.every) this.#isDue = true;
  }

  /** Asks for a snapshot, which `saveIfDue` takes. */
  request(): void {
    this.#isDue = true;
  }

  /** Takes a snapshot that is due, unless the last one is still being saved. The forecaster must be free. */
  saveIfDue(): void {
    if (!this.#isDue || this.#pending !== undefined) return;
    this.#isDue = false;
    if (this.#events === 0) return;
    this.#events = 0;
    this.#await(this.#save.to(this.#snapshot()));
  }

  /**
   * Takes the last snapshot, if events have come since the one before.
   *
   * @returns A promise where saving takes time.
   */
  finish(): Promise<unknown> | undefined {
    this.#isDue = false;
    if (this.#events === 0) return this.#pending;
    this.#events = 0;
    const snapshot = this.#snapshot();
    if (this.#pending !== undefined)
      return (this.#pending = this.#pending.then(() => this.#save.to(snapshot)));
    const saved = this.#save.to(snapshot);
    return isPromise(saved) ? Promise.resolve(saved) : undefined;
  }

  #await(saved: unknown): void {
    if (!isPromise(saved)) return;
    const pending = (this.#pending = Promise.resolve(saved));
    pending.then(
      () => {
        if (this.#pending !== pending) return;
        this.#pending = undefined;
        try {
          this.saveIfDue();
        } catch (error) {
          this.#failed(error);
        }
      },
      (error: unknown) => this.#failed(error),
    );
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
