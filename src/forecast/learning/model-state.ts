/** Defines the shared part of a snapshot: weights, moments and version. */

/** A window that waits for the next update. */
export interface QueuedWindow {
  readonly key: string;
  readonly count: number;
  readonly lastMissing: boolean;
  readonly row: Float32Array;
  /** Hidden state before its first step. */
  readonly state: Float32Array;
}

export interface ModelState {
  /** Keys that the state has a record of: a snapshot with fewer or more is not whole. */
  readonly keys: number;
  /** The kernel whose arithmetic it comes from: another one goes on from it, with other last bits. */
  readonly kernel: string;
  /** Updates of the weights so far. */
  readonly version: number;
  readonly weights: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
  readonly queue: readonly QueuedWindow[];
}
