/**
 * Declares the raw options that are passed on to the Kafka clients, and why every other option is refused. The names are the
 * clients' own: kafkajs for `client`, `consumer`, `producer` and `admin`, @platformatic/kafka for `platformatic` and
 * `platformaticProducer`.
 */
import { z } from "zod";
import { UndercurrentError } from "../../errors/errors.js";

/** Limits every time to 23 days, since timers in Node.js are 32-bit integers. */
const longestMs = 2_000_000_000;
const mostBytes = 2_147_483_647;

const milliseconds = (least: number): z.ZodOptional<z.ZodInt> => z.int().min(least).max(longestMs).optional();

const retrySchema = z.strictObject({
  initialRetryTime: milliseconds(1).describe("Wait before the first retry, in milliseconds."),
  maxRetryTime: milliseconds(1).describe("Longest wait between two retries, in milliseconds."),
  multiplier: z.number().min(1).max(10).optional().describe("Factor on the wait at each retry."),
  factor: z.number().min(0).max(1).optional().describe("Share of the wait that is random."),
  retries: z.int().min(0).max(1000).optional().describe("Number of retries before the client gives up."),
});

const metadataMaxAge = milliseconds(100);
const bytes = (least: number): z.ZodOptional<z.ZodInt> => z.int().min(least).max(mostBytes).optional();

// What both parts of @platformatic/kafka have.
const connectTimeout = milliseconds(1).describe(
  "Longest time to open a connection, in milliseconds. Default of the client: 5000.",
);
const handleBackPressure = z
  .boolean()
  .optional()
  .describe("Waits for the socket to drain before the next request. Default of the client: false.");
const strict = z
  .boolean()
  .optional()
  .describe("Checks the arguments of each call. Default of the client: false.");

const rackId = z
  .string()
  .min(1)
  .max(1000)
  .optional()
  .describe(
    "Rack of this instance. Brokers with a replica selector then serve fetches from a replica in the same rack.",
  );

export const clientOptionsSchema = z.strictObject({
  client: z
    .strictObject({
      connectionTimeout: milliseconds(1).describe(
        "Longest time to open a connection, in milliseconds. Default of the client: 1000. Raise it for brokers that are far away.",
      ),
      authenticationTimeout: milliseconds(1).describe(
        "Longest time of a SASL authentication, in milliseconds. Default of the client: 10000.",
      ),
      reauthenticationThreshold: milliseconds(1).describe(
        "Time before a SASL session ends at which the client authenticates again, in milliseconds. Default of the client: 10000.",
      ),
      requestTimeout: milliseconds(1000).describe(
        "Longest time to wait for the answer to a request, in milliseconds. Default of the client: 30000.",
      ),
    })
    .optional()
    .describe("Options of every kafkajs client."),
  consumer: z
    .strictObject({
      heartbeatInterval: milliseconds(100).describe(
        "Time between two heartbeats, in milliseconds, at most a third of sessionTimeoutMs. Default: a tenth.",
      ),
      metadataMaxAge: metadataMaxAge.describe(
        "Age at which the consumer refreshes the metadata, in milliseconds. Default of the client: 300000.",
      ),
      minBytes: bytes(1).describe(
        "Bytes that a broker collects before it answers a fetch, for at most fetchMaxWaitMs. Default of the client: 1.",
      ),
      maxBytes: bytes(1024).describe(
        "Largest fetch response over all partitions of a broker, in bytes. Default of the client: 10485760.",
      ),
      maxInFlightRequests: z
        .int()
        .min(1)
        .max(1000)
        .optional()
        .describe("Most unanswered requests per connection. Default of the client: no limit."),
      rackId,
      retry: retrySchema.optional().describe("Retries of the consumer."),
    })
    .optional()
    .describe("Options of the kafkajs consumers: the group's, and those that read a topic once."),
  producer: z
    .strictObject({
      metadataMaxAge: metadataMaxAge.describe(
        "Age at which the producer refreshes the metadata, in milliseconds. Default of the client: 300000.",
      ),
    })
    .optional()
    .describe("Options of the kafkajs producers. Requires producerClient: kafkajs."),
  admin: z
    .strictObject({ retry: retrySchema.optional().describe("Retries of the administrator.") })
    .optional()
    .describe("Options of the kafkajs administrators."),
  platformaticProducer: z
    .strictObject({
      connectTimeout,
      requestTimeout: milliseconds(1000).describe(
        "Longest time to wait for the answer to a request, in milliseconds. Default of the client: 30000.",
      ),
      metadataMaxAge: metadataMaxAge.describe(
        "Age at which the producer refreshes the metadata, in milliseconds. Default of the client: 5000.",
      ),
      handleBackPressure,
      strict,
    })
    .optional()
    .describe("Options of the @platformatic/kafka producers. Requires producerClient: platformatic."),
  platformatic: z
    .strictObject({
      connectTimeout,
      requestTimeout: milliseconds(1000).describe(
        "Longest time to wait for the answer to a request of a producer, in milliseconds. Default of the client: 30000.",
      ),
      metadataMaxAge: metadataMaxAge.describe(
        "Age at which the client refreshes the metadata, in milliseconds. Default of the client: 5000.",
      ),
      handleBackPressure,
      strict,
      heartbeatInterval: milliseconds(100).describe(
        "Time between two heartbeats of a classic group, in milliseconds, at most a third of sessionTimeoutMs. Default: a tenth.",
      ),
      minBytes: bytes(1).describe(
        "Bytes that a broker collects before it answers a fetch, for at most fetchMaxWaitMs. Default: 1.",
      ),
      maxBytes: bytes(1024).describe(
        "Largest fetch response over all partitions of a broker, in bytes. Default: 10485760.",
      ),
      rackId,
    })
    .optional()
    .describe("Options of every @platformatic/kafka client. Requires client: platformatic."),
});

