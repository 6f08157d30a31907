/** The ports of a dry run: reads the input, prints forecasts as JSON lines, and writes nothing to Kafka. */
import { map } from "rxjs";
import { TextOutput } from "../../adapters/files/text-output.js";
import { kafkaReadOnlySource, type KafkaPorts, type ServiceOptions } from "../../adapters/kafka/index.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { InputSample } from "../../pipeline/input-sample.js";
import type { Assignment } from "../../pipeline/ports.js";
import type { ServiceLog } from "./service-log.js";

/** Number of records that are checked, from the start of each partition. */
const judgedRecords = 1000;

/**
 * Returns ports that print one forecast per line, for the input from its first record to its end at the start. Dead letters,
 * snapshots and offsets are dropped. The first records of each partition are also added to the sample.
 */
export function dryRunPorts(options: ServiceOptions, sampleOf: (topic: string) => InputSample): KafkaPorts {
  const readOnly = kafkaReadOnlySource(options);
  const output = TextOutput.toStandardOutput();
  return {
    ...readOnly,
    source: {
      assignments: readOnly.source.assignments.pipe(
        map((assignment) => sampled(assignment, sampleOf(assignment.topic))),
      ),
    },
    committer: {
      async commit(_, { forecasts }) {
        for (const { value } of forecasts) output.write(`${Buffer.from(value!).toString()}\n`);
        output.flush();
        await output.drained();
      },
    },
  };
}

/** Logs the findings of each topic's sample. Throws INPUT_UNUSABLE if no record was usable. */
export function judgeDryRun(
  log: ServiceLog,
  samples: ReadonlyMap<string, InputSample>,
  forecasts: number,
): void {
  let failure: UndercurrentError | undefined;
  for (const [topic, sample] of samples) {
    const origin = samples.size === 1 ? {} : { topic };
    failure =
      judge((message) => log.warn({ event: "sample", ...origin }, message), sample, forecasts) ?? failure;
  }
  if (samples.size === 0 && forecasts === 0) failure = unusableInput("the input holds no record");
  if (failure !== undefined) throw failure;
}

function judge(
  warn: (message: string) => void,
  sample: InputSample,
  forecasts: number,
): UndercurrentError | undefined {
  const findings = sample.findings();
  for (const { level, message } of findings) if (level !== "ok") warn(message);
  // If only the sample was rejected, later records may have been forecast.
  const unusable = findings.find(
    ({ level }) => level === "error" && (forecasts === 0 || sample.accepted > 0),
  );
  if (unusable === undefined && forecasts > 0) return undefined;
  return unusableInput(unusable?.message ?? nothing(sample));
}

function unusableInput(message: string): UndercurrentError {
  return new UndercurrentError("INPUT_UNUSABLE", message);
}

function nothing({ records, accepted }: InputSample): string {
  if (records === 0) return "the input holds no record";
  // Readings that are accepted and not forecast are in windows.
  return accepted === 0
    ? "every record of the input was rejected"
    : `none of ${accepted} sampled events closed a window: a window closes with an event of its partition that is newer than its end by aggregate.grace, so that a shorter aggregate.every or more records are needed`;
}

function sampled(assignment: Assignment, sample: InputSample): Assignment {
  const { topic, partition, revoked } = assignment;
  let left = judgedRecords;
  return {
    topic,
    partition,
    revoked,
    takeOver: () => assignment.takeOver(),
    release: () => assignment.release(),
    async *read(from, stop) {
      for await (const batch of assignment.read(from, stop)) {
        const judged = batch.records.slice(0, left);
        await sample.prepare(judged);
        for (const record of judged) sample.add(partition, record);
        left -= judged.length;
        yield batch;
      }
    },
  };
}
