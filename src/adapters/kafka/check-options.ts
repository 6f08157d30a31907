/** Checks options of the Kafka adapter that come from code. Without the check, unknown options would be ignored. */
import { refuseRenamed, renamedSettings, UndercurrentError } from "../../errors/errors.js";
import { checkClientOptions, clientMisfit } from "./client-options.js";
import { kafkaDefaults } from "./defaults.js";
import { inputPlaceholder, isPattern, isSeveral, matcherOf, outputWithoutInput } from "./inputs.js";
import type { KafkaOptions, KafkaTopics, ServiceOptions } from "./options.js";

const names: Readonly<Record<keyof KafkaOptions, true>> = {
  applicationId: true,
  topics: true,
  bootstrapServers: true,
  clientId: true,
  tls: true,
  sasl: true,
  clientOptions: true,
  log: true,
  client: true,
  producerClient: true,
  groupProtocol: true,
  groupInstanceId: true,
  joined: true,
  lost: true,
  heard: true,
  compressionType: true,
  maxBatchBytes: true,
  maxPartitionFetchBytes: true,
  fetchMaxWaitMs: true,
  sessionTimeoutMs: true,
  rebalanceTimeoutMs: true,
  transactionTimeoutMs: true,
  maxConcurrentTakeovers: true,
  maxUnpackedBatchBytes: true,
  restoreStallMs: true,
};

const topicNames: Readonly<Record<keyof KafkaTopics, true>> = {
  input: true,
  forecasts: true,
  state: true,
  incidents: true,
  feedback: true,
  candidate: true,
  candidateIncidents: true,
  deadLetters: true,
};

/** Throws SETTING_INVALID with the first option that has an old name, that is unknown, or that no client may be told. */
export function checkOptions(options: ServiceOptions): void {
  refuseRenamed(renamedSettings.kafkaOptions, options);
  refuseUnknown(options, names);
  refuseUnknown(options.topics, topicNames, "topics.");
  checkInputs(options.topics);
  const { client = kafkaDefaults.client, sessionTimeoutMs = kafkaDefaults.sessionTimeoutMs } = options;
  const { producerClient = client, groupProtocol = kafkaDefaults.groupProtocol, groupInstanceId } = options;
  const misfit = clientMisfit({ client, producerClient, groupProtocol, groupInstanceId });
  if (misfit !== undefined) {
    throw new UndercurrentError("SETTING_INVALID", `${misfit.setting}: ${misfit.message}`);
  }
  checkClientOptions(options.clientOptions, { client, producerClient, sessionTimeoutMs });
}

function checkInputs(topics: ServiceOptions["topics"]): void {
  const { input } = topics;
  if (!isSeveral(input)) return;
  if (isPattern(input)) matcherOf(input.pattern);
  else if (input.length === 0 || new Set(input).size < input.length) {
    throw new UndercurrentError("SETTING_INVALID", "topics.input: expected a list of different topics");
  }
  const output = outputWithoutInput(topics);
  if (output === undefined) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `topics.${output}: with several input topics the name needs ${inputPlaceholder}, such as ${inputPlaceholder}-${output}`,
  );
}

function refuseUnknown(options: object, known: object, prefix = ""): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new UndercurrentError("SETTING_INVALID", `${prefix}${unknown}: unknown option of the Kafka adapter`);
}
