/**
 * Real processes on a real broker, killed and rebalanced while input flows; then every record that a reader of committed
 * ones sees, held against one uninterrupted run. The seed fixes the input and the order of faults; when exactly each
 * strikes is up to the broker and the machine.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KafkaMessage } from "kafkajs";
import type { ProducerKind } from "../../src/adapters/kafka/options.js";
import { stringify } from "yaml";
import type { TestBroker } from "../support/broker-client.js";
import { Feed } from "./feed.js";
import { Fleet } from "./fleet.js";
import { partitionInput } from "./input.js";
import { readTopic } from "./reader.js";
import { scheduleOf } from "./schedule.js";
import {
  addCounts,
  compareOutput,
  expectedOutput,
  seenMessage,
  type Counts,
  type Expected,
} from "./verdict.js";

export interface ChaosOptions {
  readonly kills: number;
  readonly rebalances: number;
  readonly seed: number;
  readonly producer?: ProducerKind;
  readonly pauses?: number;
  readonly brokerRestarts?: number;
}

export interface ChaosReport extends ChaosOptions, Counts {
  /** Records of the input, and what was expected of them. */
  readonly records: number;
  readonly forecasts: number;
  readonly deadLetters: number;
  /** Updates of the weights in the uninterrupted run. */
  readonly updates: number;
  /** Takeovers of a partition, and the records that were replayed after them. */
  readonly takeovers: number;
  readonly replayed: number;
  readonly seconds: number;
  /** What happened, with milliseconds since the beginning. */
  readonly trace: readonly string[];
}

const partitions = 6;
const keys = 2000;

// Many commits and snapshots, so that a fault finds each of their states; updates every hundred events or so.
const model = { hidden: 16, window: 8, stride: 4, windows: 8 };
const pipeline = {
  decode: { value: "reading.value" },
  late: "dead-letter",
  snapshot: { everyEvents: 1000, everySeconds: 5 },
  commit: { maxEvents: 100 },
} as const;

// Records have the times of the data, which a broker takes for their age: none may be too old to be kept.
const kept = { "retention.ms": "-1" };
// Small segments, so that the state is compacted while it is written.
const compacted = {
  "cleanup.policy": "compact",
  "segment.bytes": "2000000",
  "min.cleanable.dirty.ratio": "0.1",
};

/** Throws, with what happened, where the run does not come to its end. */
export async function runChaos(
  broker: TestBroker,
  options: ChaosOptions,
  restartBroker = (): Promise<void> => Promise.reject(new Error("this broker cannot be restarted")),
): Promise<ChaosReport> {
  const began = performance.now();
  const trace: string[] = [];
  const note = (what: string): void => {
    trace.push(`${Math.round(performance.now() - began)} ${what}`);
  };
  const application = broker.name("chaos");
  const topics = {
    input: `${application}-input`,
    forecasts: `${application}-forecasts`,
    deadLetters: `${application}-dead-letters`,
    state: `${application}-state`,
  };
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-chaos-"));
  const config = join(folder, "config.yaml");
  const inputs = Array.from({ length: partitions }, (_, partition) =>
    partitionInput(options.seed, partition, Math.ceil((keys - partition) / partitions)),
  );
  const feed = new Feed(broker.brokers, topics.input, inputs);
  const fleet = new Fleet(config, partitions, note, () => feed.during(restartBroker));
  try {
    for (const topic of Object.values(topics)) {
      await broker.createTopic(topic, {
        partitions,
        settings: topic === topics.state ? compacted : kept,
      });
    }
    await writeFile(config, stringify(configOf(broker.brokers, options.producer, application, topics)));
    await feed.start();
    fleet.start();
    for (const step of scheduleOf(options.seed, options)) {
      note(JSON.stringify(step));
      await fleet.take(step);
    }
    await fleet.settled();
    await feed.stop();
    note("the input ends");
    for (const [partition, { length }] of feed.produced.entries()) {
      await fleet.until(`partition ${partition} is committed up to ${length}`, async () => {
        return (await broker.committedOffset(application, topics.input, partition)) === length;
      });
    }
    await fleet.stopAll();
    const expected = feed.produced.map((records, partition) =>
      expectedOutput(records, { topic: topics.input, partition }, model, pipeline),
    );
    const counts = compare(
      expected,
      await readTopic(broker, topics.forecasts, partitions),
      await readTopic(broker, topics.deadLetters, partitions),
    );
    const sum = (count: (of: Expected) => number): number =>
      expected.reduce((total, part) => total + count(part), 0);
    return {
      ...options,
      ...fleet.happened,
      ...counts,
      records: feed.produced.reduce((total, { length }) => total + length, 0),
      forecasts: sum(({ forecasts }) => forecasts.length),
      deadLetters: sum(({ deadLetters }) => deadLetters.length),
      updates: sum(({ updates }) => updates),
      ...fleet.totals,
      seconds: (performance.now() - began) / 1000,
      trace,
    };
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${what}\nwhat happened, in ms:\n  ${trace.join("\n  ")}`, { cause });
  } finally {
    await fleet.killAll();
    await feed.stop().catch(() => undefined);
    await broker.admin(async (admin) => {
      await admin.deleteTopics({ topics: Object.values(topics) }).catch(() => undefined);
      await admin.deleteGroups([application]).catch(() => undefined);
    });
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf(
  brokers: readonly string[],
  producer: ProducerKind = "kafkajs",
  application: string,
  topics: Readonly<Record<string, string>>,
): object {
  return {
    application,
    // The least that a broker allows by default: a killed instance's partitions wait that long.
    kafka: { brokers, producer, fetchWaitMs: 50, sessionTimeoutMs: 6000, rebalanceTimeoutMs: 10_000 },
    topics,
    ...pipeline,
    model,
    server: { enabled: false },
    log: { level: "debug" },
  };
}

function compare(
  expected: readonly Expected[],
  forecasts: readonly (readonly KafkaMessage[])[],
  deadLetters: readonly (readonly KafkaMessage[])[],
): Counts {
  // A dead letter's partition is a matter of its key, if it has one: all of them are compared as one set.
  const letters = compareOutput(
    expected.flatMap((part) => part.deadLetters),
    deadLetters.flat().map(seenMessage),
    false,
  );
  return expected
    .map((part, partition) => compareOutput(part.forecasts, forecasts[partition]!.map(seenMessage), true))
    .reduce(addCounts, letters);
}
