// Client credentials against an issuer on the loopback: what is sent, and what comes of each answer.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  oauthSasl,
  tokenFileSasl,
  type OAuthOptions,
} from "../../../../src/adapters/kafka/credentials/oauth.js";
import { brokerError, isRetriable } from "../../../../src/adapters/kafka/errors.js";
import type { UndercurrentError } from "../../../../src/errors/errors.js";
import { freePort } from "../../../support/broker-parts.js";
import { startIssuer, type Behaviour, type Issuer } from "../../../support/issuer.js";

const secret = "correct: horse/battery";
let issuer: Issuer;
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
beforeAll(async () => {
  issuer = await startIssuer("forecaster", () => secret);
});
afterEach(() => {
  delete issuer.behaviour.answer;
});
afterAll(async () => {
  await issuer.close();
  rmSync(folder, { recursive: true });
});

const options = (others: Partial<OAuthOptions> = {}): OAuthOptions => ({
  tokenEndpointUrl: issuer.tokenUrl,
  clientId: "forecaster",
  clientSecret: secret,
  ...others,
});

/** The error that a commit or a connection fails with where there is no token. */
async function errorOf(others: Partial<OAuthOptions> = {}): Promise<UndercurrentError> {
  const failure: unknown = await oauthSasl(options(others))
    .oauthBearerProvider()
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return brokerError(Object.assign(new Error("the client gave up"), { cause: failure }), "the brokers");
}

describe("a token of a token endpoint", () => {
  test.each(["basic", "post"] as const)(
    "is had with the secret sent by %s, scope and parameters",
    async (way) => {
      const sasl = oauthSasl(
        options({ clientAuthentication: way, scope: "a b", parameters: { audience: "kafka" } }),
      );
      const { value } = await sasl.oauthBearerProvider();
      expect(value).toBe(issuer.tokens.at(-1));
      const { authorization, body } = issuer.requests.at(-1)!;
      expect(Object.fromEntries(body)).toMatchObject({
        grant_type: "client_credentials",
        scope: "a b",
        audience: "kafka",
      });
      expect(authorization !== undefined).toBe(way === "basic");
      const before = issuer.requests.length;
      expect((await sasl.oauthBearerProvider()).value).toBe(value);
      expect(issuer.requests).toHaveLength(before);
    },
  );

  test("is asked for with the secret of that moment", async () => {
    let current = "outdated";
    const sasl = oauthSasl(options({ clientSecret: () => current }));
    await expect(sasl.oauthBearerProvider()).rejects.toThrow("invalid_client");
    current = secret;
    const { value } = await sasl.oauthBearerProvider();
    expect(value).toBe(issuer.tokens.at(-1));
  });

  const html = { "content-type": "text/html" };
  const refusals: Record<string, readonly [Behaviour["answer"], RegExp]> = {
    "an error of the client": [{ status: 400, body: '{"error":"invalid_scope"}' }, /invalid_scope \(400\)/],
    "a challenge": [
      { status: 401, body: "", headers: { "www-authenticate": "Basic" } },
      /refuses the client \(401\)/,
    ],
    "a page": [{ status: 200, body: "<html>", headers: html }, /something else than a token/],
    "a path that is not there": [
      { status: 404, body: "<html>", headers: html },
      /something else than a token \(404\)/,
    ],
    "a redirection": [
      { status: 302, body: "", headers: { location: "/login" } },
      /something else than a token/,
    ],
    "a token of another type": [
      { status: 200, body: '{"access_token":"x","token_type":"mac"}' },
      /something else than a token/,
    ],
  };
  test.each(Object.keys(refusals))(
    "is refused by %s, which is an error that nobody retries",
    async (what) => {
      const [answer, message] = refusals[what]!;
      issuer.behaviour.answer = answer!;
      const error = await errorOf();
      expect(error).toMatchObject({
        code: "CREDENTIALS_REFUSED",
        message: expect.stringMatching(message) as string,
      });
      expect(isRetriable(error)).toBe(false);
    },
  );

  test("is refused for a wrong secret, which no error repeats", async () => {
    const error = await errorOf({ clientSecret: "wrong" });
    expect(error.message).toContain("the token endpoint refuses the client: invalid_client (401)");
    expect(error.code).toBe("CREDENTIALS_REFUSED");
    for (let each: unknown = error; each instanceof Error; each = each.cause) {
      expect(String(each.stack)).not.toContain(secret);
      expect(String(each.stack)).not.toContain("wrong");
    }
  });

  test.each([500, 503, 429])("may be had later where the endpoint answers %i", async (status) => {
    issuer.behaviour.answer = { status, body: "<html>", headers: html };
    const error = await errorOf();
    expect(error.code).toBe("BROKER_UNREACHABLE");
    expect(error.message).toContain(`the token endpoint answers ${status}`);
    expect(isRetriable(error)).toBe(true);
  });

  test("may be had later where the endpoint does not answer", async () => {
    const error = await errorOf({ tokenEndpointUrl: `http://127.0.0.1:${await freePort()}/token` });
    expect(error.message).toContain("the token endpoint cannot be reached (ECONNREFUSED)");
    expect(isRetriable(error)).toBe(true);
  });
});

describe("a token of a file", () => {
  test("is the one that the file holds at each login", async () => {
    const path = join(folder, "token");
    writeFileSync(path, "first\n");
    const sasl = tokenFileSasl(path, { extensions: { cluster: "c" } });
    expect(await sasl.oauthBearerProvider()).toEqual({ value: "first", extensions: { cluster: "c" } });
    writeFileSync(path, "another");
    expect(await sasl.oauthBearerProvider()).toMatchObject({ value: "another" });
  });

  test("is missing at the start, which is an error that names the setting", () => {
    expect(() => tokenFileSasl(join(folder, "nothing"))).toThrow(
      /^sasl\.oauth\.tokenFile: cannot read the file \(ENOENT\)$/,
    );
    writeFileSync(join(folder, "empty"), "\n");
    expect(() => tokenFileSasl(join(folder, "empty"))).toThrow(/the file is empty/);
  });
});
