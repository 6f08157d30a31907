import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { kafkaOptions } from "../../src/cli/shared/kafka-options.js";
import { configSchema } from "../../src/config/schema.js";
import type { z } from "zod";
import { createAuthority } from "../support/certificates.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

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
      producerClient: "platformatic",
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

  test("trusts the system's authorities where TLS is on and none are named", () => {
    expect(withTls({}).tls).toEqual({ rejectUnauthorized: true });
    expect(withTls({ rejectUnauthorized: false, servername: "kafka" }).tls).toEqual({
      rejectUnauthorized: false,
      servername: "kafka",
    });
  });

  test("takes PEM as text or from the file of that path", () => {
    const path = join(folder, "ca.pem");
    writeFileSync(path, certificate);
    expect(withTls({ ca: path }).tls).toEqual(withTls({ ca: certificate }).tls);
    expect(withTls({ ca: path }).tls).toMatchObject({ ca: certificate });
  });

  test("refuses a file that is not there or holds something else, and repeats nothing of the text", () => {
    expect(() => withTls({ ca: "MIICdgIBADANBg" })).toThrow(
      /^kafka\.tls\.ca: neither PEM text nor the path of a file that can be read \(ENOENT\)$/,
    );
    const path = join(folder, "other.pem");
    writeFileSync(path, "no certificate");
    expect(() => withTls({ ca: path })).toThrow(/^kafka\.tls\.ca: the file holds no PEM text$/);
  });

  test("refuses a key that the passphrase does not open, or that is not the certificate's", () => {
    const wrong = { cert: certificate, key: privateKey, passphrase: "open-barley" };
    expect(() => withTls(wrong)).toThrow(/^kafka\.tls: .* do not fit/);
    expect(() => withTls(wrong)).not.toThrow(/open-barley/);
    expect(() => withTls({ ...wrong, passphrase })).toThrow(/mismatch/);
  });

  test("refuses a certificate that has expired, and says when", async () => {
    const authority = await createAuthority("authority of the test");
    const outdated = await authority.issue("forecaster", { expired: true });
    expect(() => withTls(outdated)).toThrow(/^kafka\.tls\.cert: it has expired, on \d{4}-\d\d-\d\dT/);
    expect(withTls(await authority.issue("forecaster")).tls).toMatchObject({ rejectUnauthorized: true });
  });
});
