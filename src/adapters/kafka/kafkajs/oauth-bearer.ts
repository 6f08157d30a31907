/**
 * Logs in by SASL/OAUTHBEARER (RFC 7628). The client's own login takes every answer for a success; the brokers' refusal of a
 * token would come later, as an error of the next request that the client retries.
 */
import kafkajs, {
  type Authenticator,
  type KafkaConfig,
  type OauthbearerProviderResponse,
  type SASLOptions,
} from "kafkajs";
import { CredentialError } from "./refusals.js";

/** What a provider of tokens returns. The client's declaration lacks the extensions that it sends. */
export type GivenToken = OauthbearerProviderResponse & {
  /** SASL extensions (RFC 7628, section 3.1), for example the logical cluster of Confluent Cloud. */
  readonly extensions?: Readonly<Record<string, string>>;
};

type BearerSasl = Extract<SASLOptions, { readonly mechanism: "oauthbearer" }>;
type Sasl = NonNullable<KafkaConfig["sasl"]>;

/** Separates the parts of a message; alone, it acknowledges a refusal. */
const separator = "\u0001";

/** Returns the client's options for SASL, with a login that reads the brokers' answer. */
export function withCheckedTokens(sasl: SASLOptions): Sasl {
  if (sasl.mechanism !== "oauthbearer") return sasl;
  return {
    mechanism: "oauthbearer",
    authenticationProvider: ({ saslAuthenticate }): Authenticator => ({
      authenticate: async () => {
        const given = await tokenOf(sasl);
        const response = { decode: withoutLength, parse: (bytes: Buffer): Buffer => bytes };
        const answer = await saslAuthenticate({ request: message(loginOf(given)), response });
        const refusal = tokenRefusal(answer ?? Buffer.alloc(0));
        if (refusal === undefined) return;
        // The broker ends the connection after this.
        await saslAuthenticate({ request: message(separator) }).catch(() => undefined);
        throw refusal;
      },
    }),
  };
}

/**
 * Returns a token. If its source is away, the client must open another connection, as it does for an error of this kind alone:
 * on this one, brokers would refuse a second handshake.
 */
async function tokenOf({ oauthBearerProvider }: BearerSasl): Promise<GivenToken> {
  try {
    return await oauthBearerProvider();
  } catch (error) {
    throw error instanceof CredentialError && error.retriable
      ? new kafkajs.KafkaJSConnectionError(error.message)
      : error;
  }
}

function loginOf({ value, extensions = {} }: GivenToken): string {
  const further = Object.entries(extensions).map(([name, text]) => `${name}=${text}${separator}`);
  return `n,,${separator}auth=Bearer ${value}${separator}${further.join("")}${separator}`;
}

/** Returns a request of the client: its bytes begin with their length. */
function message(text: string): { readonly encode: () => Buffer } {
  return {
    encode: () => {
      const bytes = Buffer.alloc(4 + Buffer.byteLength(text));
      bytes.writeInt32BE(bytes.length - 4);
      bytes.write(text, 4);
      return bytes;
    },
  };
}

const withoutLength = (bytes: Buffer): Buffer => bytes.subarray(4);

/** Returns the error for what a broker answers to a token: nothing if it takes the token, else JSON with a status. */
export function tokenRefusal(answer: Buffer): CredentialError | undefined {
  if (answer.length === 0) return undefined;
  let status = "";
  try {
    const found = (JSON.parse(answer.toString("utf8")) as { readonly status?: unknown }).status;
    if (typeof found === "string") status = `: ${found.slice(0, 200)}`;
  } catch {
    // A refusal without a reason.
  }
  return new CredentialError(
    `the brokers refuse the token of SASL/OAUTHBEARER${status}`,
    "CREDENTIALS_REFUSED",
  );
}
