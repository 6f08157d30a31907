// Who may come in and who is turned away, on a real broker that asks for passwords, certificates and rights: whoever
// is refused ends at once with one error that says so.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { lastValueFrom } from "rxjs";
import { kafkaPorts } from "../../../src/adapters/kafka/index.js";
import type { KafkaOptions, ProducerKind } from "../../../src/adapters/kafka/options.js";
import { javaAnswers } from "../../support/broker-java.js";
import { defaultRetention, keptForEver } from "../../support/broker-client.js";
import { grant, revoke, startSecureBroker, type SecureBroker } from "../../support/broker-secure.js";
import { createAuthority } from "../../support/certificates.js";
import { endChildren, type Child } from "../../support/child.js";
import type { Relay } from "../../support/relay.js";
import { startService, type Settings, type StartOptions } from "../../support/service.js";
import { testedCases, testedClient } from "../../support/tested-client.js";
import { expectEnd } from "./refused.js";
import { application, lacking, needed, topics, without } from "./rights.js";

type Lack = keyof typeof lacking;
const userWithout = (what: Lack): string => `cannot-${what.replaceAll(" ", "-")}`;

const password = "correct-horse-battery";
const users = [
  "forecaster",
  "stranger",
  "unobserved",
  "revoked",
  ...(Object.keys(lacking) as Lack[]).map(userWithout),
];

const ready = await javaAnswers();
if (!ready) console.warn("SKIPPED: tests of a broker with security. Install Java 17 with Maven.");
let broker: SecureBroker;
let stop = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  if (!ready) return;
  broker = await startSecureBroker(Object.fromEntries(users.map((user) => [user, password])));
  const { open } = broker;
  stop = () => broker.stop();
  await open.createTopics({
    [topics.input]: {},
    [topics.forecasts]: {},
    [topics.deadLetters]: {},
    [topics.state]: { settings: { "cleanup.policy": "compact" } },
  });
  await open.admin(async (admin) => {
    for (const user of ["forecaster", "revoked"]) await grant(admin, user, needed);
    await grant(admin, "unobserved", without("topic", topics.state, "read settings").rights);
    for (const [what, { rights }] of Object.entries(lacking))
      await grant(admin, userWithout(what as Lack), rights);
  });
  await produce();
});
afterEach(endChildren);
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
let files = 0;
function file(content: string): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** An observation, and something that has to go to the dead letters. */
const produce = (): Promise<void> =>
  broker.open.produce(topics.input, 0, [
    { key: "a", value: '{"value":1}' },
    { key: "a", value: "no JSON" },
  ]);

type Kafka = NonNullable<Settings["kafka"]>;

function start(kafka: Kafka, options: StartOptions = {}): Child {
  const own = {
    applicationId: application,
    topics,
    snapshot: { everyEvents: 1 },
    log: { level: "debug" },
  } as const;
  return startService({ ...own, kafka: { ...testedClient, fetchMaxWaitMs: 50, ...kafka } }, options);
}

type Mechanism = NonNullable<Kafka["sasl"]>["mechanism"];

const sasl = (username: string, mechanism: Mechanism = "PLAIN"): Pick<Kafka, "sasl"> => ({
  sasl: { mechanism, username, password },
});

test.skipIf(!ready)("the secured broker keeps records for ever, as the test run's does", async () => {
  expect(await defaultRetention(broker.open)).toEqual(keptForEver);
});

