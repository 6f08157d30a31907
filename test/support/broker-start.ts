// Which broker the tests run against: the one that is given, one in a container, one in a Java process, or none.
import { dockerAnswers, startDockerBroker } from "./broker-docker.js";
import { javaAnswers, startJavaBroker } from "./broker-java.js";
import type { RunningBroker } from "./broker-parts.js";

/**
 * Starts the first broker that this machine has: UNDERCURRENT_TEST_BROKERS (host:port, comma separated) if set, then
 * Docker, then Java with Maven. UNDERCURRENT_TEST_BROKER=docker|java|none insists on one of them. A broker that is
 * given needs log.retention.ms=-1: fixtures carry old timestamps.
 *
 * @returns the broker, or the reason why there is none
 */
export async function startBroker(): Promise<RunningBroker | string> {
  const given = process.env["UNDERCURRENT_TEST_BROKERS"];
  if (given) return { brokers: given.split(","), kind: "given", stop: () => Promise.resolve() };
  const wanted = process.env["UNDERCURRENT_TEST_BROKER"] ?? "";
  if (wanted === "docker") return startDockerBroker();
  if (wanted === "java") return startJavaBroker();
  if (wanted === "" && (await dockerAnswers())) return startDockerBroker();
  if (wanted === "" && (await javaAnswers())) return startJavaBroker();
  return (
    "SKIPPED: tests against a real Kafka broker. Start Docker, or install Java 17 with Maven, " +
    "or set UNDERCURRENT_TEST_BROKERS=host:port."
  );
}
