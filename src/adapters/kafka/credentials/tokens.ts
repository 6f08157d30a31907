/** Keeps a bearer token until shortly before its end, so that brokers always get one that outlives the next login. */
import type { SASLOptions } from "kafkajs";
import type { GivenToken } from "../kafkajs/oauth-bearer.js";
import { CredentialError } from "../kafkajs/refusals.js";

/** A token for SASL/OAUTHBEARER. */
export interface BearerToken {
  readonly value: string;
  /** Epoch milliseconds after which the token is not valid. */
  readonly expiresAt: number;
}

/** The options of the clients for SASL/OAUTHBEARER. */
export type BearerOptions = Extract<SASLOptions, { readonly mechanism: "oauthbearer" }>;

/** Time before the end of a session at which kafkajs logs in again, in milliseconds. @platformatic/kafka does at 80 %. */
const reauthenticationMs = 10_000;
/** A token that ends sooner would begin a session in which kafkajs logs in again before each request. */
const shortestUseMs = reauthenticationMs + 5000;

/**
 * Returns a function that gives a token. The token is kept for three quarters of its life, and at least until 15 s before its
 * end. Concurrent callers share one request. A token that is still good is used while no new one is to be had.
 *
 * @param fetch Gets a new token.
 * @param now The clock, epoch milliseconds.
 */
export function cachedToken(fetch: () => Promise<BearerToken>, now = Date.now): () => Promise<BearerToken> {
  let token: BearerToken | undefined;
  let fetchedAt = 0;
  let pending: Promise<BearerToken> | undefined;
  const renew = async (): Promise<BearerToken> => {
    const at = now();
    token = await fetch();
    fetchedAt = at;
    return token;
  };
  return async () => {
    if (token !== undefined) {
      const life = token.expiresAt - fetchedAt;
      // A token of a few seconds is of use for a quarter of them.
      const shortest = Math.min(shortestUseMs, 0.75 * life);
      const left = token.expiresAt - now();
      if (left > Math.max(0.25 * life, shortest)) return token;
      if (left > shortest) {
        const usable = token;
        pending ??= renew().finally(() => (pending = undefined));
        return await pending.catch((error: unknown) => {
          if (error instanceof CredentialError && error.retriable) return usable;
          throw error;
        });
      }
    }
    pending ??= renew().finally(() => (pending = undefined));
    return await pending;
  };
}

/** Returns the clients' options for a source of tokens. */
export function bearerOptions(
  token: () => Promise<BearerToken>,
  extensions?: Readonly<Record<string, string>>,
): BearerOptions {
  return {
    mechanism: "oauthbearer",
    oauthBearerProvider: async (): Promise<GivenToken> => {
      const { value } = await token();
      return extensions === undefined ? { value } : { value, extensions };
    },
  };
}

/** Returns the end of a JSON Web Token, epoch milliseconds; undefined if the token says none. */
export function endOfJwt(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const { exp } = claims as { readonly exp?: unknown };
    return typeof exp === "number" && Number.isFinite(exp) ? 1000 * exp : undefined;
  } catch {
    return undefined;
  }
}
