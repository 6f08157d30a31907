// Several input topics on a real broker: one model for each partition of each topic, by a list and by a pattern.
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { logged, startCommand, startService, type Settings } from "../../support/service.js";
import { testedClient } from "../../support/tested-client.js";

afterEach(endChildren);

const { decode } = loadConfig("examples/topics/several-topics.yaml", {}).settings;
const start = Date.UTC(2026, 2, 1, 10);

/** Readings of the keys 0 to 2; each topic has other values for the same keys. */
async function produce(topic: string, partition: number, count: number, from = 0): Promise<void> {
  await broker.produce(
    topic,
    partition,
    Array.from({ length: count }, (_, i) => ({
      key: `key-${(from + i) % 3}`,
      value: JSON.stringify({ celsius: topic.length + Math.sin((from + i) * topic.charCodeAt(0)) }),
      timestamp: start + 1000 * (from + i),
    })),
  );
}

const committed = (service: Child, topic: string, partition: number, offset: number): Promise<string> =>
  service.line(
    new RegExp(`"event":"committed","topic":"${topic}","partition":${partition},"offset":${offset},`),
  );

const settingsOf = (applicationId: string, input: unknown, outputs: string): Settings =>
  ({
    applicationId,
    kafka: {
      ...testedClient,
      bootstrapServers: broker.brokers.slice(),
      fetchMaxWaitMs: 50,
      sessionTimeoutMs: 10_000,
    },
    topics: {
      input,
      forecasts: `{input}.${outputs}-forecasts`,
      state: `{input}.${outputs}-state`,
      deadLetters: `${outputs}-dead`,
    },
    decode,
    log: { level: "debug" },
    snapshot: { everyEvents: 20 },
  }) as unknown as Settings;

async function command(args: string[], settings: Settings): Promise<string> {
  const child = startCommand(args, settings);
  const code = await child.ended;
  const text = [...child.out, ...child.err].join("\n");
  expect(code, text).toBe(0);
  return text;
}

const textsOf = async (topic: string, count: number): Promise<string[][]> => {
  const records = await broker.readCommitted(topic, count);
  return records.map((partition) =>
    partition.map(({ key, value }) => `${key!.toString()} ${value!.toString()}`),
  );
};

