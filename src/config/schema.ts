/** Every setting of the service in one schema: its name, meaning, range and default. */
import { z } from "zod";
import { UndercurrentError } from "../errors/errors.js";
import { engineKinds } from "../engine/port.js";
import { forecasterSchema, forecasterSettings } from "../forecast/settings.js";
import { pipelineSchema } from "../pipeline/settings.js";

const topicSchema = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/,
    "A topic has 1 to 249 letters, digits, dots, underscores or hyphens",
  );

const pemSchema = z.string().min(1);

/** Secrets are marked `writeOnly`, JSON Schema's word for what is set and never shown. */
const secret = { writeOnly: true } as const;

const tlsSchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe("Encrypts the connections to the brokers."),
    ca: pemSchema
      .optional()
      .describe("Authorities that are trusted instead of the system's: PEM text, or the path of a PEM file."),
    cert: pemSchema
      .optional()
      .describe("Certificate of this client: PEM text, or the path of a PEM file; it needs the key."),
    key: pemSchema
      .optional()
      .describe("Private key of the certificate: PEM text, or the path of a PEM file.")
      .meta(secret),
    passphrase: z.string().optional().describe("Passphrase of the private key.").meta(secret),
    servername: z
      .string()
      .min(1)
      .optional()
      .describe("Name that the brokers' certificates must have, where it is not that of their address."),
    rejectUnauthorized: z
      .boolean()
      .default(true)
      .describe(
        "Refuses brokers whose certificate is not trusted; false lets anybody read and change the traffic.",
      ),
  })
  .superRefine(({ enabled, cert, key, ...others }, context) => {
    const issue = (message: string): void => context.addIssue({ code: "custom", message });
    const given = [cert, key, others.ca, others.passphrase, others.servername].some(
      (value) => value !== undefined,
    );
    if (!enabled && given) issue("Settings of TLS are given, but enabled is false");
    if ((cert === undefined) !== (key === undefined)) issue("cert and key need each other");
  });

const saslSchema = z.strictObject({
  mechanism: z
    .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
    .describe("How the password is proven; PLAIN sends it as it is, so that it wants TLS."),
  username: z.string().min(1).describe("Name of the user."),
  password: z.string().min(1).describe("Password of the user; best given as ${NAME}.").meta(secret),
});

/** Sizes are 32-bit integers in Kafka's protocol. */
const mostBytes = 2_147_483_647;
/** Timers are 32-bit integers in Node, and the client adds to the timeouts: 23 days. */
const longestMs = 2_000_000_000;

const kafkaSchema = z.strictObject({
  bootstrapServers: z
    .array(z.string().regex(/^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/, "An address is host:port"))
    .min(1)
    .default(["localhost:9092"])
    .describe(
      "Addresses of brokers, host:port, by which the client finds the others. An item may hold several with commas between them.",
    ),
  clientId: z
    .string()
    .min(1)
    .default("undercurrent")
    .describe("Name under which the brokers log this client."),
  tls: tlsSchema.prefault({}).describe("Encryption of the connections to the brokers."),
  sasl: saslSchema.optional().describe("User and password; without this section none are sent."),
  producerClient: z
    .enum(["kafkajs", "platformatic"])
    .default("kafkajs")
    .describe(
      "Client that writes. platformatic takes a third of the time for it, and needs `npm install @platformatic/kafka`.",
    ),
  compressionType: z
    .enum(["none", "gzip", "snappy", "lz4", "zstd"])
    .default("none")
    .describe("Compression of the records that are written. Records that are read may have any."),
  maxBatchBytes: z
    .int()
    .min(1024)
    .max(mostBytes)
    .default(900_000)
    .describe(
      "Most bytes of one batch that is written, before compression: less than max.message.bytes of the topics.",
    ),
  maxPartitionFetchBytes: z
    .int()
    .min(1024)
    .max(mostBytes)
    .default(1_048_576)
    .describe(
      "Bytes of a partition that one fetch may answer with, and that are held in memory ahead of the partition's task.",
    ),
  fetchMaxWaitMs: z
    .int()
    .min(1)
    .max(5000)
    .default(100)
    .describe("Longest wait of a fetch for new records, in milliseconds."),
  sessionTimeoutMs: z
    .int()
    .min(6000)
    .max(1_800_000)
    .default(30_000)
    .describe("Silence after which the group gives an instance's partitions to others, in milliseconds."),
  rebalanceTimeoutMs: z
    .int()
    .min(1000)
    .max(longestMs)
    .default(60_000)
    .describe("Longest wait of a rebalance for every instance to join, in milliseconds."),
  transactionTimeoutMs: z
    .int()
    .min(1000)
    .max(900_000)
    .default(60_000)
    .describe("Age at which the brokers abort a transaction that nobody ended, in milliseconds."),
  restoreStallMs: z
    .int()
    .min(1000)
    .max(longestMs)
    .default(60_000)
    .describe("Time without any progress after which reading the state gives up, in milliseconds."),
});