describe.skipIf(!ready)("a service comes in and commits", () => {
  const ways: Record<string, () => Promise<Kafka> | Kafka> = {
    "with PLAIN": () => ({ bootstrapServers: [broker.sasl.address], ...sasl("forecaster") }),
    "with PLAIN over TLS": () => ({
      bootstrapServers: [broker.saslTls.address],
      ...sasl("forecaster"),
      tls: trusting(),
    }),
    "with SCRAM-SHA-256": () => ({
      bootstrapServers: [broker.sasl.address],
      ...sasl("forecaster", "SCRAM-SHA-256"),
    }),
    "with SCRAM-SHA-512": () => ({
      bootstrapServers: [broker.sasl.address],
      ...sasl("forecaster", "SCRAM-SHA-512"),
    }),
    "with SCRAM-SHA-512 over TLS": () => ({
      bootstrapServers: [broker.saslTls.address],
      ...sasl("forecaster", "SCRAM-SHA-512"),
      tls: trusting(),
    }),
    "with a certificate whose key has a passphrase": async () => ({
      bootstrapServers: [broker.mutualTls.address],
      tls: {
        ...trusting(),
        ...(await broker.authority.issue("forecaster", { passphrase: password })),
        passphrase: password,
      },
    }),
    "with a certificate of files": async () => {
      const { cert, key } = await broker.authority.issue("forecaster");
      return {
        bootstrapServers: [broker.mutualTls.address],
        tls: { enabled: true, ca: file(broker.authority.cert), cert: file(cert), key: file(key) },
      };
    },
    "with the password of a file": () => ({
      bootstrapServers: [broker.sasl.address],
      sasl: { mechanism: "SCRAM-SHA-512", username: "forecaster", passwordFile: file(`${password}\n`) },
    }),
  };
  const cases: readonly [keyof typeof ways, ProducerKind][] = [
    ["with PLAIN", "kafkajs"],
    ["with PLAIN over TLS", "platformatic"],
    ["with SCRAM-SHA-256", "kafkajs"],
    ["with SCRAM-SHA-256", "platformatic"],
    ["with SCRAM-SHA-512", "platformatic"],
    ["with SCRAM-SHA-512 over TLS", "kafkajs"],
    ["with a certificate whose key has a passphrase", "kafkajs"],
    ["with a certificate whose key has a passphrase", "platformatic"],
    ["with a certificate of files", "kafkajs"],
    ["with a certificate of files", "platformatic"],
    ["with the password of a file", "platformatic"],
  ];

  test.each(testedCases(cases))("%s, written by %s", async (way, producer) => {
    await produce();
    const service = start({ ...(await ways[way]!()), producerClient: producer });
    await service.line(/"event":"committed"/);
    expect(await service.end()).toBe(0);
  });

  test("without the right to read the state topic's settings, which it says", async () => {
    const service = start({ bootstrapServers: [broker.sasl.address], ...sasl("unobserved") });
    await service.line(/cannot check that topic state has cleanup.policy=compact/);
    await service.line(/"event":"live"/);
    expect(await service.end()).toBe(0);
  });
});

const trusting = (): { readonly enabled: true; readonly ca: string } => ({
  enabled: true,
  ca: broker.authority.cert,
});

const wrongPassword: Pick<Kafka, "sasl"> = {
  sasl: { mechanism: "PLAIN", username: "forecaster", password: "incorrect-horse" },
};

