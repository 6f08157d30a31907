// What lets a service in goes bad while it runs: it ends with one error that says so, storms nobody with attempts, and goes
// on exactly once when it is let in again.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProducerKind } from "../../../src/adapters/kafka/options.js";
import { javaAnswers } from "../../support/broker-java.js";
import {
  grant,
  revoke,
  startSecureBroker,
  type Right,
  type SecureBroker,
} from "../../support/broker-secure.js";
import { endChildren, type Child } from "../../support/child.js";
import type { Relay } from "../../support/relay.js";
import { changePassword, deleteUser } from "../../support/scram.js";
import { startService, type Settings } from "../../support/service.js";
import { testedClient, testedProducers } from "../../support/tested-client.js";
import { committed } from "./deployment.js";
import { expectEnd } from "./refused.js";
import { rightsOf, type Topics } from "./rights.js";

const ready = await javaAnswers();
if (!ready) console.warn("SKIPPED: tests of credentials that go bad. Install Java 17 with Maven.");
let broker: SecureBroker;
let stop = (): Promise<void> => Promise.resolve();

type Kafka = NonNullable<Settings["kafka"]>;
const password = "correct-horse-battery";
/** Records before what lets a service in goes bad, as many after, and as many before it is let in again. */
const third = 20;
/** Seconds for which the first certificates are good: the other tests take their time meanwhile. */
const validity = 20;
/** Milliseconds of a session: kafkajs proves the password anew ten seconds before its end, and brokers refuse that within one. */
const sessionMs = 11_500;

const open = (): string => broker.open.brokers[0]!;
const withPassword = (user: string): Kafka => ({
  bootstrapServers: [broker.sasl.address],
  sasl: { mechanism: "SCRAM-SHA-512", username: user, password },
});
const withCertificate = async (user: string, seconds?: number): Promise<Kafka> => ({
  bootstrapServers: [broker.mutualTls.address],
  tls: { enabled: true, ca: broker.authority.cert, ...(await broker.authority.issue(user, { seconds })) },
});
const topicsOf = (user: string): Topics => ({
  input: `${user}-readings`,
  forecasts: `${user}-forecasts`,
  deadLetters: `${user}-dead`,
  state: `${user}-state`,
});
const rights = (user: string): readonly Right[] => rightsOf(user, topicsOf(user));

/** What goes bad, and how it is mended. */
interface Lapse {
  readonly relay: () => Relay;
  readonly kafka: (user: string) => Kafka;
  readonly lapse: (user: string) => Promise<void>;
  readonly mend: (user: string) => Promise<void>;
  readonly error: readonly [code: string, message: RegExp];
}

const lost = (on: Right["on"], name: (user: string) => string): Lapse => ({
  relay: () => broker.sasl,
  kafka: withPassword,
  lapse: (user) => broker.open.admin((admin) => revoke(admin, user, on, name(user))),
  mend: (user) => broker.open.admin((admin) => grant(admin, user, rights(user))),
  error: ["ACCESS_DENIED", /AUTHORIZATION_FAILED/],
});

const lapses = {
  "a password that is changed, once the connections are cut": {
    relay: () => broker.sasl,
    kafka: withPassword,
    lapse: async (user) => {
      await changePassword(open(), user, "another");
      broker.sasl.cut();
    },
    mend: (user) => changePassword(open(), user, password),
    error: ["CREDENTIALS_REFUSED", /uthentication failed/],
  },
  "a user who is deleted, once the session ends": {
    relay: () => broker.saslTls,
    kafka: (user) => ({
      ...withPassword(user),
      bootstrapServers: [broker.saslTls.address],
      tls: { enabled: true, ca: broker.authority.cert },
    }),
    lapse: (user) => deleteUser(open(), user),
    mend: (user) => changePassword(open(), user, password),
    error: ["CREDENTIALS_REFUSED", /uthentication failed/],
  },
  "the right to read the input": lost("topic", (user) => topicsOf(user).input),
  "the right to be in the group": lost("group", (user) => user),
  "the right to write forecasts": lost("topic", (user) => topicsOf(user).forecasts),
  "the right to its transactional ids": lost("transactional id", (user) => `${user}-`),
} satisfies Record<string, Lapse>;

