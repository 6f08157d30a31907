/** Loads @platformatic/kafka, an optional peer dependency, where a setting asks for it. */
import type * as Platformatic from "@platformatic/kafka";
import { UndercurrentError } from "../../../errors/errors.js";

/** The module of the client. */
export type PlatformaticModule = typeof Platformatic;

/**
 * Returns the client. Throws KAFKA_CLIENT_MISSING, which names the setting, if the package is not installed, or the installed
 * release does not run on this Node.js.
 */
export async function loadPackage(setting: string): Promise<PlatformaticModule> {
  const client = await imported(setting);
  refuseNewRelease(client);
  return client;
}

async function imported(setting: string): Promise<PlatformaticModule> {
  try {
    return await import("@platformatic/kafka");
  } catch (cause) {
    throw new UndercurrentError(
      "KAFKA_CLIENT_MISSING",
      `${setting} is platformatic, but the package @platformatic/kafka is not installed`,
      { cause },
    );
  }
}

/** The oldest Node.js on which releases 2 of the client run. */
const oldestNode = [22, 22] as const;

function runsRelease2(node: string): boolean {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
}

/** Throws SETTING_INVALID if this Node.js is too old for the whole client. */
export function refuseOldNode(node = process.versions.node): void {
  if (runsRelease2(node)) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `kafka.client: platformatic needs Node.js ${oldestNode.join(".")} or later, found ${node}; on Node.js 20 use kafka.client: kafkajs, with kafka.producerClient: platformatic and @platformatic/kafka 1 for the producer alone`,
  );
}

/** Release 2 brought these versions of requests, release 1 has other versions alone. */
function isRelease2(client: object): boolean {
  return "joinGroupV5" in client && "fetchV11" in client;
}

/** Throws KAFKA_CLIENT_MISSING if the installed release does not run on this Node.js. */
export function refuseNewRelease(client: object, node = process.versions.node): void {
  if (!isRelease2(client) || runsRelease2(node)) return;
  throw new UndercurrentError(
    "KAFKA_CLIENT_MISSING",
    `kafka.producerClient: platformatic needs @platformatic/kafka 1 on Node.js ${node}, found a later release, which needs Node.js ${oldestNode.join(".")}`,
  );
}

/** Throws KAFKA_CLIENT_MISSING if the installed release has no whole client. */
export function refuseOldRelease(client: object): void {
  if (isRelease2(client)) return;
  throw new UndercurrentError(
    "KAFKA_CLIENT_MISSING",
    "kafka.client: platformatic needs @platformatic/kafka 2, found an earlier release",
  );
}

/** Returns the client for reading, membership and administration. */
export async function loadWholeClient(): Promise<PlatformaticModule> {
  refuseOldNode();
  const client = await loadPackage("kafka.client");
  refuseOldRelease(client);
  return client;
}
