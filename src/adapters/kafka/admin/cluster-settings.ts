/** Reads topic and broker settings from the brokers, or the reason why they cannot be read. */
import { resourceTypes, type AdminClient } from "../admin-client.js";
import { errorType } from "../errors.js";

export type ClusterSettings = ReadonlyMap<string, string>;

/** What says that settings may not be read, or can't be, and that nothing else is wrong. */
const withheld = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_VERSION",
  "KafkaJSServerDoesNotSupportApiKey",
]);

/** These settings of a topic that exists, defaults included, or the reason why they cannot be read. */
export function topicSettings(
  admin: AdminClient,
  topic: string,
  names: readonly string[],
): Promise<ClusterSettings | string> {
  return settingsOf(admin, resourceTypes.topic, topic, names);
}

/** These settings of a broker, or the reason why they cannot be read. */
export function brokerSettings(
  admin: AdminClient,
  node: number,
  names: readonly string[],
): Promise<ClusterSettings | string> {
  return settingsOf(admin, resourceTypes.broker, String(node), names);
}

async function settingsOf(
  admin: AdminClient,
  type: number,
  name: string,
  names: readonly string[],
): Promise<ClusterSettings | string> {
  try {
    const resources = [{ type, name, configNames: [...names] }];
    const described = await admin.describeConfigs({ resources, includeSynonyms: false });
    const entries = described.resources.flatMap(({ configEntries }) => configEntries);
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    const reason = errorType(error);
    if (withheld.has(reason)) return `its settings cannot be read (${reason})`;
    throw error;
  }
}
