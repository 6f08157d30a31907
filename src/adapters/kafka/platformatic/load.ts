/** Loads @platformatic/kafka, an optional peer dependency, where a setting asks for it. */
import type * as Platformatic from "@platformatic/kafka";
import { UndercurrentError } from "../../../errors/errors.js";

/** The module of the client. */
export type PlatformaticModule = typeof Platformatic;

/** Returns the client. Throws KAFKA_CLIENT_MISSING, which names the setting, if the package is not installed. */
export async function loadPackage(setting: string): Promise<PlatformaticModule> {
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

/** Throws SETTING_INVALID if this Node.js is too old for the whole client. */
export function refuseOldNode(node = process.versions.node): void {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `kafka.client: platformatic needs Node.js ${oldestNode.join(".")} or later, found ${node}; on Node.js 20 use kafka.client: kafkajs, with kafka.producerClient: platformatic and @platformatic/kafka 1 for the producer alone`,
  );
}

/** Throws KAFKA_CLIENT_MISSING if the installed release has no whole client. */
export function refuseOldRelease(client: object): void {
  // Release 2 brought this version of the request, release 1 has other versions alone.
  if ("joinGroupV5" in client && "fetchV11" in client) return;
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