const topicsSchema = z
  .strictObject({
    input: topicSchema.default("observations").describe("Topic that is read."),
    forecasts: topicSchema
      .default("forecasts")
      .describe(
        "Topic of the forecasts; as many partitions as the input, and the forecast in the one of its observation.",
      ),
    deadLetters: topicSchema
      .default("dead-letters")
      .describe(
        "Topic of the records that could not be read, as they came, with the reason in their headers.",
      ),
    state: topicSchema
      .default("forecast-state")
      .describe("Compacted topic of the snapshots; as many partitions as the input."),
  })
  .superRefine((topics, context) => {
    if (new Set(Object.values(topics)).size < 4) {
      context.addIssue({ code: "custom", message: "Two of the topics are the same" });
    }
  });

/** Most keys with series of their own. */
const mostSeries = 50;

const serverSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      "Serves /metrics for Prometheus, /live and /ready, and the live page; each instance on a host needs a port of its own.",
    ),
  pageEnabled: z
    .boolean()
    .optional()
    .describe(
      "Whether the live page is served; left out, where server.host is the loopback. It shows the keys of server.series; where that is empty, the first 200 that come, with their values.",
    ),
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe(
      "Address to listen on; 0.0.0.0 opens it, unencrypted and without a password, to other machines.",
    ),
  port: z.int().min(0).max(65_535).default(7070).describe("Port to listen on; 0 takes a free one."),
  token: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,}=*$/, "A token is 16 or more letters, digits and . _ ~ + / -")
    .optional()
    .describe(
      "What requests have to bear (Authorization: Bearer ...) for all but /live and /ready; best given as ${NAME}. A browser does not: the page is out of its reach then.",
    )
    .meta(secret),
  series: z
    .array(z.string().min(1).max(1000))
    .max(mostSeries)
    .default([])
    .describe(
      `Keys with metrics of their own (value, forecast, interval, anomaly score), and those that the live page shows: ${mostSeries} at most, for each is six series in Prometheus.`,
    ),
});

const logSchema = z.strictObject({
  level: z
    .enum(["debug", "info", "warn", "error"])
    .default("info")
    .describe("Least severe lines that are written; lines are JSON on standard error."),
});

const pipeline = pipelineSchema.shape;

export const configSchema = z.strictObject({
  applicationId: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,200}$/, "A name has 1 to 200 letters, digits, dots, underscores or hyphens")
    .default("undercurrent")
    .describe(
      "Id of the consumer group, and beginning of the transactional ids. Instances with the same id share the work.",
    ),
  kafka: kafkaSchema.prefault({}).describe("How the brokers are reached."),
  topics: topicsSchema.prefault({}).describe("The topics, each by its full name."),
  decode: pipeline.decode.describe("How key, time, value and features are read from a record."),
  late: pipeline.late,
  snapshot: pipeline.snapshot.describe(
    "When the state is written to its topic, in the transaction of a commit.",
  ),
  recovery: pipeline.recovery.describe(
    "What a start does where it cannot simply go on; it never skips silently.",
  ),
  commit: pipeline.commit.describe("What lands at once: forecasts, dead letters, snapshot and offset."),
  // The features follow from the paths of them.
  model: forecasterSchema
    .omit({ featureCount: true })
    .superRefine((model, context) => {
      // What is wrong with one setting has been said of it.
      if (context.issues.length > 0) return;
      try {
        forecasterSettings(model);
      } catch (error) {
        if (!(error instanceof UndercurrentError)) throw error;
        context.addIssue({ code: "custom", message: error.message });
      }
    })
    .prefault({})
    .describe("The forecaster. Settings that shape its state cannot be changed without starting it afresh."),
  engine: z
    .enum(engineKinds)
    .default("wasm")
    .describe(
      "What steps and teaches the cell: wasm, or TensorFlow.js where it is installed. Either goes on from the other's state.",
    ),
  server: serverSchema.prefault({}).describe("The live page and the metrics, by HTTP."),
  log: logSchema.prefault({}).describe("What the service tells while it runs."),
});

/** Complete settings of the service. */
export type Config = z.output<typeof configSchema>;
