/**
 * Defines the ports of the pipeline: the source of input partitions and the committer of results. One assignment is one
 * task's life. A commit is durable as a whole or not at all.
 */
import type { Observable } from "rxjs";

/** A record header. Names may repeat. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Uint8Array;
}

/** One record of an input partition, as bytes. */
export interface InputRecord {
  readonly offset: number;
  /** Epoch milliseconds; -1 if the record has no timestamp. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /**
   * Why a whole batch of records cannot be read. The record stands for the batch: it has the batch's last offset, and neither
   * key nor value.
   */
  readonly unreadable?: string | undefined;
}

/** Records of one input partition, in order. */
export interface InputBatch {
  /** Records in order of their offsets, all below `nextOffset`; empty for a batch of control records only. */
  readonly records: readonly InputRecord[];
  /** Offset at which the next batch begins, after control and compacted records. */
  readonly nextOffset: number;
  /** Last known end offset of the partition, for the lag. */
  readonly endOffset: number;
}

/** A record to produce, as bytes. */
export interface OutputRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** Timestamp of its input record, so that a replay produces the same record; -1 for none. */
  readonly timestamp: number;
}

/** A record for a user's topic, in the same commit. */
export interface RoutedRecord {
  readonly topic: string;
  readonly record: OutputRecord;
  /** Bytes whose hash chooses the partition, or `input` for the partition number of the input. Default: the record's key. */
  readonly placedBy?: Uint8Array | "input";
}

/** One record of a state. A later record with the same key replaces it. */
export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A change of the state: the new record of a key, or null to delete the key. */
export interface StateChange {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** The changes since the previous snapshot, and the input offset of the state after them. */
export interface SnapshotWrite {
  readonly offset: number;
  /** At most one change per key. */
  readonly records: readonly StateChange[];
}

/** The results that a task commits together. Any part may be empty. */
export interface Commit {
  readonly forecasts: readonly OutputRecord[];
  /** Changes of incidents by the same records, in order. A committer without a place for them drops them. */
  readonly incidents: readonly OutputRecord[];
  /** Forecasts of the candidate, as many as there are. A committer without a place for them drops them. */
  readonly candidates?: readonly OutputRecord[] | undefined;
  /** Changes of the candidate's incidents. A committer without a place for them drops them. */
  readonly candidateIncidents?: readonly OutputRecord[] | undefined;
  /** Rejected records, partitioned by key; records without a key go to the input's partition number. */
  readonly deadLetters: readonly OutputRecord[];
  /** Records for further topics, in order, partitioned like dead letters. */
  readonly routed: readonly RoutedRecord[];
  readonly snapshot: SnapshotWrite | undefined;
  /** Input offset at which the next owner resumes. */
  readonly offset: number;
}

/** The durable state that a task finds at its takeover. */
export interface Takeover {
  /** Committed input offset, C; undefined if nothing is committed. */
  readonly committed: number | undefined;
  /** Offset of the first record in the input, or of the next record if the input is empty. */
  readonly earliest: number;
  /** Latest record of each key of the state, in any order; empty without a state. */
  readonly state: readonly StateRecord[];
}

/** The ownership of one input partition until it is revoked. */
export interface Assignment {
  /** The input topic. */
  readonly topic: string;
  readonly partition: number;
  /** Aborted when the partition is revoked. No commit may follow. */
  readonly revoked: AbortSignal;
  /**
   * End offset of the partition, if known to be later than that of the last batch: a batch does not see records that arrived
   * while a slow reader was paused.
   */
  readonly endOffset?: number | undefined;
  /**
   * Fences every earlier owner, waits until its open transaction is committed or aborted, then reads the durable state.
   * Call it first, and again to restart after a rejected commit. Rejects with the reason of `stop` if `stop` is aborted
   * first; an implementation may ignore `stop`.
   */
  takeOver(stop?: AbortSignal): Promise<Takeover>;
  /**
   * Reads the input from an offset. While `next` is not called, the source buffers only a few batches. The iteration ends
   * without an error when `stop` or `revoked` is aborted, also while it waits for records.
   */
  read(from: number, stop: AbortSignal): AsyncIterable<InputBatch>;
  /** Topic that `readFeedback` reads, unless that is the incidents topic. Its offsets mean nothing in another one. */
  readonly feedbackTopic?: string | undefined;
  /**
   * Reads the records with feedback and commands that belong to this partition, from an offset on, or from the first one: those of
   * the incidents topic, changes of incidents among them, or of a topic of their own. Absent where there are none. The iteration ends as that of `read` does, and does not reject.
   */
  readFeedback?(from: number | undefined, stop: AbortSignal): AsyncIterable<InputBatch>;
  /** Releases the partition after the task's last commit. */
  release(): Promise<void>;
}

/** Hands out partitions. After unsubscription the source leaves the group once every assignment is released. */
export interface Source {
  readonly assignments: Observable<Assignment>;
}

/**
 * Makes commits durable, in order and one at a time per partition. FENCED: another owner has taken over, or the assignment
 * is revoked. COMMIT_UNCERTAIN: the outcome is unknown. In both cases the task ends, and the partition's owner takes over
 * from the last durable commit.
 */
export interface Committer {
  /** Resolves when the commit is durable. Rejects with FENCED or COMMIT_UNCERTAIN. */
  commit(assignment: Assignment, commit: Commit): Promise<void>;
}