describeWithBroker("the command run with several input topics", () => {
  test("of a list forecasts each to the byte as a service of that topic alone, also where it is killed", async () => {
    const name = broker.name("several");
    const [a, b] = [`a-${name}`, `b-${name}`];
    await broker.createTopics({ [a]: { partitions: 2 }, [b]: { partitions: 1 } });
    const settings = settingsOf(name, [a, b], name);
    expect(await command(["topics", "create"], settings)).toContain(
      `created  ${b}.${name}-state, 1 partitions`,
    );
    await produce(a, 0, 30);
    await produce(a, 1, 40);
    await produce(b, 0, 50);
    const killed = startService({ ...settings, server: { enabled: true, port: 0 } });
    await Promise.all([
      committed(killed, a, 0, 30),
      committed(killed, a, 1, 40),
      committed(killed, b, 0, 50),
    ]);
    const { url } = logged(killed, "serving")[0] as { url: string };
    const metrics = await (await fetch(`${url}metrics`)).text();
    expect(metrics).toContain(`undercurrent_committed_forecasts_total{topic="${a}",partition="0"} 30`);
    expect(metrics).toContain(`undercurrent_committed_forecasts_total{topic="${b}",partition="0"} 50`);
    const asked = (await (await fetch(`${url}keys/key-1`)).json()) as { partitions: object[]; live: unknown };
    expect(asked.live).toEqual([`${a}/0`, `${a}/1`, `${b}/0`]);
    expect(asked.partitions).toMatchObject([
      { topic: a, partition: 0, events: 10 },
      { topic: a, partition: 1, events: 13 },
      { topic: b, partition: 0, events: 17 },
    ]);
    const one = (await (await fetch(`${url}keys/key-1?topic=${b}`)).json()) as { partitions: object[] };
    expect(one.partitions).toHaveLength(1);
    const page = await (await fetch(`${url}events`)).body!.getReader().read();
    expect(Buffer.from(page.value).toString()).toContain(`"key":"${b}/key-0"`);
    await killed.end("SIGKILL");

    await produce(a, 1, 30, 40);
    await produce(b, 0, 30, 50);
    // A second instance takes some of the partitions over.
    const [next, other] = [startService(settings), startService(settings)];
    const done = (topic: string, partition: number, offset: number): Promise<string> =>
      Promise.race([next, other].map((service) => committed(service, topic, partition, offset)));
    await Promise.all([done(a, 1, 70), done(b, 0, 80)]);
    expect(await next.end()).toBe(0);
    expect(await other.end()).toBe(0);

    for (const [topic, count] of [
      [a, 100],
      [b, 80],
    ] as const) {
      const alone = broker.name("alone");
      const single = settingsOf(alone, topic, alone);
      await command(["topics", "create"], single);
      const service = startService(single);
      await committed(service, topic, topic === a ? 1 : 0, topic === a ? 70 : 80);
      if (topic === a) await committed(service, topic, 0, 30);
      expect(await service.end()).toBe(0);
      expect(await textsOf(`${topic}.${name}-forecasts`, count)).toEqual(
        await textsOf(`${topic}.${alone}-forecasts`, count),
      );
    }

    const inspected = await command(["state", "inspect"], settings);
    expect(inspected).toContain(`topic ${a}, partition 1: snapshot at offset 70`);
    expect(inspected).toContain(`topic ${b}, partition 0: snapshot at offset 80`);
    const explained = ["explain", "--input", b, "--partition", "0", "--offset", "70"];
    expect(await command(explained, settings)).toContain("holds the same forecast, byte for byte");
    expect(await command(["lint"], settings)).toMatch(new RegExp(`start of ${b}: .*partition`));
    const file = join(tmpdir(), `${name}.state`);
    try {
      await command(["state", "export", file, "--input", b], settings);
      expect((await readFile(file)).length).toBeGreaterThan(1000);
      await command(["state", "reset", "--input", b, "--yes"], settings);
      // The file names its topic.
      expect(await command(["state", "import", file], settings)).toContain("partition 0: 3 keys");
    } finally {
      await rm(file, { force: true });
    }
    const unnamed = startCommand(["state", "reset", "--yes"], settings);
    expect(await unnamed.ended).toBe(2);
    expect(unnamed.err.join("\n")).toContain(`choose one with --input: ${a}, ${b}`);
  }, 180_000);

  test("of a pattern takes new topics up, reads on where one is deleted, and never reads an output", async () => {
    const name = broker.name("pattern");
    const topic = (letter: string): string => `${name}.${letter}`;
    await broker.createTopic(topic("a"));
    await produce(topic("a"), 0, 20);
    const settings = settingsOf(name, { pattern: `${name}\\..*` }, name);
    const services = [startService(settings), startService(settings)];
    const done = (letter: string, offset: number): Promise<string> =>
      Promise.race(services.map((service) => committed(service, topic(letter), 0, offset)));
    await done("a", 20);

    await broker.createTopics({ [topic("b")]: { partitions: 1 }, [topic("c")]: { partitions: 1 } });
    await produce(topic("b"), 0, 30);
    await produce(topic("c"), 0, 10);
    await Promise.all([done("b", 30), done("c", 10)]);

    await broker.admin((admin) => admin.deleteTopics({ topics: [topic("a")] }));
    await Promise.all(services.map((service) => service.line(/was deleted and is read no more/)));
    await produce(topic("b"), 0, 5, 30);
    await produce(topic("c"), 0, 5, 10);
    await Promise.all([done("b", 35), done("c", 15)]);
    expect(await Promise.all(services.map((service) => service.end()))).toEqual([0, 0]);

    for (const [letter, count] of [
      ["a", 20],
      ["b", 35],
      ["c", 15],
    ] as const) {
      const [forecasts] = await broker.readCommitted(`${topic(letter)}.${name}-forecasts`, count);
      expect(forecasts).toHaveLength(count);
    }
    const read = services.flatMap((service) => logged(service, "taking-over").map(({ topic: of }) => of));
    expect([...new Set(read)].sort()).toEqual([topic("a"), topic("b"), topic("c")]);
  }, 120_000);
});
