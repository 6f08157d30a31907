// The service as its operator sees it: started, stopped by signals, started again, tried beside a running one.
import type { KafkaMessage } from "kafkajs";
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { logged, startService, type Settings } from "../../support/service.js";
import { testedClient } from "../../support/tested-client.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";

afterEach(endChildren);

const document = ({ value }: KafkaMessage): Record<string, unknown> =>
  JSON.parse(value!.toString()) as Record<string, unknown>;

/** Everything on the brokers that a service changes. */
async function footprint({ applicationId, topics }: Deployment): Promise<unknown> {
  const { forecasts, deadLetters, state, input } = topics;
  return await broker.admin(async (admin) => ({
    topics: await Promise.all(
      [input, forecasts, deadLetters, state].map((topic) => admin.fetchTopicOffsets(topic)),
    ),
    offsets: await admin.fetchOffsets({ groupId: applicationId, topics: [input] }),
    groups: (await admin.listGroups()).groups
      .map(({ groupId }) => groupId)
      .filter((id) => id.startsWith(applicationId)),
  }));
}

describeWithBroker("the command run", () => {
  test("forecasts each record, with its key, headers and time, and tells what became of bad ones", async () => {
    const settings = await deployment(2);
    await produce(settings, 0, 50);
    await broker.produce(settings.topics.input, 1, [{ key: "bad", value: "no JSON" }]);
    await produce(settings, 1, 20);
    const service = startService(settings);
    await Promise.all([committed(service, 0, 50), committed(service, 1, 21)]);
    expect(await service.end()).toBe(0);
    expect(service.out).toEqual([]);

    const [first, second] = await broker.readCommitted(settings.topics.forecasts, 70);
    const [input] = await broker.readCommitted(settings.topics.input);
    expect(second).toHaveLength(20);
    const named = { "undercurrent-application": Buffer.from(settings.applicationId) };
    expect(first!.map(({ key, headers, timestamp }) => ({ key, headers, timestamp }))).toEqual(
      input!.map(({ key, headers, timestamp }) => ({ key, headers: { ...headers, ...named }, timestamp })),
    );
    expect(first!.map((message) => document(message)["value"])).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    const dead = (await broker.readCommitted(settings.topics.deadLetters, 1)).flat();
    expect(dead.map(({ value }) => value!.toString())).toEqual(["no JSON"]);
    expect(logged(service, "rejected")[0]).toMatchObject({
      level: "warn",
      msg: expect.stringMatching(/RECORD_UNREADABLE/) as string,
    });
    expect(logged(service, "stopped")).toMatchObject([
      { forecasts: 70, rejections: { RECORD_UNREADABLE: 1 } },
    ]);
  }, 60_000);

  test("commits a snapshot at SIGTERM, and goes on from it without a replay", async () => {
    const settings = await deployment(1);
    await produce(settings, 0, 40);
    const first = startService(settings);
    await committed(first, 0, 40);
    expect(await first.end("SIGTERM")).toBe(0);
    expect(logged(first, "committed").at(-1)).toMatchObject({ offset: 40, snapshot: { records: 4 } });
    expect(logged(first, "released")).toMatchObject([{ because: "stopped" }]);

    await produce(settings, 0, 10, 40);
    const second = startService(settings);
    await committed(second, 0, 50);
    expect(await second.end("SIGINT")).toBe(0);
    expect(logged(second, "taken-over")).toMatchObject([{ plan: "resume", keys: 3, from: 40, liveFrom: 40 }]);
    expect(logged(second, "live")).toMatchObject([{ replayed: 0 }]);
    const [forecasts] = await broker.readCommitted(settings.topics.forecasts, 50);
    expect(forecasts!.map((message) => document(message)["value"])).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
  }, 60_000);

  test("replays what came after the snapshot where it was killed, and repeats no forecast", async () => {
    const settings = await deployment(1);
    await produce(settings, 0, 40);
    const killed = startService(settings);
    await committed(killed, 0, 40);
    await killed.end("SIGKILL");
    await produce(settings, 0, 10, 40);
    const next = startService(settings);
    await committed(next, 0, 50);
    expect(await next.end()).toBe(0);
    expect(logged(next, "live")).toMatchObject([{ replayed: 40 }]);
    const [forecasts] = await broker.readCommitted(settings.topics.forecasts, 50);
    expect(forecasts!.map((message) => document(message)["value"])).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
  }, 60_000);

  test("as a dry run prints what it would forecast, writes nothing, and leaves a running service alone", async () => {
    const settings = await deployment(2);
    await produce(settings, 0, 50);
    await produce(settings, 1, 20);
    const service = startService(settings);
    await Promise.all([committed(service, 0, 50), committed(service, 1, 20)]);
    const forecasts = await broker.readCommitted(settings.topics.forecasts, 70);
    const before = await footprint(settings);

    const trial = startService(settings, { args: ["--dry-run"] });
    expect(await trial.ended).toBe(0);
    expect([...trial.out].sort()).toEqual(
      forecasts
        .flat()
        .map(({ value }) => value!.toString())
        .sort(),
    );
    expect(await footprint(settings)).toEqual(before);

    // Had it been fenced, the service would have had to begin anew.
    await produce(settings, 0, 5, 50);
    await committed(service, 0, 55);
    expect(logged(service, "restarting")).toEqual([]);
    expect(logged(service, "taken-over")).toHaveLength(2);
    expect(await service.end()).toBe(0);
  }, 60_000);

  test("as a dry run comes to the end of a topic that was written in transactions", async () => {
    const settings = await deployment(2);
    await produce(settings, 0, 50);
    const service = startService(settings);
    await committed(service, 0, 50);
    expect(await service.end()).toBe(0);
    // The last offset of a transaction is that of a control record, which no reader is given.
    const trial = startService(
      {
        kafka: { ...testedClient, bootstrapServers: broker.brokers.slice() },
        topics: { input: settings.topics.forecasts },
      },
      { args: ["--dry-run"] },
    );
    expect(await trial.ended).toBe(0);
    expect(trial.out).toHaveLength(50);
  }, 60_000);

  test("as a dry run needs no topic but its input", async () => {
    const input = broker.name("input");
    await broker.createTopic(input);
    await broker.produce(input, 0, [{ key: "a", value: '{"value":1}' }]);
    const settings: Settings = {
      kafka: { ...testedClient, bootstrapServers: broker.brokers.slice() },
      topics: { input },
    };
    const trial = startService(settings, { args: ["--dry-run"] });
    expect(await trial.ended).toBe(0);
    expect(trial.out.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ key: "a", value: 1 }]);

    const service = startService({ ...settings, topics: { input, forecasts: broker.name("missing") } });
    expect(await service.ended).toBe(2);
    expect(service.err.at(-3)).toMatch(/^error TOPIC_MISSING: /);
  }, 60_000);

  test("serves its metrics where it is told to", async () => {
    const settings = await deployment(2, { server: { enabled: true, port: 0 } });
    await produce(settings, 0, 50);
    await produce(settings, 1, 20);
    const service = startService(settings);
    await Promise.all([committed(service, 0, 50), committed(service, 1, 20)]);
    const { url } = logged(service, "serving")[0] as { url: string };
    const metrics = await (await fetch(`${url}metrics`)).text();
    expect(metrics).toMatch(/^undercurrent_events_total 70$/m);
    expect(metrics).toMatch(/^undercurrent_keys 6$/m);
    expect(await service.end()).toBe(0);
  }, 60_000);

  test("tells no secret where the brokers refuse its user", async () => {
    const secret = "correct-horse-battery";
    const kafka = {
      ...testedClient,
      bootstrapServers: broker.brokers.slice(),
      sasl: { mechanism: "PLAIN", username: "pumps", password: "${PASSWORD}" },
    } as const;
    const settings = await deployment(1, { kafka });
    const service = startService(settings, { environment: { PASSWORD: secret } });
    expect(await service.ended).toBe(6);
    expect(service.err.at(-3)).toMatch(/^error CREDENTIALS_REFUSED: /);
    expect(service.err.join("\n")).not.toContain(secret);
  }, 120_000);
});
