/** Declares every setting of the service: name, meaning, range and default. */
import { z } from "zod";
import { clientMisfit, clientOptionsSchema, contradiction } from "../adapters/kafka/client-options.js";
import { kafkaDefaults } from "../adapters/kafka/defaults.js";
import { isPattern, isSeveral, namedInputs, outputWithoutInput } from "../adapters/kafka/inputs.js";
import { clientKinds, compressions, groupProtocols, producerKinds } from "../adapters/kafka/options.js";
import { serverDefaults } from "../adapters/web/defaults.js";
import { UndercurrentError } from "../errors/errors.js";
import { defaultEngineKind, engineKinds } from "../engine/port.js";
import { forecasterSchema } from "../forecast/schema/forecaster.js";
import { forecasterSettings, maxFeatures } from "../forecast/settings.js";
import { hasRegisteredSchema, incidentEncoding } from "../pipeline/encode-settings.js";
import { pipelineSchema } from "../pipeline/settings.js";
import { saslSchema, secret, tlsSchema } from "./credentials.js";
import { registrySchema } from "./schema-registry.js";

const topicSchema = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
    "A topic has 1 to 249 letters, digits, dots, underscores or hyphens",
  );

/** The same, with `{input}` for the name of the input topic. */
const outputSchema = z
  .string()
  .regex(
    /^(?!\.{1,2}$)(?:[a-zA-Z0-9._-]|\{input\}){1,249}$/,
    "A topic has 1 to 249 letters, digits, dots, underscores, hyphens or {input}",
  );

const inputSchema = z.union([
  topicSchema,
  z.array(topicSchema).min(1).max(1000),
  z.strictObject({ pattern: z.string().min(1).max(1000) }),
]);

/** Sizes are 32-bit integers in Kafka's protocol. */
const mostBytes = 2_147_483_647;
/** Limits every timeout to 23 days: timers in Node.js are 32-bit integers, and the client adds to the timeouts. */
const longestMs = 2_000_000_000;

/** Returns whether the port of each address can exist; an address without one is refused by its form. */
const hasPorts = (addresses: string): boolean =>
  addresses.split(",").every((address) => {
    const port = Number(address.slice(address.lastIndexOf(":") + 1));
    return Number.isNaN(port) || (port >= 1 && port <= 65_535);
  });

