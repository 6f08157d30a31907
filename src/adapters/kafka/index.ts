/** Exports `undercurrent-forecast/kafka`, the Kafka adapter. Only this entry loads the Kafka client. */
export { mskIamSasl, type MskIamOptions } from "./credentials/msk-iam.js";
export { oauthSasl, tokenFileSasl, type OAuthOptions, type TokenFileOptions } from "./credentials/oauth.js";
export { tlsFromFiles, type TlsFiles } from "./credentials/tls-files.js";
export type { BearerOptions } from "./credentials/tokens.js";
export { kafkaReadOnlySource, type KafkaReadOnlySource } from "./offline/read-only-source.js";
export * from "./options.js";
export { kafkaPorts, type KafkaPorts } from "./source/ports.js";
