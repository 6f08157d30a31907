/** Gets tokens for SASL/OAUTHBEARER: by client credentials (RFC 6749, section 4.4) from a token endpoint, or from a file. */
import * as oauth from "oauth4webapi";
import { UndercurrentError } from "../../../errors/errors.js";
import type { ClientAuthentication } from "../options.js";
import { CredentialError, tlsRefusal } from "../kafkajs/refusals.js";
import { fileProblem, rotatedFiles } from "./rotated-file.js";
import { bearerOptions, cachedToken, endOfJwt, type BearerOptions, type BearerToken } from "./tokens.js";

/** Client credentials for a token endpoint. */
export interface OAuthOptions {
  /** URL of the token endpoint. With http: the secret and the tokens are sent unencrypted. */
  readonly tokenEndpointUrl: string;
  readonly clientId: string;
  /** The secret, or a function that returns the current one. */
  readonly clientSecret: string | (() => string);
  /** How to send the secret. Default "basic", as RFC 6749 recommends. */
  readonly clientAuthentication?: ClientAuthentication | undefined;
  /** Scopes, separated by spaces. */
  readonly scope?: string | undefined;
  /** Further parameters of the request, for example `{ audience: "kafka" }`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** SASL extensions for the brokers, for example `{ logicalCluster: "lkc-1" }`. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

/** kafkajs gives up an authentication after 10 s. */
const requestTimeoutMs = 8000;
/** Time for which a token is used that does not say when it ends, in milliseconds. */
const unknownLifeMs = 60_000;

/**
 * Returns the option `sasl` for brokers that take tokens of a token endpoint. A token is used until a quarter of its life is
 * left; clients then log in with a new one.
 *
 * @example
 * ```ts
 * const sasl = oauthSasl({ tokenEndpointUrl: "https://id.example/token", clientId: "forecaster", clientSecret });
 * const kafka = kafkaPorts({ bootstrapServers, applicationId, topics, sasl, tls: true });
 * ```
 */
export function oauthSasl(options: OAuthOptions): BearerOptions {
  return bearerOptions(
    cachedToken(() => requestToken(options)),
    options.extensions,
  );
}

/**
 * Returns the option `sasl` for a token that another program keeps in a file. The file is read again when it has changed.
 *
 * @throws SETTING_INVALID if the file cannot be read or is empty.
 */
export function tokenFileSasl(path: string, options: TokenFileOptions = {}): BearerOptions {
  const { setting = "sasl.oauth.tokenFile", extensions, changed } = options;
  const read = secretFile(path, setting, changed);
  return bearerOptions(() => Promise.resolve({ value: read(), expiresAt: Infinity }), extensions);
}

/** Options of `tokenFileSasl`. */
export interface TokenFileOptions {
  /** What errors call the path. */
  readonly setting?: string;
  /** SASL extensions for the brokers. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
  /** Called once per change of the file, with the reason if the changed one cannot be used. */
  readonly changed?: ((problem?: unknown) => void) | undefined;
}

/**
 * Returns a function that gives the secret in a file, without the line break at its end, as it is now.
 *
 * @throws SETTING_INVALID if the file cannot be read or is empty.
 */
export function secretFile(
  path: string,
  setting: string,
  changed?: (problem?: unknown) => void,
): () => string {
  try {
    return rotatedFiles(
      [path],
      ([bytes]) => {
        const text = bytes!.toString("utf8").replace(/\r?\n$/, "");
        if (text === "") throw new TypeError("the file is empty");
        return text;
      },
      changed,
    );
  } catch (error) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${setting}: cannot read the file (${fileProblem(error)})`,
    );
  }
}

async function requestToken(options: OAuthOptions): Promise<BearerToken> {
  const { tokenEndpointUrl, clientId, scope, parameters = {} } = options;
  const secret = typeof options.clientSecret === "function" ? options.clientSecret() : options.clientSecret;
  const server: oauth.AuthorizationServer = { issuer: tokenEndpointUrl, token_endpoint: tokenEndpointUrl };
  const client: oauth.Client = { client_id: clientId };
  const { clientAuthentication = "basic" } = options;
  const authentication =
    clientAuthentication === "basic" ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
  try {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authentication,
      { ...parameters, ...(scope !== undefined && { scope }) },
      {
        signal: AbortSignal.timeout(requestTimeoutMs),
        // Deprecated to make it stand out: whoever gives an http URL gets what it says.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        [oauth.allowInsecureRequests]: true,
      },
    );
    if (isPassing(response.status)) {
      await response.body?.cancel();
      throw away(`answers ${response.status}`);
    }
    const { access_token: value, expires_in: seconds } = await oauth.processClientCredentialsResponse(
      server,
      client,
      response,
    );
    const now = Date.now();
    const end = seconds === undefined ? endOfJwt(value) : now + 1000 * seconds;
    return { value, expiresAt: end ?? now + unknownLifeMs };
  } catch (error) {
    throw problemOf(error);
  }
}

/** Whether a status says that the same request may succeed later. */
const isPassing = (status: number): boolean => status >= 500 || status === 408 || status === 429;

const away = (what: string): CredentialError => new CredentialError(`the token endpoint ${what}`, undefined);

/** Returns the error for a failed request. Its text is of the server's codes alone: descriptions may repeat the request. */
function problemOf(error: unknown): CredentialError {
  if (error instanceof CredentialError) return error;
  if (error instanceof oauth.ResponseBodyError) {
    const said = `${error.error.slice(0, 100)} (${error.status})`;
    if (error.error === "temporarily_unavailable" || error.error === "server_error")
      return away(`answers ${said}`);
    return new CredentialError(`the token endpoint refuses the client: ${said}`, "CREDENTIALS_REFUSED");
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new CredentialError(
      `the token endpoint refuses the client (${error.status})`,
      "CREDENTIALS_REFUSED",
    );
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    const status = error.cause instanceof Response ? ` (${error.cause.status})` : "";
    return new CredentialError(
      `the token endpoint answers with something else than a token${status}`,
      "CREDENTIALS_REFUSED",
    );
  }
  if (error instanceof Error && error.name === "TimeoutError")
    return away(`takes more than ${requestTimeoutMs} ms`);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  const refusal = cause instanceof Error ? tlsRefusal(cause) : undefined;
  if (refusal !== undefined) {
    return new CredentialError(
      `the token endpoint's certificate is refused (${code}); NODE_EXTRA_CA_CERTS names further authorities`,
      "TLS_REFUSED",
    );
  }
  return away(`cannot be reached (${code ?? message})`);
}