const kafkaSchema = z
  .strictObject({
    bootstrapServers: z
      .array(
        z
          .string()
          .regex(/^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/, "An address is host:port")
          .refine(hasPorts, "A port is a number from 1 to 65535"),
      )
      .min(1)
      .default(["localhost:9092"])
      .describe(
        "Broker addresses (host:port) for the first connection; the client discovers the other brokers. An item may hold several addresses, separated by commas.",
      ),
    clientId: z
      .string()
      .min(1)
      .default(kafkaDefaults.clientId)
      .describe("Client id that the brokers see in logs and quotas."),
    tls: tlsSchema.prefault({}).describe("TLS for the connections to the brokers."),
    sasl: saslSchema
      .optional()
      .describe("SASL authentication. Without this section the client does not authenticate."),
    client: z
      .enum(clientKinds)
      .default(kafkaDefaults.client)
      .describe(
        "Kafka client. platformatic is maintained, and needs Node.js 22.22 or later and the package @platformatic/kafka 2.",
      ),
    producerClient: z
      .enum(producerKinds)
      .optional()
      .describe(
        "Kafka client for the producer alone. Default: client. platformatic needs the package @platformatic/kafka; release 1 runs on Node.js 20.",
      ),
    groupProtocol: z
      .enum(groupProtocols)
      .default(kafkaDefaults.groupProtocol)
      .describe(
        "Protocol of the consumer group. consumer (KIP-848, Kafka 4) moves single partitions without stopping the others, and requires client: platformatic. Brokers without it get classic.",
      ),
    groupInstanceId: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        "Name of a static member, unique in the group. An instance that restarts under its name within sessionTimeoutMs causes no rebalance. Requires client: platformatic. With workers, each appends its number.",
      ),
    compressionType: z
      .enum(compressions)
      .default(kafkaDefaults.compressionType)
      .describe("Compression of produced records. Consumed records may use any codec."),
    maxBatchBytes: z
      .int()
      .min(1024)
      .max(mostBytes)
      .default(kafkaDefaults.maxBatchBytes)
      .describe(
        "Largest produced batch before compression, in bytes. Keep it below max.message.bytes of the topics.",
      ),
    maxPartitionFetchBytes: z
      .int()
      .min(1024)
      .max(mostBytes)
      .default(kafkaDefaults.maxPartitionFetchBytes)
      .describe(
        "Largest fetch response per partition, in bytes. It also bounds the records buffered in memory per partition.",
      ),
    maxUnpackedBatchBytes: z
      .int()
      .min(1_048_576)
      .max(268_435_456)
      .default(kafkaDefaults.maxUnpackedBatchBytes)
      .describe(
        "Largest size of a compressed input batch after decompression, in bytes; each record counts 64 bytes more and each header 32. A larger batch becomes one dead letter (BATCH_UNREADABLE). Keep it above maxBatchBytes.",
      ),
    fetchMaxWaitMs: z
      .int()
      .min(1)
      .max(5000)
      .default(kafkaDefaults.fetchMaxWaitMs)
      .describe("Longest time a fetch waits for new records, in milliseconds."),
    sessionTimeoutMs: z
      .int()
      .min(6000)
      .max(1_800_000)
      .default(kafkaDefaults.sessionTimeoutMs)
      .describe(
        "Time without a heartbeat after which the group reassigns an instance's partitions, in milliseconds.",
      ),
    rebalanceTimeoutMs: z
      .int()
      .min(1000)
      .max(longestMs)
      .default(kafkaDefaults.rebalanceTimeoutMs)
      .describe("Longest time a rebalance waits for all instances to rejoin, in milliseconds."),
    transactionTimeoutMs: z
      .int()
      .min(1000)
      .max(900_000)
      .default(kafkaDefaults.transactionTimeoutMs)
      .describe("Time after which the brokers abort an open transaction, in milliseconds."),
    maxConcurrentTakeovers: z
      .int()
      .min(1)
      .max(1000)
      .default(kafkaDefaults.maxConcurrentTakeovers)
      .describe(
        "Largest number of concurrent partition takeovers per instance; further partitions wait. Each takeover holds one partition's state in memory.",
      ),
    restoreStallMs: z
      .int()
      .min(1000)
      .max(longestMs)
      .default(kafkaDefaults.restoreStallMs)
      .describe(
        "Time without progress after which restoring the state fails with RESTORE_STALLED, in milliseconds.",
      ),
    clientOptions: clientOptionsSchema
      .optional()
      .describe(
        "Raw options of the Kafka clients, under the clients' own names, for what has no setting of its own.",
      ),
  })
  .superRefine(({ clientOptions = {}, ...others }, context) => {
    const { client, producerClient = client, groupProtocol, groupInstanceId } = others;
    const misfit = clientMisfit({ client, producerClient, groupProtocol, groupInstanceId });
    if (misfit !== undefined) {
      context.addIssue({ code: "custom", path: [misfit.setting], message: misfit.message });
    }
    const found = contradiction(clientOptions, { ...others, producerClient });
    if (found === undefined) return;
    context.addIssue({ code: "custom", path: ["clientOptions", ...found.path], message: found.message });
  });

