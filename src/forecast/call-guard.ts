/** Keeps the calls of a forecaster apart: a callback of one call may not begin another. */
import { UndercurrentError } from "../errors/errors.js";

/**
 * Guards what one call at a time may use. A call that changes the state enters, and leaves when it is done; in between
 * every other call is an error.
 */
export class CallGuard {
  #busy = false;
  #afterwards: (() => void) | undefined;

  /** Throws FORECASTER_BUSY between `enter` and `leave`. */
  assertFree(): void {
    if (!this.#busy) return;
    throw new UndercurrentError("FORECASTER_BUSY", "a callback of the forecaster called the forecaster");
  }

  /** Begins a call. Throws FORECASTER_BUSY. */
  enter(): void {
    this.assertFree();
    this.#busy = true;
  }

  /** Ends the call, and then runs what was put off. */
  leave(): void {
    this.#busy = false;
    const afterwards = this.#afterwards;
    this.#afterwards = undefined;
    afterwards?.();
  }

  /** Whether `work` was put off to the end of a call that is under way. */
  defers(work: () => void): boolean {
    if (this.#busy) this.#afterwards = work;
    return this.#busy;
  }
}
