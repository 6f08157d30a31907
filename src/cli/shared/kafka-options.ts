/** Maps the Kafka sections of the configuration to options of the adapter. */
import { mskIamSasl } from "../../adapters/kafka/credentials/msk-iam.js";
import { oauthSasl, secretFile, tokenFileSasl } from "../../adapters/kafka/credentials/oauth.js";
import { tlsFromFiles } from "../../adapters/kafka/credentials/tls-files.js";
import type { BearerOptions } from "../../adapters/kafka/credentials/tokens.js";
import { reachBrokers } from "../../adapters/kafka/admin/reach.js";
import type {
  InputTopics,
  KafkaConnection,
  KafkaOptions,
  KafkaTopics,
} from "../../adapters/kafka/options.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { TimeoutFlag } from "./options.js";

type SaslSettings = NonNullable<Config["kafka"]["sasl"]>;
type OAuthSettings = NonNullable<SaslSettings["oauth"]>;

/** The Kafka sections of a configuration, of one input topic or several. */
export interface KafkaSettings<Input> extends Pick<Config, "applicationId" | "kafka"> {
  readonly topics: Omit<Config["topics"], "input"> & { readonly input: Input };
}

/**
 * Returns the options for `kafkaPorts` and for every command that uses the same brokers and topics.
 *
 * @throws SETTING_INVALID if a credential file cannot be read or used; SASL_SIGNER_MISSING.
 *
 * @example
 * ```ts
 * const { settings } = loadConfig("config.yaml", process.env);
 * const kafka = kafkaPorts(kafkaOptions(settings));
 * ```
 */
export function kafkaOptions<Input extends string | InputTopics>(
  { applicationId, kafka, topics }: KafkaSettings<Input>,
  log?: KafkaConnection["log"],
): KafkaOptions<Input> {
  const { bootstrapServers, tls, sasl, clientOptions, producerClient, groupInstanceId, ...others } = kafka;
  const { repartition: _, repartitionPartitions: _partitions, ...named } = topics;
  const { enabled, ...files } = tls;
  return {
    ...others,
    applicationId,
    topics: Object.fromEntries(
      Object.entries(named).filter(([, name]) => name !== undefined),
    ) as unknown as KafkaTopics<Input>,
    bootstrapServers: bootstrapServers.flatMap((addresses) => addresses.split(",")),
    ...(enabled && { tls: tlsFromFiles(files, "kafka.tls", teller(log, "kafka.tls")) }),
    ...(sasl !== undefined && { sasl: saslOptions(sasl, log) }),
    ...(clientOptions !== undefined && { clientOptions }),
    ...(producerClient !== undefined && { producerClient }),
    ...(groupInstanceId !== undefined && { groupInstanceId }),
    ...(log !== undefined && { log }),
  };
}

/** Longest wait of a timer, in seconds. */
const longest = 2_000_000;

/**
 * Returns the options of a configuration once a broker has answered.
 *
 * @param report Takes one line that names the brokers, if they take more than 2 s. Default: standard error.
 * @throws BROKER_UNREACHABLE after the timeout.
 */
export async function reachedBrokers<Input extends string | InputTopics>(
  settings: KafkaSettings<Input>,
  { timeout }: TimeoutFlag,
  report: (line: string) => void = printLine,
): Promise<KafkaOptions<Input>> {
  const options = kafkaOptions(settings);
  await reachBrokers(options, {
    timeoutMs: 1000 * Math.min(timeout, longest),
    report,
  });
  return options;
}

function printLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Tells of credential files that have changed, in the log of the client. */
function teller(log: KafkaConnection["log"], section: string): (problem?: unknown) => void {
  return (problem) => {
    const fields = { section };
    if (problem === undefined) {
      const message = "credential files have changed: new connections use them";
      log?.({ level: "info", message, fields });
      return;
    }
    const { message: reason } = problem as Error;
    const code = (problem as NodeJS.ErrnoException).code;
    const told = problem instanceof UndercurrentError ? reason : (code ?? reason);
    const message = `credential files have changed and cannot be used (${told}): the earlier ones stay in use`;
    log?.({ level: "warn", message, fields });
  };
}

const passwordMechanisms = {
  PLAIN: "plain",
  "SCRAM-SHA-256": "scram-sha-256",
  "SCRAM-SHA-512": "scram-sha-512",
} as const;

/** The schema has checked which settings a mechanism needs. */
function saslOptions(sasl: SaslSettings, log: KafkaConnection["log"]): NonNullable<KafkaOptions["sasl"]> {
  const changed = teller(log, "kafka.sasl");
  if (sasl.mechanism === "AWS_MSK_IAM") return mskIamSasl(sasl.aws!);
  if (sasl.mechanism === "OAUTHBEARER") return oauthOptions(sasl.oauth!, changed);
  const { username, password, passwordFile } = sasl;
  const mechanism = passwordMechanisms[sasl.mechanism];
  if (passwordFile === undefined) return { mechanism, username: username!, password: password! };
  const read = secretFile(passwordFile, "kafka.sasl.passwordFile", changed);
  return {
    mechanism,
    username: username!,
    // The clients read the password at each login.
    get password() {
      return read();
    },
  };
}

function oauthOptions(
  { tokenFile, tokenEndpointUrl, clientId, clientSecret, clientSecretFile, ...others }: OAuthSettings,
  changed: (problem?: unknown) => void,
): BearerOptions {
  const { extensions } = others;
  if (tokenFile !== undefined)
    return tokenFileSasl(tokenFile, { setting: "kafka.sasl.oauth.tokenFile", extensions, changed });
  return oauthSasl({
    ...others,
    tokenEndpointUrl: tokenEndpointUrl!,
    clientId: clientId!,
    clientSecret: clientSecret ?? secretFile(clientSecretFile!, "kafka.sasl.oauth.clientSecretFile", changed),
  });
}
