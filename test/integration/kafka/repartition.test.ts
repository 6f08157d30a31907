// topics.repartition on a real broker: an intermediate topic by the series' key, and models that several topics share.
import { afterEach, expect, test } from "vitest";
import {
  createIntermediate,
  IntermediatePurge,
} from "../../../src/adapters/kafka/admin/intermediate-topic.js";
import { partitionOfKey } from "../../../src/adapters/kafka/producer/placement.js";
import { kafkaOptions } from "../../../src/cli/shared/kafka-options.js";
import { withInput } from "../../../src/cli/shared/inputs.js";
import { loadConfig } from "../../../src/config/load.js";
import { configSchema } from "../../../src/config/schema.js";
import { errors } from "../../../src/errors/errors.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { startCommand, startService, type Settings } from "../../support/service.js";
import { testedClient } from "../../support/tested-client.js";

afterEach(endChildren);

const { decode } = loadConfig("examples/topics/repartition.yaml", {}).settings;
const start = Date.UTC(2026, 2, 1, 10);
const sensors = 5;

/** Readings without a record key: the sensor is in the value, and the number says which record it is. */
async function produce(topic: string, partition: number, count: number, from = 0): Promise<void> {
  await broker.produce(
    topic,
    partition,
    Array.from({ length: count }, (_, i) => ({
      key: null,
      value: JSON.stringify({ sensor: `s${(from + i) % sensors}`, celsius: 100 * partition + from + i }),
      headers: { trace: `${partition}-${from + i}` },
      timestamp: start + 1000 * (from + i),
    })),
  );
}

const settingsOf = (name: string, topics: object): Settings => ({
  applicationId: name,
  kafka: {
    ...testedClient,
    bootstrapServers: broker.brokers.slice(),
    fetchMaxWaitMs: 50,
    sessionTimeoutMs: 10_000,
  },
  topics: {
    forecasts: `${name}-forecasts`,
    state: `${name}-state`,
    deadLetters: `${name}-dead`,
    ...topics,
  },
  decode,
  log: { level: "debug" },
  snapshot: { everyEvents: 20 },
});

async function command(args: string[], settings: Settings): Promise<string> {
  const child = startCommand(args, settings);
  const code = await child.ended;
  const text = [...child.out, ...child.err].join("\n");
  expect(code, text).toBe(0);
  return text;
}

const forecast = (
  services: readonly Child[],
  topic: string,
  partition: number,
  offset: number,
): Promise<string> =>
  Promise.race(
    services.map((service) =>
      service.line(
        new RegExp(`"event":"committed","topic":"${topic}","partition":${partition},"offset":${offset},`),
      ),
    ),
  );

