/**
 * The ports of the pipeline: where input comes from, and where everything it makes goes. An assignment of an input
 * partition is one task's life; a commit is one value that lands whole or not at all.
 */
import type { Observable } from "rxjs";

export interface RecordHeader {
  readonly name: string;
  readonly value: Uint8Array;
}

/** One record of an input partition, as bytes. */
export interface InputRecord {
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export interface InputBatch {
  readonly records: readonly InputRecord[];
  /** Where the next batch begins: behind control and compacted records too. */
  readonly nextOffset: number;
  /** Offset of the next record that the partition will get, as last known: what lag is counted from. */
  readonly endOffset: number;
}

export interface OutputRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** One record of a snapshot; a later one with the same key replaces it. */
export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** What changed in the state since the snapshot before, and the input offset that the state now stands for. */
export interface SnapshotWrite {
  readonly offset: number;
  readonly records: readonly StateRecord[];
}

/** All that a task makes visible at once. */
export interface Commit {
  readonly forecasts: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
  readonly snapshot: SnapshotWrite | undefined;
  /** The input offset that a successor goes on from. */
  readonly offset: number;
}

/** What a task finds when it takes over a partition. */
export interface Takeover {
  /** The committed input offset, C; undefined where nothing was ever committed. */
  readonly committed: number | undefined;
  /** Offset of the first record that the input still holds. */
  readonly earliest: number;
  /** The latest record of each key of the state; empty where there is none. */
  readonly state: readonly StateRecord[];
}

/** The right to one input partition, until it is lost. */
export interface Assignment {
  readonly partition: number;
  /** Aborted when the partition is taken away: from then on nothing may be committed. */
  readonly revoked: AbortSignal;
  /** Fences every earlier owner, then reads what it left behind. To be called once, before all else. */
  takeOver(): Promise<Takeover>;
  /** The input from an offset on, read no faster than it is asked for. */
  read(from: number): AsyncIterable<InputBatch>;
  /** Ends the task's use of the partition, after its last commit. */
  release(): Promise<void>;
}

/** Hands out partitions; unsubscribing leaves the group once every assignment was released. */
export interface Source {
  readonly assignments: Observable<Assignment>;
}

/**
 * Makes commits durable, in order, one at a time for each partition. A rejection with FENCED means that another owner
 * has taken over; with COMMIT_UNCERTAIN that the outcome is unknown: in both cases the task ends, and its successor
 * takes over from what is durable.
 */
export interface Committer {
  commit(assignment: Assignment, commit: Commit): Promise<void>;
}
