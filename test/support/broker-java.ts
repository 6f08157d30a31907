// A Kafka broker as a local Java process, from Maven Central's jars: for machines that have Java and no containers.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { answering, freePort, type RunningBroker } from "./broker-parts.js";

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

function jars(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "undercurrent", `kafka-${version}`, "libs");
}

/** Downloads next to the final folder and renames it: a download that broke off is not taken for a whole one. */
async function download(): Promise<void> {
  if (existsSync(jars())) return;
  await mkdir(join(jars(), ".."), { recursive: true });
  const folder = await mkdtemp(join(jars(), "..", "download-"));
  try {
    await writeFile(join(folder, "pom.xml"), pom);
    const goal = [
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${folder}/libs`,
    ];
    await run("mvn", ["-q", "-B", "-f", join(folder, "pom.xml"), ...goal]);
    await rename(join(folder, "libs"), jars());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

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
  /** Users whose passwords the log has from its beginning, for SCRAM of either length. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

/** One broker that keeps everything in `folder`; few partitions of internal topics and an eager cleaner make it quick. */
function properties(
  folder: string,
  port: number,
  controllerPort: number,
  { listeners = {}, properties: further = [] }: JavaBrokerOptions,
): string {
  const named = Object.entries(listeners);
  const addresses = (portOf: (listener: Listener) => number): string =>
    [["PLAINTEXT", { protocol: "PLAINTEXT", port }] as const, ...named]
      .map(([name, listener]) => `${name}://127.0.0.1:${portOf(listener)}`)
      .join(",");
  const protocols = named.map(([name, { protocol }]) => `,${name}:${protocol}`).join("");
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=${addresses((own) => own.port)},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=${addresses(({ port: own, advertised = own }) => advertised)}`,
    "controller.listener.names=CONTROLLER",
    `listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols}`,
    `log.dirs=${join(folder, "log")}`,
    "auto.create.topics.enable=false",
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=4",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "log.cleaner.backoff.ms=300",
    ...further,
  ].join("\n");
}

export interface JavaBroker extends RunningBroker {
  /** Ends the process and starts another on the same port and the same log. */
  restart(): Promise<void>;
}

/** Starts a broker on free loopback ports; its log lives in a temporary folder until it is stopped. */
export async function startJavaBroker(options: JavaBrokerOptions = {}): Promise<JavaBroker> {
  await download();
  const folder = await mkdtemp(join(tmpdir(), "undercurrent-broker-"));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const config = join(folder, "server.properties");
  const classpath = join(jars(), "*");
  await writeFile(config, properties(folder, port, controllerPort, options), { mode: 0o600 });
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
    const command = ["-Xmx768m", "-XX:TieredStopAtLevel=1", "-cp", classpath, "kafka.Kafka", config];
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
  const end = async (child: ChildProcess): Promise<void> => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  };

  let child = await start();
  return {
    brokers: [`127.0.0.1:${port}`],
    kind: "java",
    async restart() {
      await end(child);
      child = await start();
    },
    async stop() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
