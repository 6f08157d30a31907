/** Declares the events of a running pipeline: the steps in the life of each task. */
import type { UndercurrentError } from "../errors/errors.js";
import type { IncidentCounts } from "../forecast/incidents/watcher.js";
import type { Origin } from "./decode/dead-letter.js";

/** The takeover begins: the task fences earlier owners and restores the state, which takes time with many keys. */
export interface TakingOver extends Origin {
  readonly type: "taking-over";
}

/** The takeover is complete. `reason` says why a saved state was not used, or may differ in its last bits. */
export interface TakenOver extends Origin {
  readonly type: "taken-over";
  readonly plan: "fresh" | "resume" | "migrate";
  readonly reason: string | undefined;
  /** Number of keys in the restored state. */
  readonly keys: number;
  /** Offset S at which reading begins; forecasts are emitted from the offset C, `liveFrom`. */
  readonly from: number;
  readonly liveFrom: number;
}

/** The task replays the input since the snapshot without emitting. */
export interface Replaying extends Origin {
  readonly type: "replaying";
  readonly offset: number;
  readonly liveFrom: number;
  /** Estimated seconds left, from the pace so far. */
  readonly secondsLeft: number;
}

/** The replay is complete; the task emits forecasts from now on. */
export interface Live extends Origin {
  readonly type: "live";
  readonly offset: number;
  readonly keys: number;
  readonly openIncidents: IncidentCounts;
  /** Bytes of the task's state in memory. */
  readonly bytes: number;
  /** Number of replayed records; `seconds` is the time for restore and replay. */
  readonly replayed: number;
  readonly seconds: number;
}

/** A commit is durable. */
export interface Committed extends Origin {
  readonly type: "committed";
  readonly offset: number;
  /** Records between the committed offset and the end of the input. */
  readonly lag: number;
  /** Number of keys in the task's state; `bytes` is the size of the state in memory. */
  readonly keys: number;
  readonly bytes: number;
  readonly forecasts: number;
  /** Changes of incidents, and incidents that are open now. */
  readonly incidents: number;
  readonly openIncidents: IncidentCounts;
  readonly deadLetters: number;
  readonly routed: number;
  readonly snapshot: { readonly records: number; readonly bytes: number } | undefined;
  /** Duration of the commit until it was durable, in seconds. */
  readonly seconds: number;
  /** Time to decode, forecast and learn, in seconds; undefined if the commit has no records. */
  readonly processingSeconds: number | undefined;
  /** Timestamp of the first record of its forecasts, in epoch milliseconds, if the record has one. */
  readonly oldest: number | undefined;
}

/** The model has other settings from an offset on: they were changed while the pipeline runs, and are durable. */
export interface Retuned extends Origin {
  readonly type: "retuned";
  readonly offset: number;
}

/** A command to make a model the live one holds from an offset on, and is durable. */
export interface Promoted extends Origin {
  readonly type: "promoted";
  readonly offset: number;
  /** Name and version of the live model. */
  readonly model: string;
}

/** A command named the model that is live already, such as one that was given twice: nothing changes. */
export interface AlreadyLive extends Origin {
  readonly type: "already-live";
  readonly offset: number;
  /** Name and version of the live model. */
  readonly model: string;
}

/** A command named a model that the task does not have: the live one stays. */
export interface PromotionRefused extends Origin {
  readonly type: "promotion-refused";
  readonly offset: number;
  /** Name and version of the live model. */
  readonly model: string;
  readonly reason: string;
}

/**
 * A key of this partition also arrives in another partition of the same instance and is a separate series in each.
 * Reported once per partition, from a bounded sample of the keys.
 */
export interface SharedKeyFound extends Origin {
  readonly type: "shared-key";
  readonly key: string;
  /** The partition in which the key arrived first. */
  readonly other: number;
}

/** The first records have times that name no zone and are taken as UTC. Reported at most once per run of a task. */
export interface LocalTimesFound extends Origin {
  readonly type: "local-times";
  /** Such a time, how it is read, and the setting for local times. */
  readonly note: string;
}

/** The task restarts from the last durable commit. */
export interface Restarting extends Origin {
  readonly type: "restarting";
  readonly error: UndercurrentError;
}

/** The task has ended and released its partition. */
export interface Released extends Origin {
  readonly type: "released";
  /**
   * Reason: the partition was revoked, the pipeline was stopped, its subscriber left (abandoned), the input ended, or the
   * task failed. The pipeline errors with the failure.
   */
  readonly because: "revoked" | "stopped" | "abandoned" | "ended" | "failed";
}

/** A step in the life of a task. The events of one task arrive in order. */
export type TaskEvent =
  | TakingOver
  | TakenOver
  | Replaying
  | Live
  | Committed
  | Retuned
  | Promoted
  | AlreadyLive
  | PromotionRefused
  | SharedKeyFound
  | LocalTimesFound
  | Restarting
  | Released;
