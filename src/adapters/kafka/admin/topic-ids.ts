/** Requests the ids of topics (KIP-516): a recreated topic has another id. */
import type { AdminClient, TopicIds } from "../admin-client.js";

/**
 * Returns the ids of these topics; undefined if the brokers have no ids, as before Kafka 2.8. The administrator must be
 * connected. Throws the client's error if the brokers do not answer.
 */
export async function topicIds(admin: AdminClient, topics: readonly string[]): Promise<TopicIds | undefined> {
  return await admin.topicIds?.(topics);
}
