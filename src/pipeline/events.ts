/** What a pipeline reports while it runs: the steps of each task's life. */
import type { UndercurrentError } from "../errors/errors.js";
import type { Origin } from "./decode/decode.js";

/** Earlier owners are fenced and the state is read, which takes a while where there are many keys. */
export interface TakingOver extends Origin {
  readonly type: "taking-over";
}

/** The partition was taken over; `reason` says why a state that was there is not gone on from, or not to the bit. */
export interface TakenOver extends Origin {
  readonly type: "taken-over";
  readonly plan: "fresh" | "resume" | "migrate";
  readonly reason: string | undefined;
  /** Keys of the restored state. */
  readonly keys: number;
  /** Where reading begins, S, and where forecasts are written from, C. */
  readonly from: number;
  readonly liveFrom: number;
}

/** The input since the snapshot is read again, in silence. */
export interface Replaying extends Origin {
  readonly type: "replaying";
  readonly offset: number;
  readonly liveFrom: number;
  /** Estimate, from the pace so far. */
  readonly secondsLeft: number;
}

/** Forecasts are written from now on. */
export interface Live extends Origin {
  readonly type: "live";
  readonly offset: number;
  readonly keys: number;
  /** Bytes of state that the task holds in memory. */
  readonly bytes: number;
  /** Records that were replayed, and how long restore and replay took. */
  readonly replayed: number;
  readonly seconds: number;
}

/** A commit has landed. */
export interface Committed extends Origin {
  readonly type: "committed";
  readonly offset: number;
  /** Records between the committed offset and the end of the input. */
  readonly lag: number;
  /** Keys that the task holds a state of now, and its bytes in memory. */
  readonly keys: number;
  readonly bytes: number;
  readonly forecasts: number;
  readonly deadLetters: number;
  readonly routed: number;
  readonly snapshot: { readonly records: number; readonly bytes: number } | undefined;
  /** How long the commit took, from its begin until it was durable. */
  readonly seconds: number;
  /** How long its records took to be read, forecast from and learned from; undefined where it has none. */
  readonly processingSeconds: number | undefined;
  /** The timestamp of the first record that its forecasts were made from, epoch milliseconds, where it has one. */
  readonly oldest: number | undefined;
}

/**
 * A key of this partition is in another partition of the same instance too: it is a series of its own in each of them. Told
 * once for each partition that is held, of a bounded sample of the keys.
 */
export interface SharedKeyFound extends Origin {
  readonly type: "shared-key";
  readonly key: string;
  /** The partition in which the key came before. */
  readonly other: number;
}

/** The task begins anew from what is durable. */
export interface Restarting extends Origin {
  readonly type: "restarting";
  readonly error: UndercurrentError;
}

/** The task has ended, and given its partition back. */
export interface Released extends Origin {
  readonly type: "released";
  /**
   * Whether it was taken away, was asked to stop, was abandoned by its subscriber, came to the end of its input, or
   * failed: the pipeline errors with that failure.
   */
  readonly because: "revoked" | "stopped" | "abandoned" | "ended" | "failed";
}

/** A step of a task's life; one task's come in order. */
export type TaskEvent =
  TakingOver | TakenOver | Replaying | Live | Committed | SharedKeyFound | Restarting | Released;
