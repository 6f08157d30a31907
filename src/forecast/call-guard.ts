/** The life of a forecaster: its calls are kept apart, for a callback of one may not begin another, and a block disposes of it. */
/// <reference lib="esnext.disposable" preserve="true" />
import { UndercurrentError } from "../errors/library.js";

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

/** `Symbol.dispose`; where the host does not have it, as browsers before 2025, a name that nothing uses. */
export const disposeSymbol: typeof Symbol.dispose = ((Symbol as { dispose?: symbol }).dispose ??
  Symbol("Symbol.dispose")) as typeof Symbol.dispose;
