import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { kafkaOptions } from "../../../src/cli/shared/kafka-options.js";
import { configSchema } from "../../../src/config/schema.js";
import type { z } from "zod";
import { createAuthority } from "../../support/certificates.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

type SaslInput = NonNullable<NonNullable<z.input<typeof configSchema>["kafka"]>["sasl"]>;
type Options = ReturnType<typeof kafkaOptions>;
const options = (settings: z.input<typeof configSchema>): Options =>
  kafkaOptions(configSchema.parse(settings));
const withTls = (tls: object): Options => options({ kafka: { tls: { enabled: true, ...tls } } });

// A key of another type than the certificate's would not be held against it.
const certificate = rootCertificates.find(
  (each) => new X509Certificate(each).publicKey.asymmetricKeyType === "rsa",
)!;
const passphrase = "open-sesame";
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase },
});

describe("the configuration as options of the Kafka adapter", () => {
  test("hands every setting on, and the log", () => {
    const log = (): void => undefined;
    const kafka = {
      clientId: "pumps-7",
      client: "platformatic",
      producerClient: "platformatic",
      groupProtocol: "consumer",
      groupInstanceId: "pump-1",
      compressionType: "lz4",
      maxBatchBytes: 1024,
      maxPartitionFetchBytes: 2048,
      maxUnpackedBatchBytes: 2_097_152,
      fetchMaxWaitMs: 20,
      sessionTimeoutMs: 7000,
      rebalanceTimeoutMs: 8000,
      transactionTimeoutMs: 9000,
      restoreStallMs: 10_000,
      maxConcurrentTakeovers: 5,
    } as const;
    const topics = { input: "in", forecasts: "out", deadLetters: "dead", state: "state" };
    const config = configSchema.parse({
      applicationId: "pumps",
      kafka: { bootstrapServers: ["a:1,b:2", "c:3"], ...kafka },
      topics,
    });
    expect(kafkaOptions(config, log)).toEqual({
      applicationId: "pumps",
      bootstrapServers: ["a:1", "b:2", "c:3"],
      topics,
      log,
      ...kafka,
    });
  });

  test.each([
    ["PLAIN", "plain"],
    ["SCRAM-SHA-256", "scram-sha-256"],
    ["SCRAM-SHA-512", "scram-sha-512"],
  ] as const)("sends user and password by %s", (mechanism, name) => {
    const user = { username: "u", password: "p" };
    expect(options({ kafka: { sasl: { mechanism, ...user } } }).sasl).toEqual({ mechanism: name, ...user });
  });

  test("reads the password of a file at each login, and tells of a change that cannot be used", () => {
    const path = join(folder, "password");
    writeFileSync(path, "first\n");
    const sasl = { mechanism: "PLAIN", username: "u", passwordFile: path } as const;
    const entries: object[] = [];
    const config = configSchema.parse({ kafka: { sasl } });
    const made = kafkaOptions(config, (entry) => entries.push(entry)).sasl!;
    expect(made).toMatchObject({ mechanism: "plain", username: "u", password: "first" });
    writeFileSync(path, "second");
    expect(made).toMatchObject({ password: "second" });
    writeFileSync(path, "");
    expect(made).toMatchObject({ password: "second" });
    expect(entries).toMatchObject([
      { level: "info", fields: { section: "kafka.sasl" } },
      { level: "warn", message: expect.stringContaining("the file is empty") as string },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/first|second/);
    expect(() => options({ kafka: { sasl: { ...sasl, passwordFile: join(folder, "none") } } })).toThrow(
      /^kafka\.sasl\.passwordFile: cannot read the file \(ENOENT\)$/,
    );
  });

  test("gets tokens of an endpoint, of a file or of AWS for the mechanisms that want them", async () => {
    const path = join(folder, "token");
    writeFileSync(path, "token-of-a-file");
    const tokenOf = (sasl: SaslInput): Promise<unknown> => {
      const made = options({ kafka: { sasl } }).sasl!;
      if (made.mechanism !== "oauthbearer") throw new Error(made.mechanism);
      return made.oauthBearerProvider();
    };
    const extensions = { logicalCluster: "lkc-1" };
    const oauth = { tokenFile: path, extensions };
    expect(await tokenOf({ mechanism: "OAUTHBEARER", oauth })).toEqual({
      value: "token-of-a-file",
      extensions,
    });
    const endpoint = { tokenEndpointUrl: "http://127.0.0.1:1/token", clientId: "c", clientSecret: "s" };
    await expect(tokenOf({ mechanism: "OAUTHBEARER", oauth: endpoint })).rejects.toThrow(/cannot be reached/);
    const aws = { region: "eu-west-1", profile: "nobody" };
    await expect(tokenOf({ mechanism: "AWS_MSK_IAM", aws })).rejects.toThrow(/^AWS gives no credentials/);
  });

  test("trusts the system's authorities where TLS is on and none are named", () => {
    expect(withTls({}).tls).toEqual({ rejectUnauthorized: true });
    expect(withTls({ rejectUnauthorized: false, servername: "kafka" }).tls).toEqual({
      rejectUnauthorized: false,
      servername: "kafka",
    });
  });

  test("takes PEM as text, or a context from the file of that path for each connection", () => {
    const path = join(folder, "ca.pem");
    writeFileSync(path, certificate);
    expect(withTls({ ca: certificate }).tls).toEqual({ ca: certificate, rejectUnauthorized: true });
    expect(withTls({ ca: path }).tls).toMatchObject({
      rejectUnauthorized: true,
      secureContext: expect.any(Object) as object,
    });
  });

  test("refuses a file that is not there or holds something else, and repeats nothing of the text", () => {
    expect(() => withTls({ ca: "MIICdgIBADANBg" })).toThrow(
      /^kafka\.tls\.ca: neither PEM text nor the path of a readable file \(ENOENT\)$/,
    );
    const path = join(folder, "other.pem");
    writeFileSync(path, "no certificate");
    expect(() => withTls({ ca: path })).toThrow(/^kafka\.tls\.ca: the file holds no PEM text$/);
  });

  test("refuses a key that the passphrase does not open, or that is not the certificate's", () => {
    const wrong = { cert: certificate, key: privateKey, passphrase: "open-barley" };
    expect(() => withTls(wrong)).toThrow(/^kafka\.tls: .* do not match/);
    expect(() => withTls(wrong)).not.toThrow(/open-barley/);
    expect(() => withTls({ ...wrong, passphrase })).toThrow(/mismatch/);
  });

  test("refuses a certificate that has expired, and says when", async () => {
    const authority = await createAuthority("authority of the test");
    const outdated = await authority.issue("forecaster", { expired: true });
    expect(() => withTls(outdated)).toThrow(/^kafka\.tls\.cert: the certificate expired on \d{4}-\d\d-\d\dT/);
    expect(withTls(await authority.issue("forecaster")).tls).toMatchObject({ rejectUnauthorized: true });
  });
});
