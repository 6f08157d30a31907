/** The configuration's sections on Kafka as options of the adapter: the one place where they meet. */
import { X509Certificate } from "node:crypto";
import { createSecureContext, type ConnectionOptions } from "node:tls";
import { reachBrokers } from "../../adapters/kafka/admin/reach.js";
import type { KafkaConnection, KafkaOptions } from "../../adapters/kafka/options.js";
import { readTextFile } from "../../config/read-file.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { TimeoutFlag } from "./options.js";

type TlsSettings = Config["kafka"]["tls"];
type SaslSettings = NonNullable<Config["kafka"]["sasl"]>;

/**
 * Options for `kafkaPorts` and for whatever else talks to the same brokers about the same topics. Throws SETTING_INVALID
 * where a certificate or key cannot be read or used.
 *
 * @example
 * ```ts
 * const { settings } = loadConfig("config.yaml", process.env);
 * const kafka = kafkaPorts(kafkaOptions(settings));
 * ```
 */
export function kafkaOptions(
  { applicationId, kafka, topics }: Pick<Config, "applicationId" | "kafka" | "topics">,
  log?: KafkaConnection["log"],
): KafkaOptions {
  const { bootstrapServers, tls, sasl, clientOptions, ...others } = kafka;
  return {
    ...others,
    applicationId,
    topics,
    bootstrapServers: bootstrapServers.flatMap((addresses) => addresses.split(",")),
    ...(tls.enabled && { tls: tlsOptions(tls) }),
    ...(sasl !== undefined && { sasl: saslOptions(sasl) }),
    ...(clientOptions !== undefined && { clientOptions }),
    ...(log !== undefined && { log }),
  };
}

/** The longest wait that a timer can hold, in seconds. */
const longest = 2_000_000;

/**
 * The options of a configuration. Says on standard error which brokers it waits for where they take more than 2 s, and
 * throws BROKER_UNREACHABLE after the timeout.
 */
export async function reachedBrokers(settings: Config, { timeout }: TimeoutFlag): Promise<KafkaOptions> {
  const options = kafkaOptions(settings);
  await reachBrokers(options, {
    timeoutMs: 1000 * Math.min(timeout, longest),
    report: (line) => process.stderr.write(`${line}\n`),
  });
  return options;
}

function saslOptions({ mechanism, username, password }: SaslSettings): NonNullable<KafkaOptions["sasl"]> {
  switch (mechanism) {
    case "PLAIN":
      return { mechanism: "plain", username, password };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", username, password };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", username, password };
  }
}

function tlsOptions({
  passphrase,
  servername,
  rejectUnauthorized,
  ...files
}: TlsSettings): ConnectionOptions {
  const part = (name: "ca" | "cert" | "key"): ConnectionOptions =>
    files[name] === undefined ? {} : { [name]: pem(name, files[name]) };
  const identity = {
    ...part("ca"),
    ...part("cert"),
    ...part("key"),
    ...(passphrase !== undefined && { passphrase }),
  };
  try {
    // A key that its passphrase does not open would otherwise fail at every connection, as if the brokers were away.
    createSecureContext(identity);
  } catch (cause) {
    throw invalid(
      "kafka.tls",
      `ca, cert, key and passphrase do not fit (${(cause as Error).message})`,
      cause,
    );
  }
  if (typeof identity.cert === "string") refuseOutdated(identity.cert);
  return { ...identity, rejectUnauthorized, ...(servername !== undefined && { servername }) };
}

/** Brokers turn it away too, but say no more than that they do not like it. */
function refuseOutdated(cert: string): void {
  const end = new Date(new X509Certificate(cert).validTo);
  if (end.getTime() < Date.now()) throw invalid("kafka.tls.cert", `it has expired, on ${end.toISOString()}`);
}

/** PEM text, or that of the file whose path it is. No error repeats the text: it may be a key with its head cut off. */
function pem(name: string, text: string): string {
  if (text.includes("-----BEGIN ")) return text;
  let content: string;
  try {
    content = readTextFile(text);
  } catch (cause) {
    // The message of the system's errors holds the path.
    const { code, message } = cause as NodeJS.ErrnoException;
    throw invalid(
      `kafka.tls.${name}`,
      `neither PEM text nor the path of a file that can be read (${code ?? message})`,
    );
  }
  if (content.includes("-----BEGIN ")) return content;
  throw invalid(`kafka.tls.${name}`, "the file holds no PEM text");
}

function invalid(setting: string, message: string, cause?: unknown): UndercurrentError {
  return new UndercurrentError("SETTING_INVALID", `${setting}: ${message}`, { cause });
}
