/** Measures the pipeline on a real broker: throughput against a bare echo, recovery of a large state, bytes of state. */
import { lastValueFrom, takeWhile } from "rxjs";
import { kafkaPorts, type KafkaOptions } from "../../src/adapters/kafka/index.js";
import type { Committed, TaskEvent } from "../../src/pipeline/events.js";
import { run } from "../../src/pipeline/run.js";
import { pipelineSettings, type PipelineOptions } from "../../src/pipeline/settings.js";
import type { TestBroker } from "../support/broker-client.js";
import { median, type Figure } from "./figures.js";
import { echo } from "./kafka-echo.js";
import { append, decode, outputTopics, readings } from "./kafka-topics.js";
import { runsWholeClient } from "../support/whole-client.js";

/** Throughput: partitions, records of each, keys of each; measured rounds after one that does not count. */
const partitions = 2;
const perPartition = 200_000;
const keys = 1000;
const rounds = 5;

/** Recovery: keys of the state, which are as many as the records that are replayed. */
const many = 100_000;

/** Records of the sample in which each one is committed by itself. */
const few = 1000;

const { commit, snapshot } = pipelineSettings();

/** Counts what lands; its pace is that of all records after the first commit, so that joining the group is left out. */
class Pace {
  readonly #total: number;
  #landed = 0;
  #first = { at: 0, landed: 0, cpu: 0 };
  #last = 0;
  #cpu = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** True once everything has landed. */
  readonly landed = (records: number): boolean => {
    this.#last = performance.now();
    this.#landed += records;
    const { user, system } = process.cpuUsage();
    this.#cpu = user + system;
    if (this.#first.landed === 0) this.#first = { at: this.#last, landed: this.#landed, cpu: this.#cpu };
    return this.#landed >= this.#total;
  };

  get microseconds(): number {
    return (1000 * (this.#last - this.#first.at)) / (this.#landed - this.#first.landed);
  }

  /** CPU time of the process for a record, in microseconds. */
  get cpuMicroseconds(): number {
    return (this.#cpu - this.#first.cpu) / (this.#landed - this.#first.landed);
  }
}

/** The clients that are compared, the whole second client where this Node.js runs it. */
const benchedClients: readonly {
  readonly name: string;
  readonly what: string;
  readonly settings: Partial<KafkaOptions>;
}[] = [
  { name: "kafka_vs_echo_kafkajs", what: "kafkajs", settings: {} },
  // With the producer for those who want pace.
  { name: "kafka_vs_echo", what: "producer platformatic", settings: { producerClient: "platformatic" } },
  ...(runsWholeClient
    ? [
        {
          name: "kafka_vs_echo_platformatic",
          what: "client platformatic",
          settings: { client: "platformatic" as const },
        },
      ]
    : []),
];

/** Runs the pipeline as long as `goesOn` says so; then it is abandoned, as by a crash. */
async function pipeline(
  options: KafkaOptions,
  settings: PipelineOptions,
  goesOn: (event: TaskEvent) => boolean,
): Promise<void> {
  const kafka = kafkaPorts(options);
  const events = run(kafka.source, kafka.committer, { decode, ...settings });
  await lastValueFrom(events.pipe(takeWhile(goesOn)), { defaultValue: undefined });
  await kafka.closed();
}

/** Runs it over `count` records of a topic of one partition; the bytes of all snapshots meanwhile. */
async function snapshotBytes(
  options: KafkaOptions,
  settings: PipelineOptions,
  count: number,
): Promise<number> {
  let bytes = 0;
  await pipeline(options, settings, (event) => {
    if (event.type !== "committed") return true;
    bytes += event.snapshot?.bytes ?? 0;
    return event.offset < count;
  });
  return bytes;
}

const recordsOf = ({ forecasts, deadLetters }: Committed): number => forecasts + deadLetters;

async function benchThroughput(broker: TestBroker): Promise<Figure[]> {
  const input = broker.name("bench-input");
  await broker.createTopic(input, { partitions });
  for (let partition = 0; partition < partitions; partition++) {
    await append(broker, input, partition, readings(perPartition, keys, partition + 1));
  }
  const total = partitions * perPartition;
  const ours = benchedClients.map((each) => ({ ...each, times: [] as number[], cpu: [] as number[] }));
  const theirs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const group = broker.name("bench-echo");
    const output = `${group}-output`;
    await broker.createTopic(output, { partitions });
    const peer = new Pace(total);
    await echo({ brokers: broker.brokers, group, input, output, partitions, ...commit }, peer.landed);
    for (const { settings, times, cpu } of ours) {
      const pace = new Pace(total);
      const options = { ...(await outputTopics(broker, input, partitions)), ...settings };
      await pipeline(options, {}, (event) => event.type !== "committed" || !pace.landed(recordsOf(event)));
      if (round === 0) continue;
      times.push(pace.microseconds);
      cpu.push(pace.cpuMicroseconds);
    }
    if (round > 0) theirs.push(peer.microseconds);
  }
  const peerTime = median(theirs);
  return ours.map(({ name, what, times, cpu }) => ({
    name,
    value: median(times),
    unit: `µs/record, ${what}, CPU ${median(cpu).toPrecision(3)}`,
    peer: `bare kafkajs echo ${peerTime.toPrecision(4)}`,
    ratio: peerTime / median(times),
  }));
}

/** Restores the state of 100,000 keys, and replays as many records on it. */
async function benchRecovery(broker: TestBroker): Promise<Figure[]> {
  const input = broker.name("bench-input");
  await broker.createTopic(input);
  const options = await outputTopics(broker, input, 1);
  await append(broker, input, 0, readings(many, many, 1));
  // The snapshot is due with the last of these records, and not again after as many more.
  const settings = { snapshot: { everyEvents: many, everyMs: 86_400_000 } };
  const bytes = await snapshotBytes(options, settings, many);
  await append(broker, input, 0, readings(many, many, 2, many));
  await snapshotBytes(options, { snapshot: { everyEvents: 2 * many, everyMs: 86_400_000 } }, 2 * many);

  const began = performance.now();
  const at = { restored: NaN, live: NaN };
  await pipeline(options, settings, (event) => {
    if (event.type === "taken-over") {
      at.restored = performance.now();
      if (event.keys !== many) throw new Error(`${event.keys} keys were restored`);
    }
    if (event.type !== "live") return true;
    at.live = performance.now();
    if (event.replayed !== many) throw new Error(`${event.replayed} records were replayed`);
    return false;
  });
  const figure = (name: string, value: number, unit: string): Figure => ({
    name,
    value,
    unit,
    peer: "",
    ratio: NaN,
  });
  return [
    figure("kafka_restore_100k_keys_h32", (at.restored - began) / 1000, "s, joining the group included"),
    figure("kafka_restore_100k_keys_h32_bytes", bytes, "bytes"),
    figure("kafka_replay_100k_events", (at.live - at.restored) / 1000, "s"),
  ];
}

/** Bytes of state that are written for each record, by how often a snapshot is made. */
async function benchStateBytes(broker: TestBroker): Promise<Figure[]> {
  const input = broker.name("bench-input");
  await broker.createTopic(input);
  await append(broker, input, 0, readings(snapshot.everyEvents, keys, 1));
  const perRecord = async (count: number, settings: PipelineOptions): Promise<number> =>
    (await snapshotBytes(await outputTopics(broker, input, 1), settings, count)) / count;
  const everyMs = 86_400_000;
  const usual = await perRecord(snapshot.everyEvents, { snapshot: { everyMs } });
  const everyCommit = await perRecord(snapshot.everyEvents, { snapshot: { everyEvents: 1, everyMs } });
  const everyRecord = await perRecord(few, {
    snapshot: { everyEvents: 1, everyMs },
    commit: { maxEvents: 1 },
  });
  const against = (name: string, peer: string, bytes: number): Figure => ({
    name,
    value: usual,
    unit: "bytes/record",
    peer: `${peer} ${bytes.toPrecision(4)}`,
    ratio: bytes / usual,
  });
  return [
    against("kafka_state_bytes_vs_every_commit", "everyEvents: 1,", everyCommit),
    against(
      "kafka_state_bytes_vs_every_record",
      `everyEvents: 1 and maxEvents: 1, over ${few} records,`,
      everyRecord,
    ),
  ];
}

/**
 * Two partitions of 200,000 records and 1,000 keys each against a bare echo, in turn; restore of 100,000 keys at H 32
 * and replay of 100,000 records; bytes of state at the default interval, over 1,000 keys, against a changelog's.
 */
export async function benchKafka(broker: TestBroker): Promise<Figure[]> {
  return [
    ...(await benchThroughput(broker)),
    ...(await benchRecovery(broker)),
    ...(await benchStateBytes(broker)),
  ];
}