describeWithBroker("topics.repartition", () => {
  test("places keyless records by their series' key, once and in order, also where instances are killed", async () => {
    const name = broker.name("repartition");
    const input = `${name}-raw`;
    const intermediate = `${name}-input-repartition`;
    await broker.createTopic(input, { partitions: 2 });
    const settings = settingsOf(name, { input, repartition: true, repartitionPartitions: 3 });
    expect(await command(["topics", "create"], settings)).toContain(`created  ${intermediate}, 3 partitions`);
    for (const partition of [0, 1]) await produce(input, partition, 50);
    await broker.produce(input, 1, [{ key: null, value: '{"celsius":1}' }]);
    const killed = startService(settings);
    await forecast([killed], input, 0, 50);
    await killed.end("SIGKILL");
    for (const partition of [0, 1]) await produce(input, partition, 30, 50);
    const services = [startService(settings), startService(settings)];
    await Promise.all([forecast(services, input, 0, 80), forecast(services, input, 1, 81)]);

    const written = await broker.readCommitted(intermediate, 160);
    expect(written.flat()).toHaveLength(160);
    for (const [partition, records] of written.entries()) {
      const last = new Map<string, number>();
      for (const { key, value, headers, timestamp } of records) {
        const { sensor, celsius } = JSON.parse(value!.toString()) as { sensor: string; celsius: number };
        expect(key!.toString()).toBe(sensor);
        expect(partitionOfKey(key!, 3)).toBe(partition);
        const source = Math.floor(celsius / 100);
        const number = celsius - 100 * source;
        expect(String(headers!["trace"])).toBe(`${source}-${number}`);
        expect(Number(timestamp)).toBe(start + 1000 * number);
        // The order of a key within its source partition.
        const series = `${source}/${sensor}`;
        expect(number).toBeGreaterThan(last.get(series) ?? -1);
        last.set(series, number);
      }
    }
    const dead = (await broker.readCommitted(`${name}-dead`, 1)).flat();
    expect(String(dead[0]!.headers!["undercurrent-topic"])).toBe(input);
    expect(String(dead[0]!.headers!["undercurrent-code"])).toBe("KEY_INVALID");

    const forecasts = (await broker.readCommitted(`${name}-forecasts`, 160)).flat();
    const values = forecasts.map(({ key, value }) => {
      const said = JSON.parse(value!.toString()) as { key: string; value: number };
      expect(said.key).toBe(key!.toString());
      return said.value;
    });
    const expected = [0, 1].flatMap((partition) => Array.from({ length: 80 }, (_, i) => 100 * partition + i));
    expect(values.sort((a, b) => a - b)).toEqual(expected);
    expect(await Promise.all(services.map((service) => service.end()))).toEqual([0, 0]);

    expect(await command(["state", "inspect"], settings)).toMatch(/partition 2: snapshot at offset/);
    const problems: string[] = [];
    const options = kafkaOptions(withInput(configSchema.parse(settings), {}), ({ level, message }) => {
      if (level === "warn") problems.push(message);
    });
    const purge = new IntermediatePurge(options);
    const full = written.findIndex(({ length }) => length > 0);
    purge.add(full, 3);
    await purge.purge();
    await purge.close();
    expect(problems).toEqual([]);
    const lows = await broker.admin((admin) => admin.fetchTopicOffsets(intermediate));
    expect(lows.find(({ partition }) => partition === full)!.low).toBe("3");
  }, 180_000);

  test("by partition shares one model of several topics for each partition number", async () => {
    const name = broker.name("shared");
    const [a, b] = [`${name}-a`, `${name}-b`];
    await broker.createTopics({ [a]: { partitions: 2 }, [b]: { partitions: 2 } });
    const settings = settingsOf(name, { input: [a, b], repartition: "partition" });
    await command(["topics", "create"], settings);
    for (const topic of [a, b]) await produce(topic, 1, 20);
    const service = startService(settings);
    const intermediate = `${name}-input-repartition`;
    await Promise.all([forecast([service], a, 1, 20), forecast([service], b, 1, 20)]);
    const [none, shared] = await broker.readCommitted(`${name}-forecasts`, 40);
    expect(none).toEqual([]);
    expect(shared).toHaveLength(40);
    expect(await service.end()).toBe(0);
    const inspected = await command(["state", "inspect", "--key", "s1", "--json"], settings);
    // Both topics' readings of the key are one series.
    expect(inspected).toMatch(/"partition":1,"state":\d+/);
    const offsets = await broker.admin((admin) => admin.fetchTopicOffsets(intermediate));
    expect(offsets.find(({ partition }) => partition === 0)!.high).toBe("0");

    await broker.createTopic(`${name}-c`, { partitions: 3 });
    const unequal = kafkaOptions({
      ...configSchema.parse(settings),
      topics: { ...configSchema.parse(settings).topics, input: [a, `${name}-c`] },
    });
    await expect(createIntermediate(unequal, { by: "partition" })).rejects.toThrow(
      /expected 3 as in the other/,
    );
  }, 120_000);

  test("of a pattern in workers: lint says what a start creates, and each record is forecast once", async () => {
    const name = broker.name("pattern");
    const [a, b] = [`${name}-raw-a`, `${name}-raw-b`];
    const settings = settingsOf(name, { input: { pattern: `${name}-.*` }, repartition: true });
    // The pattern matches the service's own outputs too, which must not be read.
    const missing = startCommand(["lint"], settings);
    expect([await missing.ended, missing.out.join("\n")]).toEqual([
      errors.TOPIC_MISSING.exit,
      expect.stringContaining("no topic that matches") as string,
    ]);
    await broker.createTopics({ [a]: { partitions: 1 }, [b]: { partitions: 2 } });
    await broker.createTopics({
      [`${name}-forecasts`]: { partitions: 2 },
      [`${name}-dead`]: { partitions: 1 },
      [`${name}-state`]: { partitions: 2, settings: { "cleanup.policy": "compact" } },
    });
    const intermediate = `${name}-input-repartition`;
    const before = await command(["lint"], settings);
    expect(before).toContain(`topic ${b}: exists, and is read into ${intermediate}`);
    expect(before).toContain(`${intermediate}: does not exist yet: a start creates it with 2 partitions`);
    await produce(a, 0, 30);
    await produce(b, 1, 30, 30);
    const service = startService(settings, { args: ["--workers", "2"] });
    const forecasts = (await broker.readCommitted(`${name}-forecasts`, 60)).flat();
    const values = forecasts.map(({ value }) => (JSON.parse(value!.toString()) as { value: number }).value);
    expect(values.sort((x, y) => x - y)).toEqual([
      ...Array.from({ length: 30 }, (_, i) => i),
      ...Array.from({ length: 30 }, (_, i) => 130 + i),
    ]);
    expect(await service.end()).toBe(0);
    expect((await broker.readCommitted(intermediate, 60)).flat()).toHaveLength(60);
    expect(await command(["lint"], settings)).toContain(`topic ${intermediate}: exists, with 2 partitions`);
  }, 180_000);
});
