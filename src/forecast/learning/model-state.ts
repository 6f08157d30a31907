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

/** What a group of keys keeps (`incidents/groups`). */
export interface GroupRecord {
  readonly name: string;
  readonly count: number;
  readonly history: Uint16Array;
  readonly expected?: number | undefined;
  readonly incident: { readonly f64: Float64Array; readonly f32: Float32Array; readonly u16: Uint16Array };
}

export interface ModelState {
  /** Keys that the state has a record of: a snapshot with fewer or more is not whole. */
  readonly keys: number;
  /** The kernel that computed the state. Another kernel resumes from it with other last bits. */
  readonly kernel: string;
  /** Identity of the weights that the model began with; undefined where they were drawn. */
  readonly initial?: string | undefined;
  /** Weights of the gate that the model began with (`experts/gate.ts`); undefined where it has none. */
  readonly gate?: Float32Array | undefined;
  /** Updates of the weights so far. */
  readonly version: number;
  readonly weights: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
  readonly queue: readonly QueuedWindow[];
  /** What the budget of updates has saved (`budget.ts`), where there is one. */
  readonly budget?: Float64Array | undefined;
  /** Numbers of the stream of events, where silent keys are watched for (`incidents/silence`). */
  readonly stream?: Float64Array | undefined;
  /** What groups of keys keep, and the setting that names them (`incidents/groups`). */
  readonly groups?: { readonly naming: string; readonly states: readonly GroupRecord[] } | undefined;
}
