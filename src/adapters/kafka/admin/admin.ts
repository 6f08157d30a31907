/** Creates administrators on the client that the options name, and opens one for the duration of a callback. */
import type { Admin } from "kafkajs";
import type { AdminClient } from "../admin-client.js";
import { brokerError } from "../errors.js";
import { kafkaDefaults } from "../defaults.js";
import { adminConfig, createClient, patientRetry } from "../kafkajs/client.js";
import type { KafkaConnection } from "../options.js";
import { PlatformaticAdmin } from "../platformatic/admin.js";

/** How an administrator is used. */
export interface AdminUse {
  /** Called for each answer of the brokers. */
  readonly answered?: () => void;
  /** Number of retries of each request. Default: the client's patient retries. */
  readonly retries?: number;
  /** Longest wait for an answer, in ms. Default: the client's. */
  readonly requestTimeoutMs?: number;
}

/** Creates an administrator. Nothing connects before its `connect`. */
export function createAdmin(connection: KafkaConnection, use: AdminUse = {}): AdminClient {
  const { client: kind = kafkaDefaults.client } = connection;
  return kind === "platformatic"
    ? new PlatformaticAdmin(connection, use)
    : createKafkajsAdmin(connection, use);
}

function createKafkajsAdmin(
  given: KafkaConnection,
  { answered, retries, requestTimeoutMs }: AdminUse,
): Admin {
  const raw = {
    ...(requestTimeoutMs !== undefined && { requestTimeout: requestTimeoutMs }),
    ...given.clientOptions?.client,
  };
  const connection = { ...given, clientOptions: { ...given.clientOptions, client: raw } };
  const client = createClient(
    connection,
    retries === undefined ? patientRetry : { ...patientRetry, retries },
  );
  const admin = client.admin(retries === undefined ? adminConfig(connection) : {});
  if (answered !== undefined) admin.on(admin.events.REQUEST, answered);
  return admin;
}

/** Throws what `errorOf` makes of an error, by default BROKER_UNREACHABLE for all that is no error of ours. */
export async function withAdmin<T>(
  connection: KafkaConnection,
  use: (admin: AdminClient) => Promise<T>,
  errorOf = (error: unknown) => brokerError(error, `the brokers ${connection.bootstrapServers.join(", ")}`),
): Promise<T> {
  const admin = createAdmin(connection);
  try {
    await admin.connect();
    return await use(admin);
  } catch (error) {
    throw errorOf(error);
  } finally {
    await admin.disconnect();
  }
}
