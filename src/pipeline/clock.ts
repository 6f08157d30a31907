/** Defines the clock of the pipeline. It decides when snapshots and progress reports happen, never their content. */
import { setTimeout as sleep } from "node:timers/promises";

/** The pipeline's clock. Replace it in tests. */
export interface Clock {
  /** Returns milliseconds since a fixed moment. */
  now(): number;
  /** Resolves after the given milliseconds, or when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  // A sleeping timer must not keep a process alive that has nothing else to do.
  sleep: (milliseconds, signal) =>
    sleep(milliseconds, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
};
