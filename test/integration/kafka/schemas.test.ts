// Topics in Confluent's wire format, on a real broker and a real schema registry.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import avro from "avsc";
import protobuf from "protobufjs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { describeWithRegistry, startRegistry, type RunningRegistry } from "../../support/registry-java.js";
import { eventsWithFaults } from "../../support/faults.js";
import { logged, startCommand, startService, type Settings } from "../../support/service.js";
import { committed, deployment, type Deployment } from "./deployment.js";

afterEach(endChildren);

const time = Date.UTC(2026, 2, 1, 10, 0, 5);
const wire = (id: number, data: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, data]);
};

async function forecastsOf({ topics }: Deployment, count: number): Promise<readonly string[]> {
  const records = (await broker.readCommitted(topics.forecasts, count)).flat();
  return records.map(({ value }) => {
    const said = JSON.parse(value!.toString()) as Record<string, unknown>;
    return `${String(said["key"])} ${String(said["time"])} ${String(said["value"])}`;
  });
}

/** The decoding of an example. */
const example = (name: string): Settings["decode"] =>
  loadConfig(`examples/topics/${name}.yaml`, {}).settings.decode;

describeWithRegistry("with a schema registry", () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  }, 300_000);
  afterAll(() => registry.stop());

  const withRegistry = (decode: Settings["decode"]): Promise<Deployment> =>
    deployment(1, { decode, schemaRegistry: { url: registry.url } });

  describeWithBroker("the command run", () => {
    test("reads Avro whose schema evolves, with a reference, and goes on after a restart", async () => {
      const settings = await withRegistry(example("avro"));
      const { input, deadLetters } = settings.topics;
      const site = { type: "enum", name: "Site", namespace: "plant", symbols: ["north", "south"] };
      await registry.register(`${input}-site`, "AVRO", JSON.stringify(site));
      const first = {
        type: "record",
        name: "Reading",
        namespace: "plant",
        fields: [
          { name: "site", type: "plant.Site" },
          { name: "sensor", type: "string" },
          { name: "at", type: { type: "long", logicalType: "timestamp-micros" } },
          { name: "celsius", type: ["null", "double"], default: null },
        ],
      };
      const load = { type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 }, default: "\0" };
      const second = { ...first, fields: [...first.fields, { name: "load", ...load }] };
      const references = [{ name: "plant.Site", subject: `${input}-site`, version: 1 }];
      const register = (schema: unknown): Promise<number> =>
        registry.register(`${input}-value`, "AVRO", JSON.stringify(schema), references);
      const encode = (id: number, schema: unknown, value: object): Buffer => {
        const types: Record<string, avro.Type> = { "plant.Site": avro.Type.forSchema(site as avro.Schema) };
        const type = avro.Type.forSchema(schema as avro.Schema, { registry: types });
        return wire(id, type.toBuffer({ site: "north", sensor: "t1", at: 1000 * time, ...value }));
      };
      const [old, evolved] = [await register(first), await register(second)];
      expect(evolved).not.toBe(old);
      const records = [
        encode(old, first, { celsius: 20.5 }),
        encode(evolved, second, { celsius: null, load: Buffer.of(0x04, 0xd2) }),
        wire(old, Buffer.of(9)),
        wire(999_999, Buffer.of(0)),
        Buffer.from('{"celsius":1}'),
        encode(evolved, second, { celsius: 21.5, load: Buffer.of(0x04, 0xd3) }),
      ];
      await broker.produce(
        input,
        0,
        records.slice(0, 5).map((value) => ({ key: "k", value })),
      );
      const service = startService(settings);
      await committed(service, 0, 5);
      expect(await service.end()).toBe(0);
      await broker.produce(
        input,
        0,
        records.slice(5).map((value) => ({ key: "k", value })),
      );
      const next = startService(settings);
      await committed(next, 0, 6);
      expect(await next.end()).toBe(0);
      const at = new Date(time).toISOString();
      expect(await forecastsOf(settings, 5)).toEqual([
        `north/t1/celsius ${at} 20.5`,
        `north/t1/celsius ${at} null`,
        `north/t1/load ${at} 12.34`,
        `north/t1/celsius ${at} 21.5`,
        `north/t1/load ${at} 12.35`,
      ]);
      const dead = (await broker.readCommitted(deadLetters, 3)).flat();
      expect(dead.map(({ value, headers }) => [value, String(headers!["undercurrent-code"])])).toEqual([
        [records[2], "RECORD_UNREADABLE"],
        [records[3], "SCHEMA_UNREADABLE"],
        [records[4], "RECORD_UNREADABLE"],
      ]);
      const lint = startCommand(["lint"], settings);
      await lint.ended;
      expect(lint.out.join("\n")).toMatch(/3 of 6 sampled records .* would be rejected: 2 RECORD_UNREADABLE/);
    }, 120_000);

    test("reads keys in Avro, beside values in JSON", async () => {
      const settings = await withRegistry({
        keyFormat: "avro",
        key: [
          { record: "key", path: "site" },
          { record: "key", path: "id" },
        ],
      });
      const { input, deadLetters } = settings.topics;
      const schema: avro.Schema = {
        type: "record",
        name: "Key",
        fields: [
          { name: "site", type: "string" },
          { name: "id", type: "int" },
        ],
      };
      const id = await registry.register(`${input}-key`, "AVRO", JSON.stringify(schema));
      const key = wire(id, avro.Type.forSchema(schema).toBuffer({ site: "north", id: 7 }));
      await broker.produce(input, 0, [
        { key, value: '{"value":1}', timestamp: time },
        { key: "north", value: '{"value":2}', timestamp: time },
      ]);
      const service = startService(settings);
      await committed(service, 0, 2);
      expect(await service.end()).toBe(0);
      expect(await forecastsOf(settings, 1)).toEqual([`north/7 ${new Date(time).toISOString()} 1`]);
      const [dead] = (await broker.readCommitted(deadLetters, 1)).flat();
      expect(String(dead!.headers!["undercurrent-code"])).toBe("KEY_INVALID");
    }, 120_000);

    test("reads keys by the schema of a file, beside values of the registry", async () => {
      const settings = await withRegistry({ ...example("avro-key"), format: "avro" });
      const { input } = settings.topics;
      const reading = { type: "record", name: "Reading", fields: [{ name: "celsius", type: "double" }] };
      const id = await registry.register(`${input}-value`, "AVRO", JSON.stringify(reading));
      const place = JSON.parse(readFileSync("examples/topics/place.avsc", "utf8")) as avro.Schema;
      const key = avro.Type.forSchema(place).toBuffer({ site: "north", sensor: "t1" });
      const value = wire(id, avro.Type.forSchema(reading as avro.Schema).toBuffer({ celsius: 20.5 }));
      await broker.produce(input, 0, [{ key, value, timestamp: time }]);
      const service = startService(settings);
      await committed(service, 0, 1);
      expect(await service.end()).toBe(0);
      expect(await forecastsOf(settings, 1)).toEqual([`north/t1 ${new Date(time).toISOString()} 20.5`]);
    }, 60_000);

    test.each(["avro", "protobuf", "json-schema", "connect-json"] as const)(
      "writes incidents as %s under a schema of their own; feedback and every command read them",
      async (format) => {
        const settings = await deployment(1, {
          encode: { format },
          snapshot: { everyEvents: 100 },
          commit: { maxEvents: 20 },
          schemaRegistry: { url: registry.url },
        });
        const { input, incidents: topic } = settings.topics;
        const events = eventsWithFaults(1600, 2).map(({ key, time: at, value }) => ({
          key,
          value: JSON.stringify({ value }),
          timestamp: time + at,
        }));
        await broker.produce(input, 0, events.slice(0, 1000));
        const service = startService(settings);
        await committed(service, 0, 1000);
        const output = async (...args: string[]): Promise<string> => {
          const command = startCommand(args, settings);
          expect(await command.ended, command.err.join("\n")).toBe(0);
          return command.out.join("\n");
        };
        type Listed = Record<"id" | "key" | "kind" | "begin", string>;
        const listed = async (): Promise<readonly Listed[]> =>
          (JSON.parse(await output("incidents", "--json")) as { incidents: Listed[] }).incidents;
        const first = await listed();
        expect(first.length).toBeGreaterThan(2);
        expect(await output("explain", "--incident", first[0]!.id)).toContain(
          "the incidents topic holds the same changes, byte for byte",
        );
        const last = first.at(-1)!;
        const derived = JSON.parse(await output("explain", "--incident", last.id, "--json")) as {
          readonly changes: readonly unknown[];
        };
        expect(derived.changes.at(-1)).toEqual(last);

        // The service reads feedback among records of the format, and keeps it over a restart.
        const [one] = first;
        await output("incidents", "wrong", one!.id, "--for", "52w");
        await sleep(3000);
        await broker.produce(input, 0, events.slice(1000, 1010));
        await committed(service, 0, 1010);
        expect(await service.end()).toBe(0);
        const next = startService(settings);
        await broker.produce(input, 0, events.slice(1010));
        await committed(next, 0, 1600);
        expect(await next.end()).toBe(0);
        const restart = new Date(events[1010]!.timestamp).toISOString();
        const begun = (await listed()).filter((incident) => incident.begin > restart);
        expect(begun.filter(({ key, kind }) => key === one!.key && kind === one!.kind)).toEqual([]);
        // The other key tells of the same kind.
        expect(begun.filter(({ key, kind }) => key !== one!.key && kind === one!.kind)).not.toEqual([]);

        const records = (await broker.readCommitted(topic, 2 * first.length)).flat();
        const changes = records.filter(({ value }) => !value!.toString().startsWith('{"feedback"'));
        expect(records.length - changes.length).toBe(1);
        if (format === "connect-json") return;
        expect(new Set(changes.map(({ value }) => value!.readUInt32BE(1))).size).toBe(1);
        const versions = await fetch(`${registry.url}/subjects/${topic}-value/versions`);
        expect(await versions.json()).toEqual([1]);
        // Without the registry the schema of this release reads them.
        const away = {
          ...settings,
          schemaRegistry: {},
          encode: { format, schemaId: 1, incidents: { schemaId: 1 } },
        };
        const command = startCommand(["incidents", "--json"], away);
        expect(await command.ended, command.err.join("\n")).toBe(0);
        expect(JSON.parse(command.out.join("\n"))).toEqual({ incidents: await listed() });
      },
      240_000,
    );

    test.each(["avro", "protobuf", "json-schema"] as const)(
      "writes forecasts as %s under a registered schema, and reads them back",
      async (format) => {
        const settings = await deployment(1, {
          encode: { format, headers: "cloudevents" },
          model: { horizon: 2, intervalLevels: [0.9, 0.5] },
          schemaRegistry: { url: registry.url },
        });
        const { input, forecasts } = settings.topics;
        const values = [41.5, 42, 43].map((value) => ({
          key: "pump-7",
          value: JSON.stringify({ value }),
          timestamp: time,
        }));
        await broker.produce(input, 0, values.slice(0, 2));
        for (const [count, rest] of [
          [2, values.slice(2)],
          [3, []],
        ] as const) {
          const service = startService(settings);
          await committed(service, 0, count);
          expect(await service.end()).toBe(0);
          await broker.produce(input, 0, rest.slice());
        }
        const written = (await broker.readCommitted(forecasts, 3)).flat().map(({ value }) => value!);
        // A restart registers the same schema.
        const ids = new Set(written.map((value) => value.readUInt32BE(1)));
        expect(ids.size).toBe(1);
        const versions = await fetch(`${registry.url}/subjects/${forecasts}-value/versions`);
        expect(await versions.json()).toEqual([1]);

        const reading = await deployment(1, {
          decode: { format, key: "key", time: "time", value: "value", features: ["yhat"] },
          schemaRegistry: { url: registry.url },
        });
        await broker.produce(
          reading.topics.input,
          0,
          written.map((value) => ({ key: null, value })),
        );
        const reader = startService(reading);
        await committed(reader, 0, 3);
        expect(await reader.end()).toBe(0);
        const at = new Date(time).toISOString();
        expect(await forecastsOf(reading, 3)).toEqual([41.5, 42, 43].map((value) => `pump-7 ${at} ${value}`));

        const explain = startCommand(["explain", "--partition", "0", "--offset", "1"], settings);
        expect(await explain.ended).toBe(0);
        expect(explain.out.join("\n")).toContain("holds the same forecast, byte for byte");
      },
      120_000,
    );

    test("ends a start whose schema the registry refuses", async () => {
      const settings = await deployment(1, {
        encode: { format: "avro", fields: ["key", { field: "yhat", as: "at" }] },
        schemaRegistry: { url: registry.url },
      });
      const subject = `${settings.topics.forecasts}-value`;
      const schema = { type: "record", name: "Other", fields: [{ name: "at", type: "string" }] };
      await registry.register(subject, "AVRO", JSON.stringify(schema));
      await fetch(`${registry.url}/config/${subject}`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ compatibility: "FULL" }),
      });
      const service = startService(settings);
      expect(await service.ended).toBe(6);
      expect(service.err.join("\n")).toMatch(/REGISTRY_REFUSED: the schema registry .* answers 4/);
      const dry = startService(settings, { args: ["--dry-run"] });
      await broker.produce(settings.topics.input, 0, [{ key: "k", value: '{"value":1}' }]);
      await dry.ended;
      expect(dry.err.join("\n")).not.toContain("REGISTRY_REFUSED");
    }, 60_000);

    test("reads Protobuf, and JSON with a schema", async () => {
      const proto = `syntax = "proto3";
package plant;
import "google/protobuf/timestamp.proto";
message Reading { string sensor = 1; google.protobuf.Timestamp at = 2; double celsius = 3; }`;
      const settings = await withRegistry(example("protobuf"));
      const id = await registry.register(`${settings.topics.input}-value`, "PROTOBUF", proto);
      const { root } = protobuf.parse(proto, new protobuf.Root());
      root.addJSON(protobuf.common.get("google/protobuf/timestamp.proto")!.nested!);
      const type = root.lookupType("plant.Reading");
      const message = type.create({ sensor: "t1", at: { seconds: time / 1000 }, celsius: 20.5 });
      const value = wire(id, Buffer.concat([Buffer.of(0), type.encode(message).finish()]));
      await broker.produce(settings.topics.input, 0, [{ key: null, value }]);
      const service = startService(settings);
      await committed(service, 0, 1);
      await service.end();
      expect(await forecastsOf(settings, 1)).toEqual([`t1 ${new Date(time).toISOString()} 20.5`]);

      const json = await withRegistry({ format: "json-schema", key: "sensor", time: "at", value: "celsius" });
      const document = { sensor: "t2", at: time, celsius: 21.5 };
      const schema = await registry.register(
        `${json.topics.input}-value`,
        "JSON",
        JSON.stringify({ type: "object", properties: { celsius: { type: "number" } } }),
      );
      const text = Buffer.from(JSON.stringify(document));
      await broker.produce(json.topics.input, 0, [{ key: null, value: wire(schema, text) }]);
      const other = startService(json);
      await committed(other, 0, 1);
      await other.end();
      expect(await forecastsOf(json, 1)).toEqual([`t2 ${new Date(time).toISOString()} 21.5`]);
      // Without the setting the reason says what to set.
      const wrong = startService(
        { ...json, decode: { ...json.decode, format: "json" } },
        { args: ["--dry-run"] },
      );
      expect(await wrong.ended).toBe(3);
      expect(JSON.stringify(logged(wrong, "rejected")[0])).toContain(
        `schema id ${schema}; set decode.format`,
      );
    }, 120_000);
  });
});
