// A Kafka broker as a local Java process, from Maven Central's jars: for machines that have Java and no containers.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { answering, freePort, type RunningBroker } from "./broker-parts.js";
import { cached, fetchJars } from "./maven.js";

const run = promisify(execFile);
const version = "4.1.0";
const clusterId = "4L6g3nShT-eMCtK--X86sw";

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>undercurrent</groupId><artifactId>test-broker</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
<version>${version}</version></dependency></dependencies></project>`;

export async function javaAnswers(): Promise<boolean> {
  const answers = (command: string, args: string[]): Promise<boolean> =>
    run(command, args).then(
      () => true,
      () => false,
    );
  return (await answers("java", ["-version"])) && (existsSync(jars()) || (await answers("mvn", ["-v"])));
}

const jars = (): string => cached(`kafka-${version}`, "libs");

export interface Listener {
  readonly protocol: string;
  readonly port: number;
  /** The port that clients are told; by default its own. */
  readonly advertised?: number;
}

/** What a test's own broker has beside the open listener that every one has. */
export interface JavaBrokerOptions {
  /** Further listeners by name. */
  readonly listeners?: Readonly<Record<string, Listener>>;
  /** Further lines of server.properties. */
  readonly properties?: readonly string[];
  /** Flags of the Java process. */
  readonly jvm?: readonly string[];
  /** Users whose passwords the log has from its beginning, for SCRAM of either length. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

/** One node of a cluster. */
interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

/** A node that keeps everything in `folder`; few partitions of internal topics and an eager cleaner make it quick. */
function properties(
  folder: string,
  { id, port, controllerPort }: Node,
  cluster: readonly Node[],
  { listeners = {}, properties: further = [] }: JavaBrokerOptions,
): string {
  const replicas = cluster.length;
  const voters = cluster.map((node) => `${node.id}@127.0.0.1:${node.controllerPort}`).join(",");
  const named = Object.entries(listeners);
  const addresses = (portOf: (listener: Listener) => number): string =>
    [["PLAINTEXT", { protocol: "PLAINTEXT", port }] as const, ...named]
      .map(([name, listener]) => `${name}://127.0.0.1:${portOf(listener)}`)
      .join(",");
  const protocols = named.map(([name, { protocol }]) => `,${name}:${protocol}`).join("");
  return [
    "process.roles=broker,controller",
    `node.id=${id}`,
    `controller.quorum.voters=${voters}`,
    `listeners=${addresses((own) => own.port)},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=${addresses(({ port: own, advertised = own }) => advertised)}`,
    "controller.listener.names=CONTROLLER",
    `listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}`,
    `log.dirs=${join(folder, "log")}`,
    "auto.create.topics.enable=false",
    "group.initial.rebalance.delay.ms=0",
    `default.replication.factor=${replicas}`,
    `min.insync.replicas=${Math.ceil(replicas / 2)}`,
    `offsets.topic.replication.factor=${replicas}`,
    "offsets.topic.num.partitions=4",
    `transaction.state.log.replication.factor=${replicas}`,
    `transaction.state.log.min.isr=${Math.ceil(replicas / 2)}`,
    "transaction.state.log.num.partitions=4",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "log.cleaner.backoff.ms=300",
    // Fixtures carry old timestamps, and retention goes by a record's timestamp.
    "log.retention.ms=-1",
    // Partitions go back soon to the broker that they were given to, when it is there again.
    "leader.imbalance.check.interval.seconds=10",
    ...further,
  ].join("\n");
}

export interface JavaBroker extends RunningBroker {
  /** Ends the process, in order or by SIGKILL, and starts another on the same port and the same log. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Starts a broker on free loopback ports; its log lives in a temporary folder until it is stopped. */
export async function startJavaBroker(options: JavaBrokerOptions = {}): Promise<JavaBroker> {
  await fetchJars(jars(), pom);
  const node = await freeNode(1);
  return await startNode(node, [node], options);
}

/** Starts so many brokers that replicate everything among each other. */
export async function startJavaCluster(count: number): Promise<JavaBroker[]> {
  await fetchJars(jars(), pom);
  const nodes: Node[] = [];
  for (let id = 1; id <= count; id++) nodes.push(await freeNode(id));
  return await Promise.all(nodes.map((node) => startNode(node, nodes, {})));
}

const freeNode = async (id: number): Promise<Node> => ({
  id,
  port: await freePort(),
  controllerPort: await freePort(),
});

async function startNode(
  node: Node,
  cluster: readonly Node[],
  options: JavaBrokerOptions,
): Promise<JavaBroker> {
  const { port } = node;
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-broker-"));
  const config = join(folder, "server.properties");
  const classpath = join(jars(), "*");
  await writeFile(config, properties(folder, node, cluster, options), { mode: 0o600 });
  const scram = Object.entries(options.scramUsers ?? {}).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", config, ...scram];
  await run("java", ["-cp", classpath, ...format]);

  const start = async (): Promise<ChildProcess> => {
    // The C1 compiler alone: a broker that lives for seconds never earns what C2 costs it.
    const flags = ["-Xmx768m", "-XX:TieredStopAtLevel=1", ...(options.jvm ?? [])];
    const command = [...flags, "-cp", classpath, "kafka.Kafka", config];
    const child = spawn("java", command, { stdio: ["ignore", "ignore", "pipe"] });
    const orphan = (): void => void child.kill("SIGKILL");
    process.once("exit", orphan);
    child.once("exit", () => process.off("exit", orphan));
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-4000)));
    const ended = new Promise<never>((_, reject) => {
      child.once("exit", (code) => reject(new Error(`The broker ended with ${code}:\n${complaint}`)));
    });
    await Promise.race([answering(port), ended]);
    return child;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  };

  let child = await start();
  return {
    brokers: [`127.0.0.1:${port}`],
    kind: "java",
    async restart(signal) {
      await end(child, signal);
      child = await start();
    },
    async stop() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
