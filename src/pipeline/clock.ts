/** The clock of the pipeline: it decides when snapshots and progress reports happen, never what is in them. */
import { setTimeout as sleep } from "node:timers/promises";

/** Time as the pipeline knows it. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Resolves after some milliseconds, or as soon as the signal is aborted. */
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
