/** One member of the consumer group: the pipeline of the partitions that it is given, until it is stopped. */
import { lastValueFrom, tap } from "rxjs";
import { kafkaPorts, type KafkaOptions, type KafkaPorts } from "../../adapters/kafka/index.js";
import type { KafkaLogEntry } from "../../adapters/kafka/options.js";
import { timedEngine } from "../../adapters/prometheus/timed-engine.js";
import type { Config } from "../../config/schema.js";
import type { TaskEvent } from "../../pipeline/events.js";
import { run } from "../../pipeline/run.js";
import type { Telemetry } from "../../pipeline/telemetry.js";
import { loadEngine } from "../shared/engine.js";
import { kafkaOptions } from "../shared/kafka-options.js";

/** Who is told of what a member does. */
export interface MemberReports {
  readonly telemetry: Telemetry;
  task(event: TaskEvent): void;
  /** A line of the Kafka client's own log. */
  kafka(entry: KafkaLogEntry): void;
  /** A line on the engine that was loaded. */
  engine(line: string): void;
  /** The group was joined, and assigned so many partitions. */
  joined(partitions: number): void;
  /** The member no longer belongs to the group. */
  lost(): void;
  /** The brokers answered. */
  heard(): void;
  /** An update of the weights took so long; where it is left out, none is timed. */
  readonly learned?: (seconds: number) => void;
}

/**
 * Resolves when it was stopped, or the input has ended, and everything is closed. Throws what ends the service:
 * SETTING_INVALID, TFJS_MISSING, and what `run` errors with.
 */
export async function runMember(
  settings: Config,
  reports: MemberReports,
  stop: AbortSignal,
  portsOf: (options: KafkaOptions) => KafkaPorts = kafkaPorts,
): Promise<void> {
  const options = kafkaOptions(settings, (entry) => reports.kafka(entry));
  const kafka = portsOf({
    ...options,
    joined: (partitions) => reports.joined(partitions),
    lost: () => reports.lost(),
    heard: () => reports.heard(),
  });
  const loaded = await loadEngine(settings.engine, (line) => reports.engine(line));
  const { learned } = reports;
  const engine = learned === undefined ? loaded : timedEngine(loaded, learned);
  const { model, decode, late, snapshot, recovery, commit } = settings;
  const tasks = run(kafka.source, kafka.committer, {
    forecaster: model,
    engine,
    decode,
    late,
    snapshot,
    recovery,
    commit,
    telemetry: reports.telemetry,
    stop,
  });
  try {
    await lastValueFrom(tasks.pipe(tap((event) => reports.task(event))), { defaultValue: undefined });
  } finally {
    await kafka.closed();
  }
}