/** Raw options of the Kafka clients, by client and under the clients' own names. */
export type KafkaClientOptions = z.input<typeof clientOptionsSchema>;

/** Why an option is refused: the adapter has its own option and setting for it, or another reason. */
type Refusal = { readonly option: string; readonly setting: string } | { readonly reason: string };

const own = (option: string, setting = `kafka.${option}`): Refusal => ({ option, setting });
const reason = (text: string): Refusal => ({ reason: text });

const noFunction = reason("is a function or an object; only plain values are passed on");
const noAutoCreation = reason(
  "would create a topic for every misspelt name; create topics with `undercurrent topics create`",
);
const onlyTransactions = reason("would break exactly once: every write is part of a transaction");
const tunedRetries = reason("is tuned for transactions: nearly every commit meets CONCURRENT_TRANSACTIONS");
const ownPartitions = reason("would break exactly once: the adapter chooses each record's partition");
const oneOwner = reason("would break exactly once: a partition's input and state have the same owner");
const onlyCommitted = reason("would break exactly once: aborted records would be forecast from");
const withForecasts = reason("would break exactly once: an offset is committed with its forecasts");
const oneInFlight = reason(
  "would break exactly once: a transaction has one request in flight per connection",
);

/** Options of the clients that are not passed on, by the part of `clientOptions` and the client's name. */
export const refusedClientOptions = {
  client: {
    brokers: own("bootstrapServers"),
    clientId: own("clientId"),
    ssl: own("tls"),
    sasl: own("sasl"),
    logLevel: own("log", "log.level"),
    logCreator: own("log", "log.level"),
    retry: reason(
      "would change the retries of transactions too; use clientOptions.consumer.retry or admin.retry",
    ),
    enforceRequestTimeout: reason(
      "stays on: without it, a lost response would block a commit for ever; use requestTimeout",
    ),
    socketFactory: noFunction,
  },
  consumer: {
    groupId: own("applicationId", "applicationId"),
    sessionTimeout: own("sessionTimeoutMs"),
    rebalanceTimeout: own("rebalanceTimeoutMs"),
    maxBytesPerPartition: own("maxPartitionFetchBytes"),
    maxWaitTimeInMs: own("fetchMaxWaitMs"),
    partitionAssigners: oneOwner,
    readUncommitted: onlyCommitted,
    isolationLevel: onlyCommitted,
    autoCommit: withForecasts,
    allowAutoTopicCreation: noAutoCreation,
  },
  producer: {
    transactionalId: own("applicationId", "applicationId"),
    transactionTimeout: own("transactionTimeoutMs"),
    compression: own("compressionType"),
    idempotent: onlyTransactions,
    acks: onlyTransactions,
    maxInFlightRequests: oneInFlight,
    createPartitioner: ownPartitions,
    retry: tunedRetries,
    allowAutoTopicCreation: noAutoCreation,
  },
  admin: {},
  "consumer.retry": { restartOnFailure: noFunction },
  "admin.retry": { restartOnFailure: noFunction },
  platformaticProducer: {
    clientRack: reason("is an option of consumers; use clientOptions.platformatic.rackId"),
    bootstrapBrokers: own("bootstrapServers"),
    clientId: own("clientId"),
    tls: own("tls"),
    ssl: own("tls"),
    tlsServerName: own("tls.servername"),
    sasl: own("sasl"),
    transactionalId: own("applicationId", "applicationId"),
    timeout: own("transactionTimeoutMs"),
    compression: own("compressionType"),
    idempotent: onlyTransactions,
    acks: onlyTransactions,
    producerId: onlyTransactions,
    producerEpoch: onlyTransactions,
    repeatOnStaleMetadata: onlyTransactions,
    maxInflights: oneInFlight,
    partitioner: ownPartitions,
    retries: tunedRetries,
    retryDelay: tunedRetries,
    autocreateTopics: noAutoCreation,
    serializers: noFunction,
    beforeSerialization: noFunction,
    registry: noFunction,
    metrics: noFunction,
    context: noFunction,
    ownerId: noFunction,
  },
  platformatic: {
    bootstrapBrokers: own("bootstrapServers"),
    clientId: own("clientId"),
    clientRack: reason("is called rackId here, as with kafkajs"),
    tls: own("tls"),
    ssl: own("tls"),
    tlsServerName: own("tls.servername"),
    sasl: own("sasl"),
    groupId: own("applicationId", "applicationId"),
    groupInstanceId: own("groupInstanceId"),
    groupProtocol: own("groupProtocol"),
    groupRemoteAssignor: oneOwner,
    sessionTimeout: own("sessionTimeoutMs"),
    rebalanceTimeout: own("rebalanceTimeoutMs"),
    maxBytesPerPartition: own("maxPartitionFetchBytes"),
    maxWaitTime: own("fetchMaxWaitMs"),
    partitionAssigner: oneOwner,
    isolationLevel: onlyCommitted,
    autocommit: withForecasts,
    autocreateTopics: noAutoCreation,
    retries: tunedRetries,
    retryDelay: tunedRetries,
    maxInflights: oneInFlight,
    metrics: noFunction,
    context: noFunction,
    ownerId: noFunction,
  },
} as const satisfies Record<
  keyof KafkaClientOptions | "consumer.retry" | "admin.retry",
  Readonly<Record<string, Refusal>>
