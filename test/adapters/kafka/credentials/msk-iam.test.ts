// The token for Amazon MSK, against the signature computed by hand after AWS Signature Version 4.
import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSigner, mskIamSasl } from "../../../../src/adapters/kafka/credentials/msk-iam.js";
import { CredentialError } from "../../../../src/adapters/kafka/kafkajs/refusals.js";

const credentials = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_SESSION_TOKEN: "session-token",
};
const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, credentials, { AWS_EC2_METADATA_DISABLED: "true" });
});
afterAll(() => {
  process.env = before;
});

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** The signature of a presigned request, after the reference of AWS Signature Version 4. */
function signatureOf(url: URL, secret: string): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature" && name !== "User-Agent")
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .sort()
    .join("&");
  const emptyHash = createHash("sha256").update("").digest("hex");
  const request = ["GET", "/", query, `host:${url.host}\n`, "host", emptyHash].join("\n");
  const [, date, region, service, end] = url.searchParams.get("X-Amz-Credential")!.split("/");
  const scope = [date, region, service, end].join("/");
  const hash = createHash("sha256").update(request).digest("hex");
  const text = ["AWS4-HMAC-SHA256", url.searchParams.get("X-Amz-Date"), scope, hash].join("\n");
  const key = [date, region, service, end].reduce<string | Buffer>(
    (k, part) => hmac(k, part!),
    `AWS4${secret}`,
  );
  return hmac(key, text).toString("hex");
}

test("a token is a signed request to connect, and the same one until it is due for another", async () => {
  const sasl = mskIamSasl({ region: "eu-west-1" });
  const { value } = await sasl.oauthBearerProvider();
  const url = new URL(Buffer.from(value, "base64url").toString("utf8"));
  expect(url.host).toBe("kafka.eu-west-1.amazonaws.com");
  expect(url.searchParams.get("Action")).toBe("kafka-cluster:Connect");
  expect(url.searchParams.get("X-Amz-Expires")).toBe("900");
  expect(url.searchParams.get("X-Amz-Signature")).toBe(signatureOf(url, credentials.AWS_SECRET_ACCESS_KEY));
  expect((await sasl.oauthBearerProvider()).value).toBe(value);
});

test("no credentials are one error, which nobody retries", async () => {
  const sasl = mskIamSasl({ region: "eu-west-1", profile: "nobody" });
  const error: unknown = await sasl.oauthBearerProvider().catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(CredentialError);
  expect(error).toMatchObject({ retriable: false, refusal: "CREDENTIALS_REFUSED" });
  expect((error as Error).message).toMatch(/^AWS gives no credentials to sign with \(/);
});

test("the error without the package says what to install", () => {
  const nothing = (): never => {
    throw new Error("Cannot find module");
  };
  expect(() => findSigner(nothing)).toThrow(
    expect.objectContaining({
      code: "SASL_SIGNER_MISSING",
      action: expect.stringContaining("npm install aws-msk-iam-sasl-signer-js") as string,
    }),
  );
  findSigner();
});