type Case = readonly [what: keyof typeof lapses, producer: ProducerKind, user: string];
const allCases: readonly Case[] = [
  ["a password that is changed, once the connections are cut", "kafkajs", "renamed-1"],
  ["a password that is changed, once the connections are cut", "platformatic", "renamed-2"],
  ["a user who is deleted, once the session ends", "kafkajs", "deleted"],
  ["the right to read the input", "kafkajs", "reader"],
  ["the right to be in the group", "kafkajs", "member"],
  ["the right to write forecasts", "platformatic", "writer-1"],
  ["the right to its transactional ids", "kafkajs", "writer-2"],
];
const cases = allCases.map(([what, producer, user]): Case => {
  const tested = testedProducers.includes(producer) ? producer : testedProducers[0]!;
  return [what, tested, user];
});
/** Each part of a client tries once: the second one's reader has connections of its own. */
const mostConnections = testedClient.client === "platformatic" ? 5 : 4;
/** Users by the client that writes for them. */
const certified = { kafkajs: "certified-1", platformatic: "certified-2" } as const;
/** Epoch milliseconds at which the last of the certificates ends. */
let runOut = 0;
const certificates: Partial<Record<ProducerKind, Child>> = {};

beforeAll(async () => {
  if (!ready) return;
  const users = [...cases.map(([, , user]) => user), ...Object.values(certified)];
  const accounts = Object.fromEntries(users.map((user) => [user, password]));
  broker = await startSecureBroker(accounts, { sessionMs });
  stop = () => broker.stop();
  const layouts = users.flatMap((user) => {
    const { state, ...others } = topicsOf(user);
    const plain = Object.values(others).map((topic) => [topic, {}] as const);
    return [...plain, [state, { settings: { "cleanup.policy": "compact" } }] as const];
  });
  await broker.open.createTopics(Object.fromEntries(layouts));
  await broker.open.admin(async (admin) => {
    for (const user of users) await grant(admin, user, rights(user));
  });
});
afterAll(async () => {
  await endChildren();
  await stop();
});

async function produce(user: string, from: number): Promise<void> {
  const messages = Array.from({ length: third }, (_, i) => ({ key: "a", value: `{"value":${from + i}}` }));
  await broker.open.produce(topicsOf(user).input, 0, messages);
}

function start(user: string, producer: ProducerKind, kafka: Kafka): Child {
  return startService({
    applicationId: user,
    topics: topicsOf(user),
    log: { level: "debug" },
    kafka: {
      ...testedClient,
      fetchMaxWaitMs: 50,
      sessionTimeoutMs: 6000,
      ...kafka,
      producerClient: producer,
    },
  });
}

async function expectAllOnce(user: string, producer: ProducerKind, kafka: Kafka): Promise<void> {
  await produce(user, 2 * third);
  const again = start(user, producer, kafka);
  await committed(again, 0, 3 * third);
  expect(await again.end()).toBe(0);
  const [forecasts] = await broker.open.readCommitted(topicsOf(user).forecasts, 3 * third);
  const values = forecasts!.map(({ value }) => (JSON.parse(value!.toString()) as { value: number }).value);
  expect(values).toEqual(Array.from({ length: 3 * third }, (_, i) => i));
}

describe.skipIf(!ready)(
  "what lets a service in goes bad while it runs, and ends it at once",
  () => {
    test("certificates that will run out begin", async () => {
      for (const producer of testedProducers) {
        const user = certified[producer];
        await produce(user, 0);
        const service = start(user, producer, await withCertificate(user, validity));
        runOut = Date.now() + 1000 * validity;
        certificates[producer] = service;
        await committed(service, 0, third);
      }
    });

    test.each(cases)("%s, written by %s", async (what, producer, user) => {
      const { relay, kafka, lapse, error }: Lapse = lapses[what];
      await produce(user, 0);
      const service = start(user, producer, kafka(user));
      await committed(service, 0, third);
      const before = relay().connections;
      await lapse(user);
      await produce(user, third);
      await expectEnd(service, ...error);
      expect(relay().connections - before).toBeLessThan(mostConnections);
    });

    test("certificates that ran out, once the connections are cut", async () => {
      await sleep(Math.max(0, runOut - Date.now()));
      const before = broker.mutualTls.connections;
      broker.mutualTls.cut();
      for (const producer of testedProducers) {
        await produce(certified[producer], third);
        await expectEnd(certificates[producer]!, "TLS_REFUSED", /the brokers end .*certificate/);
      }
      expect(broker.mutualTls.connections - before).toBeLessThan(8);
    });

    test("let in again, each goes on exactly once", async () => {
      const users = cases.map(async ([what, producer, user]) => {
        const { kafka, mend }: Lapse = lapses[what];
        await mend(user);
        await expectAllOnce(user, producer, kafka(user));
      });
      const renewed = testedProducers.map(async (producer) => {
        const user = certified[producer];
        await expectAllOnce(user, producer, await withCertificate(user));
      });
      await Promise.all([...users, ...renewed]);
    });
  },
  60_000,
);
