/** Runs one member of the consumer group: the pipeline of its partitions, until it is stopped. */
import { lastValueFrom, tap } from "rxjs";
import {
  kafkaPorts,
  type KafkaOptions,
  type KafkaPorts,
  type ServiceOptions,
} from "../../adapters/kafka/index.js";
import { createIntermediate, IntermediatePurge } from "../../adapters/kafka/admin/intermediate-topic.js";
import { repartitionPorts } from "../../adapters/kafka/repartition-ports.js";
import type { KafkaLogEntry } from "../../adapters/kafka/options.js";
import { timedEngine } from "../../adapters/prometheus/timed-engine.js";
import type { Config } from "../../config/schema.js";
import type { TaskEvent } from "../../pipeline/events.js";
import type { KeyQueries } from "../../pipeline/query/key-queries.js";
import type { ValueFormat } from "../../pipeline/decode/format.js";
import { repartition } from "../../pipeline/repartition/repartition.js";
import { run } from "../../pipeline/run.js";
import type { ModelControl } from "../../pipeline/state/model-control.js";
import type { BatchTracer, Telemetry } from "../../pipeline/telemetry.js";
import { loadEngine } from "../shared/engine.js";
import { formatOf } from "../shared/decode/format.js";
import { byOf, forecasting, hasSeveral } from "../shared/inputs.js";
import { kafkaOptions } from "../shared/kafka-options.js";
import { withSchemaId } from "../shared/output-schema.js";
import { candidateOptions, forecasterOptions, pipelineOptions } from "../shared/pipeline.js";

/** Callbacks for the events of a member. */
export interface MemberReports {
  readonly telemetry: Telemetry;
  task(event: TaskEvent): void;
  /** A step of the repartition before the forecasts. */
  repartition(event: TaskEvent): void;
  /** A line of the Kafka client's own log. */
  kafka(entry: KafkaLogEntry): void;
  /** A line on the engine that was loaded. */
  engine(line: string): void;
  /** The schema registry is away: a partition waits. */
  registry(line: string): void;
  /** Called when the group was joined, with the number of assigned partitions. */
  joined(partitions: number): void;
  /** The member no longer belongs to the group. */
  lost(): void;
  /** The brokers answered. */
  heard(): void;
  /** Takes questions about keys. */
  readonly queries?: KeyQueries;
  /** Changes settings of the live model. */
  readonly control?: ModelControl;
  /** Follows batches. */
  readonly tracer?: BatchTracer | undefined;
  /** Called with the duration of each weight update; if left out, updates are not timed. */
  readonly learned?: (seconds: number) => void;
}

/**
 * Runs a member. Resolves when the member was stopped or the input has ended, and everything is closed. Throws the error that
 * ends the service: SETTING_INVALID, TFJS_MISSING, and what `run` errors with.
 */
export async function runMember(
  given: Config,
  reports: MemberReports,
  stop: AbortSignal,
  portsOf: (options: ServiceOptions) => KafkaPorts = kafkaPorts,
): Promise<void> {
  const { repartition: how } = given.topics;
  const settings = await withSchemaId(forecasting(given), { report: (line) => reports.registry(line), stop });
  const options = kafkaOptions(settings, (entry) => reports.kafka(entry));
  const before = how === false ? undefined : await openRepartition(given, reports);
  const kafka = portsOf({
    ...options,
    joined: (partitions) => reports.joined(partitions),
    lost: () => reports.lost(),
    heard: () => reports.heard(),
  });
  const loaded = await loadEngine(settings.engine, (line) => reports.engine(line));
  const format = await formatOf(settings, (line) => reports.registry(line));
  const { learned, queries, control, tracer } = reports;
  const candidate = candidateOptions(settings);
  const engine = learned === undefined ? loaded : timedEngine(loaded, learned);
  // If one of the two fails, the other stops.
  const failed = new AbortController();
  const ending = before === undefined ? stop : AbortSignal.any([stop, failed.signal]);
  const purge = before && new IntermediatePurge(options as KafkaOptions);
  const tasks = run(kafka.source, kafka.committer, {
    ...pipelineOptions(settings),
    forecaster: forecasterOptions(settings),
    ...(candidate !== undefined && {
      candidate: {
        forecaster: candidate,
        emit: settings.topics.candidate !== undefined,
        emitIncidents: settings.topics.candidateIncidents !== undefined,
      },
    }),
    engine,
    ...(format !== undefined && { format }),
    telemetry: reports.telemetry,
    ...(queries !== undefined && { queries }),
    severalTopics: hasSeveral(settings),
    ...(control !== undefined && { control }),
    ...(tracer !== undefined && { tracer }),
    stop: ending,
  });
  const forecasts = lastValueFrom(
    tasks.pipe(
      tap((event) => {
        reports.task(event);
        if (event.type === "committed" && event.snapshot !== undefined) {
          purge?.add(event.partition, event.offset);
        }
      }),
    ),
    { defaultValue: undefined },
  );
  const parts = [forecasts, ...(before === undefined ? [] : [before.run(format, ending)])];
  for (const part of parts) part.catch(() => failed.abort());
  try {
    const ends = await Promise.allSettled(parts);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  } finally {
    await purge?.close();
    await kafka.closed();
    await before?.closed();
  }
}

/** The repartition before the forecasts. */
interface RepartitionPart {
  run(format: ValueFormat | undefined, stop: AbortSignal): Promise<unknown>;
  closed(): Promise<void>;
}

/** Creates the intermediate topic if there is none. */
async function openRepartition(given: Config, reports: MemberReports): Promise<RepartitionPart> {
  const options = kafkaOptions(given, (entry) => reports.kafka(entry));
  const by = byOf(given.topics.repartition || "key");
  const { topic } = await createIntermediate(options, { by, partitions: given.topics.repartitionPartitions });
  const ports = repartitionPorts(options);
  const { decode, commit, aggregate } = given;
  return {
    run: (format, stop) => {
      const tasks = repartition(ports.source, ports.committer, {
        ...{ topic, by, decode, commit, format, stop, aggregate },
        telemetry: reports.telemetry,
      });
      return lastValueFrom(tasks.pipe(tap((event) => reports.repartition(event))), {
        defaultValue: undefined,
      });
    },
    closed: () => ports.closed(),
  };
}
