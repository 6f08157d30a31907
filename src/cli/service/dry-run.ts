/** The ports of a dry run: reads the input, prints forecasts as JSON lines, and writes nothing to Kafka. */
import { map } from "rxjs";
import { TextOutput } from "../../adapters/files/text-output.js";
import { kafkaReadOnlySource, type KafkaOptions, type KafkaPorts } from "../../adapters/kafka/index.js";
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
export function dryRunPorts(options: KafkaOptions, sample: InputSample): KafkaPorts {
  const readOnly = kafkaReadOnlySource(options);
  const output = TextOutput.toStandardOutput();
  return {
    ...readOnly,
    source: {
      assignments: readOnly.source.assignments.pipe(map((assignment) => sampled(assignment, sample))),
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

/** Logs the findings of the sample. Throws INPUT_UNUSABLE if no record was usable. */
export function judgeDryRun(log: ServiceLog, sample: InputSample, forecasts: number): void {
  const findings = sample.findings();
  for (const { level, message } of findings) {
    if (level !== "ok") log.warn({ event: "sample" }, message);
  }
  // If only the sample was rejected, later records may have been forecast.
  const unusable = findings.find(
    ({ level }) => level === "error" && (forecasts === 0 || sample.accepted > 0),
  );
  if (unusable === undefined && forecasts > 0) return;
  throw new UndercurrentError("INPUT_UNUSABLE", unusable?.message ?? nothing(sample));
}

function nothing({ records }: InputSample): string {
  return records === 0 ? "the input holds no record" : "every record of the input was rejected";
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