const topicsSchema = z
  .strictObject({
    input: inputSchema
      .default("observations")
      .describe(
        "Topic of the observations that the service consumes, a list of topics, or {pattern: …}, a regular expression for whole names. With several topics each partition of each topic has a model of its own, and all names but deadLetters need {input}, such as {input}-forecasts.",
      )
      .meta({ forms: "a topic, a list of topics, or {pattern: regular expression}" }),
    repartition: z
      .union([z.boolean(), z.enum(["key", "partition"])])
      .default(false)
      .describe(
        "Writes the input to an intermediate topic first, exactly once, and forecasts from there. true or key: in the partition of the series' key, for records without a key or with another one. partition: several input topics with the same number of partitions share the model of each partition number.",
      )
      .meta({ forms: "true | false | key | partition" }),
    repartitionPartitions: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        "Partitions of the intermediate topic, if the service creates it. Default: the most partitions of an input topic.",
      ),
    forecasts: outputSchema
      .default("forecasts")
      .describe(
        "Topic of the forecasts, with as many partitions as the input. A forecast goes to the partition number of its observation.",
      ),
    incidents: outputSchema
      .optional()
      .describe(
        "Topic of the incidents, with as many partitions as the input: a record when an incident is opened, updated or closed, keyed by the key. Default: incidents are not written.",
      ),
    feedback: outputSchema
      .optional()
      .describe(
        "Topic of users' feedback on incidents and of the commands promote and demote, with as many partitions as the input. Name it where a sink reads topics.incidents: these records are always JSON. Default: topics.incidents.",
      ),
    candidate: outputSchema
      .optional()
      .describe(
        "Topic of the candidate's forecasts, with as many partitions as the input. Default: they are not written.",
      ),
    candidateIncidents: outputSchema
      .optional()
      .describe(
        "Topic of the candidate's incidents, with as many partitions as the input, in the format of encode.incidents and with the header undercurrent-role. Default: they are not written.",
      ),
    deadLetters: topicSchema
      .default("dead-letters")
      .describe(
        "Topic of the rejected records: original key, value and timestamp, with the reason in the headers.",
      ),
    state: outputSchema
      .default("forecast-state")
      .describe("Compacted topic of the snapshots, with as many partitions as the input."),
  })
  .superRefine((topics, context) => {
    const { input } = topics;
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (isPattern(input)) {
      try {
        new RegExp(input.pattern);
      } catch (error) {
        context.addIssue({ code: "custom", path: ["input", "pattern"], message: (error as Error).message });
      }
    }
    const { repartition, repartitionPartitions, ...named } = topics;
    if (repartitionPartitions !== undefined && (repartition === false || repartition === "partition")) {
      refuse("repartitionPartitions", "requires topics.repartition: key");
    }
    const output = isSeveral(input) && repartition === false ? outputWithoutInput(topics) : undefined;
    if (output !== undefined) {
      refuse(output, `with several input topics the name needs {input}, such as "{input}-${output}"`);
    }
    const outputs = Object.values({ ...named, input: undefined }).filter((name) => name !== undefined);
    const names = [...(namedInputs(input) ?? []), ...outputs];
    if (new Set(names).size < names.length) {
      context.addIssue({
        code: "custom",
        message: "two topics have the same name; give each topic a name of its own",
      });
    }
  });

/** Largest number of keys with Prometheus series of their own. */
const mostSeries = 50;

const serverSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      "Starts the HTTP server: /metrics for Prometheus, /keys/KEY for the state of a key, /live, /ready and the live page. Each instance on a host needs its own port.",
    ),
  pageEnabled: z
    .boolean()
    .optional()
    .describe(
      "Serves the live page, which shows the keys of server.series, or the first 200 keys if that list is empty. Default: true if server.host is a loopback address.",
    ),
  host: z
    .string()
    .min(1)
    .default(serverDefaults.host)
    .describe(
      "Address to listen on. 0.0.0.0 accepts other machines, unencrypted and, without a token, unauthenticated.",
    ),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(serverDefaults.port)
    .describe("TCP port to listen on. 0 takes a free port."),
  token: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,}=*$/, "A token has at least 16 letters, digits or . _ ~ + / -")
    .optional()
    .describe(
      "Bearer token for every endpoint except /live and /ready, at least 16 letters, digits or . _ ~ + / -; write ${NAME} to read an environment variable. Browsers send no bearer token, so they cannot open the live page.",
    )
    .meta(secret),
  maxBrokerSilenceMs: z
    .int()
    .min(10_000)
    .max(3_600_000)
    .default(30_000)
    .describe("Time without an answer from the brokers after which /ready answers 503, in milliseconds."),
  series: z
    .array(z.string().min(1).max(1000))
    .max(mostSeries)
    .default([])
    .describe(
      `Keys with metrics of their own (value, forecast, interval, anomaly score), also the keys on the live page. At most ${mostSeries}: each key adds six Prometheus series.`,
    ),
});

const openTelemetrySchema = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: "expected a URL that begins with https:// or http://" })
    .optional()
    .describe(
      "Base URL of the OTLP receiver (HTTP). Default: the environment variable OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318.",
    ),
  traces: z
    .boolean()
    .default(false)
    .describe("Exports a trace per commit, with links to the header traceparent of its records."),
  metrics: z
    .boolean()
    .default(false)
    .describe("Exports the metrics of /metrics by OTLP as well, also where server.enabled is false."),
  sampleRatio: z.number().min(0).max(1).default(1).describe("Share of the commits that are traced."),
  metricsEveryMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(60_000)
    .describe("Time between two exports of metrics, in milliseconds."),
});

const logSchema = z.strictObject({
  level: z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .describe("Lowest severity that is logged. Log lines are JSON on standard error."),
});

