/** The ports of a dry run: the input as it is, forecasts as JSON lines on standard output, and nothing on the brokers. */
import { map } from "rxjs";
import { TextOutput } from "../../adapters/files/text-output.js";
import { kafkaReadOnlySource, type KafkaOptions, type KafkaPorts } from "../../adapters/kafka/index.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { InputSample } from "../../pipeline/input-sample.js";
import type { Assignment } from "../../pipeline/ports.js";
import type { ServiceLog } from "./service-log.js";

/** First records of each partition that are judged. */
const judgedRecords = 1000;

/**
 * What the forecasts topic would get, a line for each record, from the first record that the input holds to what is its
 * last at the start. What else a commit holds (dead letters, snapshot, offset) goes nowhere. The first records of each
 * partition go to the sample too.
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

/** Logs what is odd in the sample. Throws INPUT_UNUSABLE where nothing that could be used came. */
export function judgeDryRun(log: ServiceLog, sample: InputSample, forecasts: number): void {
  const findings = sample.findings();
  for (const { level, message } of findings) {
    if (level !== "ok") log.warn({ event: "sample" }, message);
  }
  // Where the sample was rejected, what came after it may have been forecast from.
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
        for (const record of judged) sample.add(partition, record);
        left -= judged.length;
        yield batch;
      }
    },
  };
}
