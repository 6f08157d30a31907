// What inspect says of topics of several shapes on a real broker, and that lint and run accept its configuration.
import avro from "avsc";
import { afterEach, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { describeWithRegistry, startRegistry } from "../../support/registry-java.js";
import { startCommand, startService, type Settings } from "../../support/service.js";
import { committed, deployment } from "./deployment.js";

afterEach(endChildren);

const start = Date.UTC(2026, 2, 1, 10);
interface Given {
  readonly key: string | null;
  readonly value: Buffer | string;
  readonly timestamp: number;
}

const records = (count: number, of: (i: number) => Partial<Given>): Given[] =>
  Array.from({ length: count }, (_, i) => ({ key: null, value: "", timestamp: start + 1000 * i, ...of(i) }));

/** Prints a configuration for the records, and returns it with what lint and run need besides. */
async function inspected(
  given: readonly Given[],
  others: Settings = {},
): Promise<{ text: string; settings: Settings }> {
  const made = await deployment(1, others);
  await broker.produce(made.topics.input, 0, given);
  const command = startCommand(["inspect"], made);
  expect([await command.ended, command.err]).toEqual([0, []]);
  const text = command.out.join("\n");
  const { decode, aggregate } = parseConfig(text, {}).settings;
  return { text, settings: { ...made, decode, ...(aggregate !== undefined && { aggregate }) } };
}

const lint = async (settings: Settings): Promise<string> => {
  const command = startCommand(["lint"], settings);
  expect(await command.ended).toBe(0);
  return command.out.join("\n");
};

describeWithBroker("inspect", () => {
  test("reads nested JSON of several measures, and run forecasts all of them", async () => {
    const { text, settings } = await inspected(
      records(40, (i) => ({
        value: JSON.stringify({
          device: { id: `d${i % 4}` },
          ts: start / 1000 + i,
          readings: { celsius: 20 + i, bar: 2 + i },
        }),
      })),
    );
    expect(text).toContain("about 1 a second");
    expect(text).toContain("# With this configuration: 40 sampled records are readable.");
    expect(settings.decode).toMatchObject({
      key: "device.id",
      time: "ts",
      timeUnit: "s",
      series: { celsius: "readings.celsius", bar: "readings.bar" },
    });
    expect(await lint(settings)).toContain("40 sampled records are readable");
    const service = startService(settings);
    await committed(service, 0, 40);
    expect(await service.end()).toBe(0);
    expect((await broker.readCommitted(settings.topics!.forecasts!, 80)).flat()).toHaveLength(80);
  }, 120_000);

  test.each([
    ["numbers", (i: number) => ({ key: "k", value: `${i}.5` }), { format: "number" }],
    [
      "Telegraf's metrics",
      (i: number) => ({
        value: JSON.stringify({
          name: "cpu",
          tags: { host: `h${i % 2}` },
          timestamp: start / 1000 + i,
          fields: { idle: i },
        }),
      }),
      { key: ["name", { labels: "tags" }], time: "timestamp", timeUnit: "s", series: "fields" },
    ],
    [
      "Debezium's changes",
      (i: number) => ({
        key: JSON.stringify({ id: i % 3 }),
        value: JSON.stringify({
          op: "u",
          ts_ms: start + i,
          before: null,
          after: { id: i % 3, stock: i },
          source: { table: "items" },
        }),
      }),
      { key: [{ const: "items" }, "after.id"], time: "ts_ms", value: "after.stock", tombstones: "skip" },
    ],
  ])(
    "reads %s",
    async (_, of, expected) => {
      const { settings } = await inspected(records(30, of));
      expect(settings.decode).toMatchObject(expected);
      expect(await lint(settings)).toContain("30 sampled records");
    },
    60_000,
  );

  test("says what text and Avro without a registry need", async () => {
    const wire = Buffer.of(0, 0, 0, 0, 17, 2, 3);
    for (const [value, said] of [
      ["hello", 'such as "hello"'],
      [wire, "Confluent's wire format, schema ids 17: give schemaRegistry.url"],
    ] as const) {
      const made = await deployment(1);
      await broker.produce(
        made.topics.input,
        0,
        records(3, () => ({ value })),
      );
      const command = startCommand(["inspect"], made);
      expect(await command.ended).toBe(3);
      expect(command.err.join("\n")).toContain(said);
    }
  }, 60_000);

  describeWithRegistry("with a schema registry", () => {
    test("reads Avro by its schemas", async () => {
      const registry = await startRegistry();
      try {
        const schema: avro.Schema = {
          type: "record",
          name: "Reading",
          fields: [
            { name: "sensor", type: "string" },
            { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
            { name: "celsius", type: ["null", "double"] },
          ],
        };
        const id = await registry.register("readings-value", "AVRO", JSON.stringify(schema));
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(id, 1);
        const type = avro.Type.forSchema(schema);
        const given = records(30, (i) => {
          const celsius = i === 7 ? null : i;
          return {
            value: Buffer.concat([prefix, type.toBuffer({ sensor: `t${i % 3}`, at: start + i, celsius })]),
          };
        });
        const schemaRegistry = { url: registry.url };
        const { text, settings } = await inspected(given, { schemaRegistry });
        expect(text).toContain(`url: ${registry.url}`);
        expect(settings.decode).toMatchObject({
          format: "avro",
          key: "sensor",
          time: "at",
          value: "celsius",
        });
        expect(await lint(settings)).toContain("30 sampled records are readable");
      } finally {
        await registry.stop();
      }
    }, 300_000);
  });
});
