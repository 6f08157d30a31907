/** Recognises permanent refusals by the brokers: credentials, certificate or permissions. */
import type { ErrorCode } from "../../../errors/errors.js";

/** The fields of a client's error, whichever client it is. */
interface ClientError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly apiId?: unknown;
  readonly retriable?: unknown;
}

export interface Refusal {
  readonly code: Extract<ErrorCode, "CREDENTIALS_REFUSED" | "TLS_REFUSED" | "ACCESS_DENIED">;
  readonly message: string;
}

/** Alerts by which the other side ends a handshake (RFC 8446, section 6.2), under OpenSSL's names as Node gives them: SSLV3 or, since 3.2, SSL/TLS. */
const alerts =
  /^ERR_SSL_[\w/]*_ALERT_((?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)$/;
/** Node's codes for a certificate of the other side that it does not trust. */
const distrust =
  /^(CERT_\w+|UNABLE_TO_\w+|(SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED)_\w+|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_\w+)$/;

/** Returns why TLS ended the handshake; undefined if the error has another cause. */
export function tlsRefusal({ code, message }: ClientError): string | undefined {
  if (typeof code !== "string") return undefined;
  const alert = alerts.exec(code)?.[1];
  // OpenSSL's own message is the place in its source.
  if (alert !== undefined)
    return `the brokers end the TLS handshake: ${alert.toLowerCase().replaceAll("_", " ")}`;
  if (distrust.test(code)) return `the brokers' certificate is refused: ${message}`;
  return undefined;
}

/**
 * Brokers answer ILLEGAL_SASL_STATE on a listener without passwords. After an expired session the client marks the error as
 * retriable.
 */
const refusedCredentials = new Set<unknown>([
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "ILLEGAL_SASL_STATE",
]);

function credentialsRefused({ name, code, type, apiId, retriable }: ClientError): boolean {
  if (name === "KafkaJSSASLAuthenticationError" || code === "PLT_KFK_AUTHENTICATION") return true;
  return retriable !== true && (refusedCredentials.has(type) || refusedCredentials.has(apiId));
}

/**
 * A credential that was not to be had, or that the brokers refuse. It has no cause: both clients wrap the innermost error, and
 * causes of this one may hold secrets.
 */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
  /** kafkajs retries errors unless this is false. */
  readonly retriable: boolean;

  /**
   * @param message Names no secret.
   * @param refusal The code if trying again is of no use; undefined if the source of the credential is away.
   */
  constructor(
    message: string,
    readonly refusal: Refusal["code"] | undefined,
  ) {
    super(message);
    this.retriable = refusal === undefined;
  }
}

/** Returns the refusal in one error, without its causes. */
export function refusalOf(error: ClientError): Refusal | undefined {
  if (error instanceof CredentialError) {
    return error.refusal && { code: error.refusal, message: error.message };
  }
  const tls = tlsRefusal(error);
  if (tls !== undefined) return { code: "TLS_REFUSED", message: tls };
  if (credentialsRefused(error)) return { code: "CREDENTIALS_REFUSED", message: error.message };
  const right = [error.type, error.apiId].find(
    (name): name is string => typeof name === "string" && name.endsWith("_AUTHORIZATION_FAILED"),
  );
  return right === undefined ? undefined : { code: "ACCESS_DENIED", message: `${error.message} (${right})` };
}