// decode.features determines the number of features, and the windows have a section of their own.
const modelSchema = forecasterSchema
  .omit({ featureCount: true, aggregate: true })
  .superRefine((model, context) => {
    // Settings that fail on their own are reported already. The number of features is not known here.
    if (context.issues.length > 0) return;
    try {
      forecasterSettings({ ...model, featureCount: maxFeatures });
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  });

const pipeline = pipelineSchema.shape;

export const configSchema = z
  .strictObject({
    applicationId: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,200}$/, "A name has 1 to 200 letters, digits, dots, underscores or hyphens")
      .default("undercurrent")
      .describe(
        "Consumer group id and prefix of the transactional ids. Instances with the same id share the partitions.",
      ),
    kafka: kafkaSchema.prefault({}).describe("Connection to the Kafka brokers, consumer and producer."),
    topics: topicsSchema.prefault({}).describe("Topic names. All of them must differ."),
    decode: pipeline.decode.describe("Where key, time, value and features are in a record."),
    encode: pipeline.encode.describe(
      "Format, fields and headers of the forecast records, and format of the incidents.",
    ),
    schemaRegistry: registrySchema
      .prefault({})
      .describe("Schema registry with Confluent's API, for records in Confluent's wire format."),
    aggregate: forecasterSchema.shape.aggregate,
    late: pipeline.late,
    snapshot: pipeline.snapshot.describe(
      "When a commit also writes a snapshot to the state topic. Both limits apply; the first one reached triggers a snapshot.",
    ),
    recovery: pipeline.recovery.describe("What to do at start-up when the saved state cannot be used."),
    commit: pipeline.commit.describe(
      "Transaction size. One transaction commits forecasts, dead letters, snapshot and offset together.",
    ),
    model: modelSchema
      .prefault({})
      .describe(
        "The forecaster. Most changes here need an empty state or a migration: see recovery.changedModel.",
      ),
    candidate: z
      .strictObject({
        model: z
          .record(z.string(), z.unknown())
          .describe("Settings of model that the candidate has otherwise, such as {cell: gru, hidden: 48}.")
          .meta({ forms: "{name: value, …} with names of model" }),
      })
      .optional()
      .describe(
        "A second model on the same records: its scores are in the metrics with role=candidate, its forecasts in topics.candidate or nowhere. The command promote makes it the live one.",
      ),
    engine: z
      .enum(engineKinds)
      .default(defaultEngineKind)
      .describe(
        "Engine that runs and trains the cell: wasm, or tfjs if TensorFlow.js is installed. Both read the same saved state.",
      ),
    server: serverSchema.prefault({}).describe("HTTP server for metrics, health checks and the live page."),
    openTelemetry: openTelemetrySchema
      .prefault({})
      .describe("Traces and metrics by OTLP, with the optional packages of OpenTelemetry."),
    log: logSchema.prefault({}).describe("Logging."),
  })
  .superRefine(({ model, candidate, topics, encode }, context) => {
    const refuse = (message: string, path: PropertyKey[]): void =>
      context.addIssue({ code: "custom", message, path });
    const { incidents } = encode;
    const isShared = isSeveral(topics.input) && topics.repartition === false;
    const lacksSubject = (section: {
      subject?: string | undefined;
      schemaId?: number | undefined;
    }): boolean => isShared && section.schemaId === undefined && section.subject === undefined;
    const shared = "with several input topics a subject is needed, because they share one schema";
    if (hasRegisteredSchema(encode) && lacksSubject(encode)) refuse(shared, ["encode", "subject"]);
    if ((topics.incidents ?? topics.candidateIncidents) === undefined) {
      if (Object.values(incidents).some((value) => value !== undefined))
        refuse("requires topics.incidents", ["encode", "incidents"]);
    } else if (hasRegisteredSchema(incidentEncoding(encode)) && lacksSubject(incidents)) {
      refuse(shared, ["encode", "incidents", "subject"]);
    }
    if (candidate === undefined) {
      for (const name of ["candidate", "candidateIncidents"] as const) {
        if (topics[name] !== undefined) refuse("requires the section candidate", ["topics", name]);
      }
      return;
    }
    const path = ["candidate", "model"];
    const result = modelSchema.safeParse({ ...model, ...candidate.model });
    for (const issue of result.error?.issues ?? []) {
      context.addIssue({ ...issue, path: [...path, ...issue.path] });
    }
    if (JSON.stringify(result.data) === JSON.stringify(model)) {
      refuse("the candidate has the settings of model; name at least one that differs", path);
    }
  });

/** Complete settings of the service. */
export type Config = z.output<typeof configSchema>;
