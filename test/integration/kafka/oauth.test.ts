// Tokens of an issuer on a real broker that verifies them: who comes in, stays in beyond the end of a token, and is refused.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { javaAnswers } from "../../support/broker-java.js";
import type { TopicLayout } from "../../support/broker-client.js";
import { startOAuthBroker, type OAuthBroker } from "../../support/broker-oauth.js";
import { grant } from "../../support/broker-secure.js";
import { endChildren, type Child } from "../../support/child.js";
import { startIssuer, type Issuer } from "../../support/issuer.js";
import { startService, type Settings } from "../../support/service.js";
import { testedClient, testedProducers } from "../../support/tested-client.js";
import { committed } from "./deployment.js";
import { expectEnd } from "./refused.js";
import { rightsOf, type Topics } from "./rights.js";

const ready = await javaAnswers();
if (!ready) console.warn("SKIPPED: tests of tokens. Install Java 17 with Maven.");

const user = "forecaster";
const secret = "correct-horse-battery";
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
let issuer: Issuer;
let broker: OAuthBroker;
let stop = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  if (!ready) return;
  issuer = await startIssuer(user, () => secret);
  broker = await startOAuthBroker(issuer);
  stop = async () => {
    await broker.stop();
    await issuer.close();
  };
});
afterEach(async () => {
  if (!ready) return;
  await endChildren();
  Object.assign(issuer.behaviour, { seconds: 3600, forged: false });
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const topicsOf = (name: string): Topics => ({
  input: `${name}-readings`,
  forecasts: `${name}-forecasts`,
  deadLetters: `${name}-dead`,
  state: `${name}-state`,
});

async function createTopics(name: string): Promise<void> {
  const { state, ...others } = topicsOf(name);
  const plain = Object.values(others).map((topic) => [topic, {}] as const);
  const compacted = [state, { settings: { "cleanup.policy": "compact" } }] as const;
  await broker.open.createTopics(Object.fromEntries<TopicLayout>([...plain, compacted]));
  await broker.open.admin((admin) => grant(admin, user, rightsOf(name, topicsOf(name))));
}

const produce = (name: string, from: number, count: number): Promise<void> => {
  const messages = Array.from({ length: count }, (_, i) => ({ key: "a", value: `{"value":${from + i}}` }));
  return broker.open.produce(topicsOf(name).input, 0, messages);
};

type OAuth = NonNullable<NonNullable<NonNullable<Settings["kafka"]>["sasl"]>["oauth"]>;

function start(name: string, oauth: OAuth, kafka: Settings["kafka"] = {}): Child {
  const settings: Settings = {
    applicationId: name,
    topics: topicsOf(name),
    log: { level: "debug" },
    kafka: {
      ...testedClient,
      bootstrapServers: [broker.oauth.address],
      fetchMaxWaitMs: 50,
      sasl: { mechanism: "OAUTHBEARER", oauth },
      ...kafka,
    },
  };
  return startService(settings, { environment: { KAFKAJS_LOG_LEVEL: "debug" } });
}

const client = (): OAuth => ({ tokenEndpointUrl: issuer.tokenUrl, clientId: user, clientSecret: secret });

async function expectAllOnce(name: string, count: number): Promise<void> {
  const [forecasts] = await broker.open.readCommitted(topicsOf(name).forecasts, count);
  const values = forecasts!.map(({ value }) => (JSON.parse(value!.toString()) as { value: number }).value);
  expect(values).toEqual(Array.from({ length: count }, (_, i) => i));
}

describe.skipIf(!ready)("a service with client credentials", () => {
  test.each(testedProducers)(
    "commits beyond the end of its token, and tells neither secret nor token: %s",
    async (producerClient) => {
      const name = `long-lived-${producerClient}`;
      await createTopics(name);
      await produce(name, 0, 10);
      issuer.behaviour.seconds = 16;
      const before = issuer.tokens.length;
      const service = start(name, client(), { producerClient });
      let count = 10;
      await committed(service, 0, count);
      // The first session ends with its token; the client logs in again before, with the next token.
      const end = Date.now() + 2000 * issuer.behaviour.seconds;
      while (Date.now() < end) {
        await sleep(3000);
        await produce(name, count, 10);
        count += 10;
        await committed(service, 0, count);
      }
      expect(await service.end()).toBe(0);
      await expectAllOnce(name, count);
      expect(issuer.tokens.length - before).toBeGreaterThan(1);
      const told = [...service.out, ...service.err].join("\n");
      for (const hidden of [secret, ...issuer.tokens, Buffer.from(`${user}:${secret}`).toString("base64")])
        expect(told).not.toContain(hidden);
      expect(service.err.filter((line) => line.includes('"event":"restarting"'))).toEqual([]);
    },
    180_000,
  );

  test("comes in with the token of a file", async () => {
    await createTopics("file");
    await produce("file", 0, 10);
    const path = join(folder, "token");
    const sent = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: user,
      client_secret: secret,
    });
    await fetch(issuer.tokenUrl, { method: "POST", body: sent });
    writeFileSync(path, `${issuer.tokens.at(-1)!}\n`);
    const service = start("file", { tokenFile: path });
    await committed(service, 0, 10);
    expect(await service.end()).toBe(0);
    await expectAllOnce("file", 10);
  });

  test("whose secret is wrong ends with one error and no connection that is kept", async () => {
    await createTopics("wrong");
    const service = start("wrong", { ...client(), clientSecret: "incorrect-horse" });
    await expectEnd(service, "CREDENTIALS_REFUSED", /the token endpoint refuses the client: invalid_client/);
  });

  test.each(testedProducers)(
    "whose token the broker refuses ends with one error: %s",
    async (producerClient) => {
      const name = `forged-${producerClient}`;
      await createTopics(name);
      issuer.behaviour.forged = true;
      const before = broker.oauth.connections;
      const service = start(name, client(), { producerClient });
      await expectEnd(service, "CREDENTIALS_REFUSED", /the brokers refuse the token .*invalid_token/);
      expect(broker.oauth.connections).toBe(before + 1);
    },
  );

  test("waits while the token endpoint is away, and comes in when it is back", async () => {
    await createTopics("waiting");
    await produce("waiting", 0, 10);
    issuer.behaviour.answer = { status: 503, body: "" };
    const service = start("waiting", client());
    await service.line(/the token endpoint answers 503/);
    delete issuer.behaviour.answer;
    await committed(service, 0, 10);
    expect(await service.end()).toBe(0);
    await expectAllOnce("waiting", 10);
  });
});
