/**
 * Real processes on a real broker, killed and rebalanced while input flows; then every record that a reader of committed
 * ones sees, held against one uninterrupted run. The seed fixes the input and the order of faults; when exactly each
 * strikes is up to the broker and the machine.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientKind, GroupProtocol, ProducerKind } from "../../src/adapters/kafka/options.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { stringify } from "yaml";
import type { TestBroker } from "../support/broker-client.js";
import { startBrokerProxy } from "../support/broker-proxy.js";
import { Feed, type Pace } from "./feed.js";
import { Fleet } from "./fleet.js";
import { runCommand } from "./instance.js";
import { partitionInput } from "./input.js";
import { readPartition } from "./reader.js";
import { scheduleOf, type Faults } from "./schedule.js";
import { openShape, type Shape, type ShapeName } from "./shapes.js";
import {
  addCounts,
  compareOutput,
  expectedOutput,
  nothingWrong,
  seenForecast,
  seenIncident,
  seenMessage,
  type ComparedMessage,
  type Counts,
  type SeenRecord,
} from "./verdict.js";

export interface ChaosOptions extends Faults {
  readonly seed: number;
  readonly producer?: ProducerKind;
  /** What the topics hold, and what runs on them. Default: readings. */
  readonly shape?: ShapeName;
  /** Client of the instances. Default kafkajs. */
  readonly client?: ClientKind;
  /** Protocol of their group. Default classic. */
  readonly groupProtocol?: GroupProtocol;
  /** Pace of each partition's input. */
  readonly pace?: Pace;
}

export interface ChaosReport extends Omit<ChaosOptions, "pace">, Counts {
  /** Records of the input, and what was expected of them. */
  readonly records: number;
  readonly forecasts: number;
  /** Forecasts of the candidate. */
  readonly candidates: number;
  readonly incidents: number;
  readonly deadLetters: number;
  /** Instances that ended, or did not begin, because the state topic was deleted. */
  readonly refusals: number;
  /** Updates of the weights in the uninterrupted run. */
  readonly updates: number;
  /** Takeovers of a partition, and the records that were replayed after them. */
  readonly takeovers: number;
  readonly replayed: number;
  readonly seconds: number;
  /** What happened, with milliseconds since the beginning. */
  readonly trace: readonly string[];
}

type Topics = Readonly<Record<"input" | "forecasts" | "incidents" | "deadLetters" | "state", string>> & {
  readonly candidate?: string;
};

export const partitions = 6;

// Records have the times of the data, which a broker takes for their age: none may be too old to be kept.
const kept = { "retention.ms": "-1" };
// Small segments, so that the state is compacted while it is written.
const compacted = {
  "cleanup.policy": "compact",
  "segment.bytes": "2000000",
  "min.cleanable.dirty.ratio": "0.1",
};

/** Faults in the order of the seed's. Throws, with what happened, where the run does not come to its end. */
export async function runChaos(
  broker: TestBroker,
  options: ChaosOptions,
  restartBroker?: () => Promise<void>,
): Promise<ChaosReport> {
  const faults = async (fleet: Fleet, note: (what: string) => void): Promise<void> => {
    fleet.start();
    for (const step of scheduleOf(options.seed, options)) {
      note(JSON.stringify(step));
      await fleet.take(step);
    }
  };
  return await runFleet(broker, options, faults, restartBroker && { restartBroker });
}

/** What a fleet may need beside its options. */
export interface Means {
  readonly restartBroker?: () => Promise<void>;
  /** Flags of Node.js for each instance. */
  readonly nodeFlags?: readonly string[];
}

const refuseRestart = (): Promise<void> => Promise.reject(new Error("this broker cannot be restarted"));