>;

/**
 * Returns why an option of a client is refused; undefined if no client has this option.
 *
 * @param part the part of `clientOptions`, for example "consumer"
 * @param of What the text names instead: the option of the adapter, or the setting of the configuration.
 */
export function refusedText(part: string, name: string, of: "option" | "setting"): string | undefined {
  const parts: Readonly<Record<string, Readonly<Record<string, Refusal>>>> = refusedClientOptions;
  const refusals = Object.hasOwn(parts, part) ? parts[part]! : {};
  if (!Object.hasOwn(refusals, name)) return undefined;
  const refusal = refusals[name]!;
  return "reason" in refusal
    ? refusal.reason
    : `has ${of === "option" ? "an option" : "a setting"} of its own: ${refusal[of]}`;
}

/** The options of the adapter that limit the raw options. */
interface Surroundings {
  readonly client: string;
  readonly producerClient: string;
  readonly sessionTimeoutMs: number;
}

/** The options that the choice of a client decides on. */
interface ClientChoice {
  readonly client: string;
  readonly producerClient: string;
  readonly groupProtocol: string;
  readonly groupInstanceId: string | undefined;
}

/** Returns the first option that the chosen client cannot do, and why; undefined if it can do all. */
export function clientMisfit({
  client,
  producerClient,
  groupProtocol,
  groupInstanceId,
}: ClientChoice): { readonly setting: keyof ClientChoice; readonly message: string } | undefined {
  if (client === "platformatic") {
    return producerClient === "platformatic"
      ? undefined
      : {
          setting: "producerClient",
          message: "must be platformatic, or left out, with client: platformatic",
        };
  }
  if (groupProtocol !== "classic") {
    const message = "consumer (KIP-848) requires client: platformatic, because kafkajs knows classic alone";
    return { setting: "groupProtocol", message };
  }
  if (groupInstanceId !== undefined) {
    const message = "requires client: platformatic, because kafkajs has no static membership";
    return { setting: "groupInstanceId", message };
  }
  return undefined;
}

