/** Writes every record of a source to another topic, in the partition of its series' key, exactly once. */
import type { Observable } from "rxjs";
import { systemClock, type Clock } from "../clock.js";
import { recordKeyReader } from "../decode/decode.js";
import type { ValueFormat } from "../decode/format.js";
import { keyParts } from "../decode-settings.js";
import type { TaskEvent } from "../events.js";
import type { Committer, Source } from "../ports.js";
import { runTasks } from "../run.js";
import { pipelineSettings, type PipelineOptions } from "../settings.js";
import { taskOf } from "../task/task.js";
import type { Telemetry } from "../telemetry.js";
import type { AggregateSettings } from "../../forecast/windows/settings.js";
import { RepartitionRun } from "./repartition-run.js";
import { TimeOrder } from "./time-order.js";

/** How the partition of a record is chosen: by its series' key, or the number of its own partition. */
export type RepartitionBy = "key" | "partition";

/** Settings of a repartition. */
export interface RepartitionOptions extends Pick<PipelineOptions, "decode" | "commit"> {
  /** Topic that the records are written to. */
  readonly topic: string;
  readonly by: RepartitionBy;
  readonly format?: ValueFormat | undefined;
  /** Windows that follow: records of one window are written before a later record closes it. */
  readonly aggregate?: Pick<AggregateSettings, "every" | "grace"> | undefined;
  /** Receives rejected records. */
  readonly telemetry?: Pick<Telemetry, "rejection"> | undefined;
  readonly clock?: Clock;
  /** Stops gracefully when aborted. */
  readonly stop?: AbortSignal;
}

/**
 * Repartitions the records of a source, while it is subscribed to. A commit is the records and the input offset.
 *
 * By `key`, a record goes where the hash of its series' key leads, and gets this key as its record key, unless the settings read
 * the key from the record key. A record without a readable key becomes a dead letter. By `partition`, records stay unchanged and
 * keep their partition number.
 *
 * While partitions that may write to the same partition have a backlog, none of them runs ahead of the others in time.
 *
 * @throws SETTING_INVALID at once if an option is invalid.
 */
export function repartition(
  source: Source,
  committer: Committer,
  { topic, by, format, aggregate, telemetry, clock = systemClock, stop, ...others }: RepartitionOptions,
): Observable<TaskEvent> {
  const { decode, commit } = pipelineSettings(others);
  const keyOf = by === "key" ? recordKeyReader(decode, format) : undefined;
  const keepsKey = keyParts(decode).some((part) => typeof part === "object" && "record" in part);
  const context = {
    topic,
    keyOf,
    keepsKey,
    format,
    telemetry,
    clock,
    committer,
    maxEvents: commit.maxEvents,
    order: new TimeOrder({ aggregate, clock }),
    groupOf: (partition: number) => (by === "key" ? 0 : partition),
  };
  return runTasks(
    source,
    stop,
    (ending) => (assignment) =>
      taskOf(assignment, () => ({
        stop: ending,
        clock,
        newRun: (_, owner) => new RepartitionRun(assignment, context, owner),
      })),
  );
}
