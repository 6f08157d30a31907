/**
 * The ports of the pipeline: where input comes from, and where everything it makes goes. An assignment of an input
 * partition is one task's life; a commit is one value that lands whole or not at all.
 */
import type { Observable } from "rxjs";

/** A header of a record; names may repeat. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Uint8Array;
}

/** One record of an input partition, as bytes. */
export interface InputRecord {
  readonly offset: number;
  /** Epoch milliseconds; -1 where the record has none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** Records of one input partition, in order. */
export interface InputBatch {
  /** In order of their offsets, each below `nextOffset`; empty where there were only control records. */
  readonly records: readonly InputRecord[];
  /** Where the next batch begins: behind control and compacted records too. */
  readonly nextOffset: number;
  /** Offset of the next record that the partition will get, as last known: what lag is counted from. */
  readonly endOffset: number;
}

/** A record to be written, as bytes. */
export interface OutputRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** That of the input record it was made from, so that it is the same whenever it is made; -1 for none. */
  readonly timestamp: number;
}

/** A record for a topic of the user's own, in the same commit. */
export interface RoutedRecord {
  readonly topic: string;
  readonly record: OutputRecord;
}

/** One record of a state; a later one with the same key replaces it. */
export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A change of the state: the record of a key anew, or its end where the value is null. */
export interface StateChange {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** What changed in the state since the snapshot before, and the input offset that the state now stands for. */
export interface SnapshotWrite {
  readonly offset: number;
  /** At most one for each key. */
  readonly records: readonly StateChange[];
}

/** All that a task makes visible at once. Any part may be empty. */
export interface Commit {
  readonly forecasts: readonly OutputRecord[];
  /** For the partitions of their keys; those without a key, for the partition of the same number as the input's. */
  readonly deadLetters: readonly OutputRecord[];
  /** Records for further topics, in order; their partitions as for dead letters. */
  readonly routed: readonly RoutedRecord[];
  readonly snapshot: SnapshotWrite | undefined;
  /** The input offset that a successor goes on from. */
  readonly offset: number;
}

/** What a task finds when it takes over a partition. */
export interface Takeover {
  /** The committed input offset, C; undefined where nothing was ever committed. */
  readonly committed: number | undefined;
  /** Offset of the first record that the input still holds, or of the next one where it holds none. */
  readonly earliest: number;
  /** The latest record of each key of the state, in any order; empty where there is none. */
  readonly state: readonly StateRecord[];
}

/** The right to one input partition, until it is lost. */
export interface Assignment {
  /** The input topic. */
  readonly topic: string;
  readonly partition: number;
  /** Aborted when the partition is taken away: from then on nothing may be committed. */
  readonly revoked: AbortSignal;
  /**
   * Offset of the next record that the partition will get, where that was heard of after the last batch was read: a batch
   * knows nothing of what came while a slow reader had enough. Undefined where nothing was.
   */
  readonly endOffset?: number | undefined;
  /**
   * Fences every earlier owner, lets what it left open land or vanish, then reads what is durable. To be called before
   * all else, and again to start anew after a commit was rejected. Rejects with the reason of `stop` where that is
   * aborted first; an implementation may also ignore `stop`.
   */
  takeOver(stop?: AbortSignal): Promise<Takeover>;
  /**
   * The input from an offset on, read no faster than it is asked for: while `next` is not called at most a few batches
   * are held. Ends, without an error, when `stop` or `revoked` is aborted, also while it waits for records.
   */
  read(from: number, stop: AbortSignal): AsyncIterable<InputBatch>;
  /** Ends the task's use of the partition, after its last commit. */
  release(): Promise<void>;
}

/** Hands out partitions; unsubscribing leaves the group once every assignment was released. */
export interface Source {
  readonly assignments: Observable<Assignment>;
}

/**
 * Makes commits durable, in order, one at a time for each partition: the next one is handed over when the one before
 * has been resolved. A rejection with FENCED means that another owner has taken over, or that the assignment was
 * revoked; with COMMIT_UNCERTAIN that the outcome is unknown. In both cases the task ends, and whoever owns the
 * partition takes over from what is durable.
 */
export interface Committer {
  /** Resolves when the commit is durable; rejects as said above. */
  commit(assignment: Assignment, commit: Commit): Promise<void>;
}
