// A Kafka broker in a container: the official image, through testcontainers.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort, type RunningBroker } from "./broker-parts.js";

const run = promisify(execFile);
const image = process.env["UNDERCURRENT_TEST_IMAGE"] ?? "apache/kafka:4.1.0";
/** Its value is the process that the container belongs to. */
const label = "undercurrent.test.process";

/** Whether there is a daemon that has the image, or can get it. */
export async function dockerAnswers(): Promise<boolean> {
  const succeeds = (...args: readonly string[]): Promise<boolean> =>
    run("docker", [...args]).then(
      () => true,
      () => false,
    );
  if (!(await succeeds("version"))) return false;
  return (await succeeds("image", "inspect", image)) || (await succeeds("pull", "--quiet", image));
}

/** Containers that a run left behind when it was killed. */
async function removeLeftovers(): Promise<void> {
  const format = `{{.ID}} {{.Label "${label}"}}`;
  const { stdout } = await run("docker", ["ps", "--all", "--filter", `label=${label}`, "--format", format]);
  const left = stdout
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([id, starter]) => id !== "" && !isRunning(Number(starter)));
  if (left.length > 0) await run("docker", ["rm", "--force", "--volumes", ...left.map(([id]) => id!)]);
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

/**
 * Starts a broker on a fixed free port: one that Docker chose would change at a restart, and the address that the
 * broker tells its clients would then be stale.
 */
export async function startDockerBroker(): Promise<RunningBroker> {
  // Its own container that removes others is one more image to be had, and there is no need of it here.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
  const { GenericContainer, Wait } = await import("testcontainers");
  await removeLeftovers();
  const port = await freePort();
  const container = await new GenericContainer(image)
    .withLabels({ [label]: String(process.pid) })
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      CLUSTER_ID: "4L6g3nShT-eMCtK--X86sw",
      KAFKA_NODE_ID: "1",
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_LISTENERS: "PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:19092,CONTROLLER://0.0.0.0:9093",
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port},BROKER://localhost:19092`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
      KAFKA_INTER_BROKER_LISTENER_NAME: "BROKER",
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "1@localhost:9093",
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "4",
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: "4",
      KAFKA_LOG_CLEANER_BACKOFF_MS: "300",
      // Fixtures carry old timestamps, and retention goes by a record's timestamp.
      KAFKA_LOG_RETENTION_MS: "-1",
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(120_000)
    .start();
  return {
    brokers: [`127.0.0.1:${port}`],
    kind: "docker",
    async stop() {
      await container.stop();
    },
  };
}