describe.skipIf(!ready)("one connection, and one error, is all that comes of", () => {
  async function onOneConnection(relay: Relay, use: (address: string) => Promise<void>): Promise<void> {
    const before = relay.connections;
    await use(relay.address);
    expect(relay.connections).toBe(before + 1);
  }

  const service = (target: Relay, kafka: Kafka, code: string, message: RegExp): Promise<void> =>
    onOneConnection(target, (address) =>
      expectEnd(start({ ...kafka, bootstrapServers: [address] }), code, message),
    );

  /** A program that uses the adapter, which costs no process. */
  const program = (
    target: Relay,
    kafka: Partial<KafkaOptions>,
    code: string,
    message: RegExp,
  ): Promise<void> =>
    onOneConnection(target, async (address) => {
      const { source } = kafkaPorts({
        ...testedClient,
        ...kafka,
        bootstrapServers: [address],
        applicationId: application,
        topics,
      });
      await expect(lastValueFrom(source.assignments)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      });
    });

  test("a wrong password of a service", async () => {
    await service(broker.sasl, wrongPassword, "CREDENTIALS_REFUSED", /uthentication failed/);
  });

  test.each(["scram-sha-256", "scram-sha-512"] as const)("a wrong password by %s", async (mechanism) => {
    const wrong = { mechanism, username: "forecaster", password: "incorrect-horse" };
    await program(broker.sasl, { sasl: wrong }, "CREDENTIALS_REFUSED", /uthentication failed/);
  });

  test("no certificate of a service where the broker wants one", async () => {
    await service(broker.mutualTls, { tls: trusting() }, "TLS_REFUSED", /the brokers end .*certificate/);
  });

  test("a certificate of an authority that the broker does not know", async () => {
    const foreign = await (await createAuthority("somebody else")).issue("forecaster");
    const ssl = { ca: broker.authority.cert, ...foreign };
    await program(broker.mutualTls, { tls: ssl }, "TLS_REFUSED", /the brokers end .*certificate/);
  });

  test("an expired certificate, which a service does not even show to the broker", async () => {
    const expired = await broker.authority.issue("forecaster", { expired: true });
    const ssl = { ca: broker.authority.cert, ...expired };
    await program(broker.mutualTls, { tls: ssl }, "TLS_REFUSED", /the brokers end .*certificate/);
    const refused = start({
      bootstrapServers: [broker.mutualTls.address],
      tls: { ...trusting(), ...expired },
    });
    expect(await refused.ended).toBe(2);
    expect(refused.err).toHaveLength(3);
    expect(refused.err[0]).toMatch(/^error SETTING_INVALID: kafka\.tls\.cert: the certificate expired on /);
  });

  test("a broker's certificate that has expired, shown to a service", async () => {
    await service(broker.expiredTls, { tls: trusting() }, "TLS_REFUSED", /certificate has expired/);
  });

  test("a broker's certificate of an authority that is not trusted", async () => {
    const ssl = { ca: (await createAuthority("somebody else")).cert };
    await program(broker.saslTls, { tls: ssl }, "TLS_REFUSED", /the brokers' certificate/);
  });

  test("a broker's certificate of another name", async () => {
    const ssl = { ca: broker.authority.cert, servername: "kafka.example" };
    await program(broker.saslTls, { tls: ssl }, "TLS_REFUSED", /kafka\.example/);
  });
});

describe.skipIf(!ready)("one error is all that comes of a user", () => {
  test("without any right, who is not told that the topics are missing", async () => {
    await expectEnd(
      start({ bootstrapServers: [broker.sasl.address], ...sasl("stranger") }),
      "ACCESS_DENIED",
      /topic readings/,
    );
  });

  test("whose password is wrong, of a service of two members", async () => {
    const members = start(
      { ...wrongPassword, bootstrapServers: [broker.sasl.address] },
      { args: ["--workers", "2"] },
    );
    await expectEnd(members, "CREDENTIALS_REFUSED", /uthentication failed/);
  });

  /** Who reads is kafkajs, unless all tests run on the whole second client. */
  const cases: readonly [Lack, ProducerKind][] = [
    ["to read the input", "kafkajs"],
    ["to read the state", "kafkajs"],
    ["to join the group", "kafkajs"],
    ["to write dead letters", "kafkajs"],
    ["to write the state", "platformatic"],
    ["to write forecasts", "kafkajs"],
    ["to write forecasts", "platformatic"],
    ["to use its transactional ids", "kafkajs"],
    ["to use its transactional ids", "platformatic"],
    ["to know of the group", "kafkajs"],
    ["to know of its transactional ids", "kafkajs"],
    ["to know of its transactional ids", "platformatic"],
  ];

  test.each(testedCases(cases))("without the right %s, written by %s", async (what, producer) => {
    await produce();
    const service = start({
      bootstrapServers: [broker.sasl.address],
      ...sasl(userWithout(what)),
      producerClient: producer,
    });
    const resource = lacking[what].lacks === "transactional id" ? "TRANSACTIONAL_ID" : lacking[what].lacks;
    await expectEnd(service, "ACCESS_DENIED", new RegExp(`${resource.toUpperCase()}_AUTHORIZATION_FAILED`));
  });

  test("who loses a right while the service runs", async () => {
    const service = start({ bootstrapServers: [broker.sasl.address], ...sasl("revoked") });
    await service.line(/"event":"live"/);
    await broker.open.admin((admin) => revoke(admin, "revoked", "topic", topics.forecasts));
    await produce();
    await expectEnd(service, "ACCESS_DENIED", /TOPIC_AUTHORIZATION_FAILED/);
  });
});