/** Returns the first raw option that contradicts an option of the adapter: its path below `clientOptions` and a message. */
export function contradiction(
  { client: clients, consumer, producer, admin, platformaticProducer, platformatic }: KafkaClientOptions,
  { client, producerClient, sessionTimeoutMs }: Surroundings,
): { readonly path: readonly string[]; readonly message: string } | undefined {
  for (const [part, options] of Object.entries({ client: clients, consumer, admin })) {
    if (options !== undefined && client !== "kafkajs") {
      return { path: [part], message: "requires client: kafkajs" };
    }
  }
  if (platformatic !== undefined && client !== "platformatic") {
    return { path: ["platformatic"], message: "requires client: platformatic" };
  }
  if (producer !== undefined && producerClient !== "kafkajs") {
    return { path: ["producer"], message: "requires producerClient: kafkajs" };
  }
  if (platformaticProducer !== undefined && producerClient !== "platformatic") {
    return { path: ["platformaticProducer"], message: "requires producerClient: platformatic" };
  }
  for (const [part, options] of Object.entries({ consumer, platformatic })) {
    if ((options?.heartbeatInterval ?? 0) > sessionTimeoutMs / 3) {
      const message = `must be at most a third of sessionTimeoutMs, which is ${sessionTimeoutMs}`;
      return { path: [part, "heartbeatInterval"], message };
    }
  }
  return undefined;
}

/** Checks raw options that come from code. Throws SETTING_INVALID with the path of the first wrong option. */
export function checkClientOptions(options: KafkaClientOptions | undefined, others: Surroundings): void {
  if (options === undefined) return;
  const result = clientOptionsSchema.safeParse(options);
  if (result.success) {
    const found = contradiction(options, others);
    if (found !== undefined) throw invalid(found.path, found.message);
    return;
  }
  const { path, message, ...issue } = result.error.issues[0]!;
  if (issue.code !== "unrecognized_keys") throw invalid(path, message);
  const name = issue.keys[0]!;
  const text = refusedText(path.join("."), name, "option") ?? "unknown option";
  throw invalid([...path, name], text);
}

function invalid(path: readonly PropertyKey[], message: string): UndercurrentError {
  return new UndercurrentError("SETTING_INVALID", `${["clientOptions", ...path].join(".")}: ${message}`);
}

/** Returns the options that have a value, because kafkajs does not replace undefined by its default. */
export function given<T extends object>(
  options: T | undefined,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