/** Starts the input, does to a fleet what is to be done, and judges all that is committed in the end. */
export async function runFleet(
  broker: TestBroker,
  { pace, ...options }: ChaosOptions,
  during: (fleet: Fleet, note: (what: string) => void) => Promise<void>,
  { restartBroker = refuseRestart, nodeFlags = [] }: Means = {},
): Promise<ChaosReport> {
  const began = performance.now();
  const trace: string[] = [];
  const note = (what: string): void => {
    trace.push(`${Math.round(performance.now() - began)} ${what}`);
  };
  const application = broker.name("chaos");
  const shape = await openShape(options.shape ?? "readings", `${application}-forecasts`);
  const topics: Topics = {
    input: `${application}-input`,
    forecasts: `${application}-forecasts`,
    incidents: `${application}-incidents`,
    deadLetters: `${application}-dead-letters`,
    state: `${application}-state`,
    ...(shape.candidate && { candidate: `${application}-candidate` }),
  };
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-chaos-"));
  const config = join(folder, "config.yaml");
  const inputOf = (partition: number): Iterator<InputRecord, never> =>
    partitionInput(
      options.seed,
      partition,
      Math.ceil((shape.keys - partition) / partitions),
      shape.write,
      shape.lifetime,
    );
  const feed = new Feed(
    broker.brokers,
    topics.input,
    Array.from({ length: partitions }, (_, p) => inputOf(p)),
    pace,
  );
  const makeTopic = (topic: string): Promise<void> =>
    broker.createTopic(topic, { partitions, settings: topic === topics.state ? compacted : kept });
  const committed = (partition: number): Promise<number> =>
    broker.committedOffset(application, topics.input, partition);
  const allCommitted = (): Promise<number[]> =>
    Promise.all(Array.from({ length: partitions }, (_, partition) => committed(partition)));
  // Of several brokers each names the others, so that no proxy would be passed for long.
  const proxy = await startBrokerProxy(broker.brokers[0]!);
  const addresses = broker.brokers.length > 1 ? broker.brokers : [proxy.address];
  const fleet = new Fleet([...nodeFlags, ...runCommand, config], partitions, note, {
    proxy,
    restartBroker: () => feed.during(restartBroker),
    hasState: async () =>
      (await allCommitted()).every((count) => count > shape.pipeline.snapshot!.everyEvents!),
    deleteState: () => broker.deleteTopic(topics.state),
    makeState: () => makeTopic(topics.state),
  });
  try {
    for (const topic of Object.values(topics)) await makeTopic(topic);
    await writeFile(config, stringify(configOf(addresses, options, { application, topics, shape })));
    await feed.start();
    await during(fleet, note);
    if (fleet.size > 0) await fleet.settled();
    await feed.stop();
    note("the input ends");
    if (fleet.size > 0) {
      await fleet.until(`all is committed up to ${feed.produced.join(" ")}`, async () =>
        (await allCommitted()).every((count, partition) => count === feed.produced[partition]),
      );
    }
    await fleet.stopAll();
    note("what is committed is compared");
    const counts = await allCommitted();
    const figures = await judge(broker, { application, topics, shape }, counts, inputOf);
    return {
      ...options,
      ...fleet.happened,
      ...figures,
      records: counts.reduce((total, count) => total + count, 0),
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
    await proxy.close();
    await shape.close();
    await broker.admin(async (admin) => {
      await admin.deleteTopics({ topics: Object.values(topics) }).catch(() => undefined);
      await admin.deleteGroups([application]).catch(() => undefined);
    });
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names and contents of a run. */
interface Run {
  readonly application: string;
  readonly topics: Topics;
  readonly shape: Shape;
}

type ChaosClients = Pick<ChaosOptions, "client" | "producer" | "groupProtocol">;

function configOf(
  brokers: readonly string[],
  { client = "kafkajs", producer, groupProtocol = "classic" }: ChaosClients,
  { application, topics, shape }: Run,
): object {
  return {
    applicationId: application,
    // The least that a broker allows by default: a killed instance's partitions wait that long.
    kafka: {
      bootstrapServers: brokers,
      client,
      ...(producer !== undefined && { producerClient: producer }),
      groupProtocol,
      fetchMaxWaitMs: 50,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 10_000,
    },
    topics,
    ...shape.pipeline,
    // The windows are a section of their own.
    model: { ...shape.model, aggregate: undefined },
    ...shape.sections,
    server: { enabled: false },
    log: { level: "debug" },
  };
}

/** A forecast without the header that names this application; one with another is left as it is, and differs. */
function withoutApplication(message: ComparedMessage, application: string): ComparedMessage {
  const { "undercurrent-application": named, ...headers } = message.headers ?? {};
  return String(named) === application ? { ...message, headers } : message;
}

/** All up to the committed offsets, one partition after the other, for all of them would not fit into memory. */
async function judge(
  broker: TestBroker,
  { application, topics, shape }: Run,
  committed: readonly number[],
  inputOf: (partition: number) => Iterator<InputRecord, never>,
): Promise<Counts & Pick<ChaosReport, "forecasts" | "candidates" | "incidents" | "deadLetters" | "updates">> {
  const letters: { expected: SeenRecord[]; actual: SeenRecord[] } = { expected: [], actual: [] };
  let [counts, forecasts, candidates, incidents, updates] = [nothingWrong, 0, 0, 0, 0];
  const forecastsOf = async (topic: string, partition: number): Promise<SeenRecord[]> =>
    (await readPartition(broker, topic, partition)).map((message) =>
      seenForecast(seenMessage(withoutApplication(message, application)), message.value, shape.told),
    );
  for (const [partition, count] of committed.entries()) {
    const origin = { topic: topics.input, partition };
    const expected = expectedOutput(inputOf(partition), count, origin, shape);
    const actual = await forecastsOf(topics.forecasts, partition);
    counts = addCounts(counts, compareOutput(expected.forecasts, actual, true));
    if (shape.candidate !== undefined) {
      // A candidate writes what it would write as the only model.
      const alone = expectedOutput(inputOf(partition), count, origin, { ...shape, model: shape.candidate });
      const beside = await forecastsOf(topics.candidate!, partition);
      counts = addCounts(counts, compareOutput(alone.forecasts, beside, true));
      candidates += alone.forecasts.length;
    }
    const told = (await readPartition(broker, topics.incidents, partition)).map((message) =>
      seenIncident(seenMessage(withoutApplication(message, application)), message.value, shape.changeOf),
    );
    counts = addCounts(counts, compareOutput(expected.incidents, told, true));
    forecasts += expected.forecasts.length;
    incidents += expected.incidents.length;
    updates += expected.updates;
    for (const letter of expected.deadLetters) letters.expected.push(letter);
    for (const letter of await readPartition(broker, topics.deadLetters, partition)) {
      letters.actual.push(seenMessage(letter));
    }
  }
  // A dead letter's partition is a matter of its key, if it has one: all of them are compared as one set.
  counts = addCounts(counts, compareOutput(letters.expected, letters.actual, false));
  return { ...counts, forecasts, candidates, incidents, updates, deadLetters: letters.expected.length };
}
