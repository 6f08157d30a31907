/** Opens an admin connection for the duration of a callback. */
import type { Admin } from "kafkajs";
import { adminConfig, createClient, patientRetry } from "../kafkajs/client.js";
import { brokerError } from "../errors.js";
import type { KafkaConnection } from "../options.js";

/** Throws what `errorOf` makes of an error, by default BROKER_UNREACHABLE for all that is no error of ours. */
export async function withAdmin<T>(
  connection: KafkaConnection,
  use: (admin: Admin) => Promise<T>,
  errorOf = (error: unknown) => brokerError(error, `the brokers ${connection.bootstrapServers.join(", ")}`),
): Promise<T> {
  const admin = createClient(connection, patientRetry).admin(adminConfig(connection));
  try {
    await admin.connect();
    return await use(admin);
  } catch (error) {
    throw errorOf(error);
  } finally {
    await admin.disconnect();
  }
}
