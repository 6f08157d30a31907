/**
 * What people would pick instead, each as a process on the same broker and the same records, in turns: Kafka Streams with
 * smoothing, bare echoes of three clients, and Quix Streams with River. CPU time, pace and memory of each process.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Admin } from "kafkajs";
import { isRetriable } from "../../../src/adapters/kafka/errors.js";
import { runsWholeClient } from "../../support/whole-client.js";
import type { TestBroker } from "../../support/broker-client.js";
import { cached, fetchJars } from "../../support/maven.js";
import { median, spread, type Figure } from "../figures.js";
import { append, decode, outputTopics, readings } from "../kafka-topics.js";

const partitions = 2;
const keys = 1000;
/** Milliseconds between two looks at what is committed. */
const period = 50;
/** Seconds without progress after which a peer is given up. */
const patience = 120;

const streamsVersion = "4.1.0";
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>bench-peers</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams</artifactId>
<version>${streamsVersion}</version></dependency></dependencies></project>`;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export interface PeersOptions {
  /** Records of all partitions. */
  readonly records: number;
  readonly rounds: number;
  /** Node.js binaries. */
  readonly nodes: readonly string[];
}

/** What a peer is given. */
interface Task {
  readonly brokers: string;
  readonly group: string;
  readonly input: string;
  readonly output: string;
  /** An empty folder. */
  readonly folder: string;
}

interface Peer {
  readonly name: string;
  /** Program and arguments. */
  command(task: Task): Promise<readonly string[]> | readonly string[];
}

/** A process at a time. */
interface Sample {
  /** Seconds. */
  readonly at: number;
  /** Seconds of user and system time. */
  readonly cpu: number;
  /** Records whose offsets are committed. */
  readonly landed: number;
}

interface Outcome {
  /** µs of CPU time a record, over the second half of the records, and from the start of the process. */
  readonly steady: number;
  readonly whole: number;
  /** Records a second, over the second half. */
  readonly pace: number;
  /** Most resident memory, MB. */
  readonly memory: number;
}

/** Measures all peers that this machine has; the others are named on stderr. */
export async function benchStreamPeers(
  broker: TestBroker,
  { records, rounds, nodes }: PeersOptions,
): Promise<Figure[]> {
  const peers = [...ours(nodes, broker), ...echoes(nodes), ...(await javaPeers()), ...pythonPeers()];
  const input = broker.name("bench-input");
  await broker.createTopic(input, { partitions });
  for (let partition = 0; partition < partitions; partition++) {
    await append(broker, input, partition, readings(records / partitions, keys, partition + 1));
  }
  const outcomes = new Map<string, Outcome[]>(peers.map(({ name }) => [name, []]));
  await broker.admin(async (admin) => {
    for (let round = 0; round < rounds; round++) {
      for (const peer of peers) {
        const outcome = await measure(broker, admin, peer, input, records);
        if (typeof outcome !== "string") outcomes.get(peer.name)!.push(outcome);
        process.stderr.write(`${peer.name}: ${typeof outcome === "string" ? outcome : described(outcome)}\n`);
      }
    }
  });
  process.stderr.write(`${cpus()[0]?.model ?? "an unknown processor"}\n`);
  const base = median(outcomes.get(peers[0]!.name)!.map(({ steady }) => steady));
  return peers.flatMap(({ name }) => figuresOf(name, outcomes.get(name)!, base));
}

const described = ({ steady, whole, pace, memory }: Outcome): string =>
  `${steady.toFixed(1)} µs, ${whole.toFixed(1)} from its start, ${pace.toFixed(0)} records/s, ${memory.toFixed(0)} MB`;

function figuresOf(name: string, outcomes: readonly Outcome[], base: number): Figure[] {
  if (outcomes.length === 0) return [];
  const of = (part: keyof Outcome): number => median(outcomes.map((outcome) => outcome[part]));
  const steady = outcomes.map((outcome) => outcome.steady);
  return [
    {
      name,
      value: median(steady),
      ...(steady.length > 1 && { spread: spread(steady) }),
      unit: `µs of CPU a record; ${of("whole").toFixed(1)} from its start, ${of("pace").toFixed(0)} records/s, ${of("memory").toFixed(0)} MB`,
      peer: "by ours with kafkajs",
      ratio: median(steady) / base,
    },
  ];
}

/** The built service with its defaults. */
function ours(nodes: readonly string[], broker: TestBroker): Peer[] {
  const clients = [
    { what: "kafkajs", kafka: {} },
    { what: "kafkajs, producer platformatic", kafka: { producerClient: "platformatic" } },
    ...(runsWholeClient ? [{ what: "platformatic", kafka: { client: "platformatic" } }] : []),
  ];
  return nodes.flatMap((node, index) =>
    clients.map(({ what, kafka }) => ({
      name: `undercurrent, ${what}${labelOf(nodes, index)}`,
      command: async ({ brokers, group, input, folder }: Task): Promise<readonly string[]> => {
        const { topics } = await outputTopics(broker, input, partitions);
        const config = join(folder, "config.json");
        const settings = {
          applicationId: group,
          kafka: { bootstrapServers: brokers.split(","), ...kafka },
          topics,
          decode,
          server: { port: 0 },
        };
        await writeFile(config, JSON.stringify(settings));
        return [node, here("../../../dist/cli.js"), "run", "-c", config];
      },
    })),
  );
}

const labelOf = (nodes: readonly string[], index: number): string =>
  nodes.length > 1 ? `, ${nodes[index]!}` : "";

function echoes(nodes: readonly string[]): Peer[] {
  const files = ["kafkajs", ...(runsWholeClient ? ["platformatic"] : [])];
  return nodes.flatMap((node, index) =>
    files.map((client) => ({
      name: `bare echo, ${client}${labelOf(nodes, index)}`,
      command: ({ brokers, group, input, output }: Task) => {
        const file = here(`echo-${client}.ts`);
        return [node, "--import", "tsx", file, brokers, group, input, output, String(partitions)];
      },
    })),
  );
}

async function javaPeers(): Promise<Peer[]> {
  const jars = cached(`kafka-streams-${streamsVersion}`);
  try {
    await fetchJars(jars, pom);
  } catch {
    process.stderr.write("left out, for want of Java 17 and Maven: Kafka Streams, the Java client\n");
    return [];
  }
  const kinds = [
    ["Kafka Streams, smoothing in RocksDB", "streams-rocksdb"],
    ["Kafka Streams, smoothing in a cached store in memory", "streams-memory"],
    ["bare echo, Java client", "echo"],
  ] as const;
  return kinds.map(([name, kind]) => ({
    name,
    command: ({ brokers, group, input, output, folder }) => {
      const program = ["java", "-Xmx1g", "-cp", join(jars, "*"), here("Peer.java")];
      return [...program, kind, brokers, group, input, output, folder];
    },
  }));
}

function pythonPeers(): Peer[] {
  const python = process.env["UNDERCURRENT_PYTHON"];
  if (python === undefined) {
    process.stderr.write(
      "left out, for want of UNDERCURRENT_PYTHON with quixstreams and river: Quix Streams\n",
    );
    return [];
  }
  return [
    {
      name: "Quix Streams, River's Holt-Winters",
      command: ({ brokers, group, input, output, folder }) => [
        python,
        here("smoothing.py"),
        ...[brokers, group, input, output, folder],
      ],
    },
  ];
}

/** One run of a peer from the first record on, until so many are committed. */
async function measure(
  broker: TestBroker,
  admin: Admin,
  peer: Peer,
  input: string,
  records: number,
): Promise<Outcome | string> {
  const group = broker.name("bench-peer");
  const output = `${group}-output`;
  await broker.createTopic(output, { partitions });
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-peer-"));
  const task = { brokers: broker.brokers.join(","), group, input, output, folder };
  const [program, ...values] = await peer.command(task);
  const child = spawn(program!, values, { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)));
  const ended = once(child, "exit");
  try {
    const samples = await samplesOf(child, records, () => landedOf(admin, group, input));
    if (samples === undefined) return `ended, or came no further:\n${complaint}`;
    return { ...outcomeOf(samples, records), memory: await mostMemory(child) };
  } finally {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

async function samplesOf(
  child: ChildProcess,
  total: number,
  landed: () => Promise<number>,
): Promise<Sample[] | undefined> {
  const samples: Sample[] = [];
  let moved = performance.now();
  for (let most = 0; most < total;) {
    if (child.exitCode !== null || performance.now() - moved > 1000 * patience) return undefined;
    const now = await landed();
    if (now > most) {
      moved = performance.now();
      most = now;
      samples.push({ at: performance.now() / 1000, cpu: await cpuOf(child.pid!), landed: now });
    }
    await sleep(period);
  }
  return samples;
}

function outcomeOf(samples: readonly Sample[], total: number): Omit<Outcome, "memory"> {
  const last = samples.at(-1)!;
  const whole = (1e6 * last.cpu) / last.landed;
  const from = samples.find(({ landed }) => landed >= total / 2)!;
  // All were committed at once.
  if (from === last) return { steady: whole, whole, pace: NaN };
  return {
    steady: (1e6 * (last.cpu - from.cpu)) / (last.landed - from.landed),
    whole,
    pace: (last.landed - from.landed) / (last.at - from.at),
  };
}

async function landedOf(admin: Admin, groupId: string, input: string): Promise<number> {
  const [topic] = await admin.fetchOffsets({ groupId, topics: [input] }).catch((error: unknown) => {
    // As while the coordinator of the group reads its log.
    if (isRetriable(error)) return [];
    throw error;
  });
  if (topic === undefined) return 0;
  return topic.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

/** Seconds of user and system time of a process and its threads, on Linux. */
async function cpuOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may hold spaces. Ticks are hundredths of a second.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function mostMemory({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid!}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1000;
}
