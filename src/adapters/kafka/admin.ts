/** An administrator's connection to the brokers, for as long as it is used. */
import type { Admin } from "kafkajs";
import { createClient, patientRetry } from "./client.js";
import { brokerError } from "./errors.js";
import type { KafkaConnection } from "./options.js";

/** Throws BROKER_UNREACHABLE for all that is no error of ours. */
export async function withAdmin<T>(
  connection: KafkaConnection,
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = createClient(connection, patientRetry).admin();
  try {
    await admin.connect();
    return await use(admin);
  } catch (error) {
    throw brokerError(error, `the brokers ${connection.brokers.join(", ")}`);
  } finally {
    await admin.disconnect();
  }
}
