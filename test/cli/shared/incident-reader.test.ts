/** The records of the incidents topic as commands read them, also after the format has changed. */
import { expect, test } from "vitest";
import { incidentReader, type IncidentReader } from "../../../src/cli/shared/incident-reader.js";
import { withoutSchema, withSchemaId } from "../../../src/cli/shared/output-schema.js";
import { configSchema } from "../../../src/config/schema.js";
import type { OutputFormat } from "../../../src/pipeline/encode-settings.js";
import { IncidentFormat } from "../../../src/pipeline/encode/incidents/format.js";

const message = {
  ...{ id: "readings-0-7", key: "pump-7", change: "closed", state: "closed", kind: "spike" },
  ...{ direction: "above", settled: true, muted: false, time: "2026-03-01T10:00:00.000Z" },
  ...{ begin: "2026-03-01T10:00:00.000Z", end: "2026-03-01T10:00:00.000Z" },
  ...{ peak_time: "2026-03-01T10:00:00.000Z", peak_value: 61.5, peak_expected: 41.5 },
  ...{ anomaly_score: 2.5, severity: 6.5, events: 3, updates: 1 },
};
const json = Buffer.from(JSON.stringify(message));
const inFormat = (format: OutputFormat, schemaId = 17): Buffer =>
  new IncidentFormat({ format, incidents: { schemaId } }).encode(json);

async function reader(format: OutputFormat): Promise<{ reader: IncidentReader; said: string[] }> {
  const said: string[] = [];
  const { encode, schemaRegistry } = configSchema.parse({ encode: { format } });
  return { reader: await incidentReader({ encode, schemaRegistry }, (line) => said.push(line)), said };
}

test.each(["connect-json", "json-schema", "avro", "protobuf"] as const)(
  "in %s are read without a registry, and so are older ones in JSON",
  async (format) => {
    const { reader: incidents, said } = await reader(format);
    expect(incidents.prepare([])).toBeUndefined();
    expect(incidents.read(inFormat(format))).toEqual(message);
    expect(incidents.read(json)).toEqual(message);
    expect(incidents.read(Buffer.from('{"feedback":"ack"}'))).toBeUndefined();
    expect(incidents.read(null)).toBeUndefined();
    incidents.warn();
    expect(said).toEqual([]);
  },
);

test.each(["json", "connect-json", "json-schema", "avro", "protobuf"] as const)(
  "in %s are the same as a JSON message, or other ones",
  async (format) => {
    const { reader: incidents } = await reader(format);
    const other = Buffer.from(JSON.stringify({ ...message, events: 4 }));
    for (const value of [inFormat(format), inFormat(format, 18), json]) {
      expect(incidents.isSame(json, value)).toBe(true);
      expect(incidents.isSame(other, value)).toBe(false);
    }
  },
);

test("with a schema that does not fit are counted, and named once", async () => {
  const { reader: avro, said } = await reader("avro");
  expect(avro.read(inFormat("avro").subarray(0, 20))).toBeUndefined();
  expect(avro.read(Buffer.alloc(5))).toBeUndefined();
  avro.warn();
  expect(said).toEqual([
    expect.stringMatching(/^2 records .* cannot be read; the first: .* is not readable/),
  ]);
  const { reader: plain, said: hint } = await reader("json");
  expect(plain.read(inFormat("avro"))).toBeUndefined();
  plain.warn();
  expect(hint).toEqual([expect.stringContaining("schema id 17, but the format of incidents is json")]);
});

test("a start needs the schema's id only where a topic gets incidents", async () => {
  const encode = { format: "avro", schemaId: 1 } as const;
  const without = await withSchemaId(configSchema.parse({ encode }), {});
  expect(without.encode).toMatchObject({ schemaId: 1, incidents: {} });
  const topics = { incidents: "incidents" };
  await expect(withSchemaId(configSchema.parse({ encode, topics }), {})).rejects.toMatchObject({
    code: "SETTING_INVALID",
    message: "encode.incidents.format: avro needs schemaRegistry.url or encode.incidents.schemaId",
  });
  // Commands that write nothing do not need it.
  await withSchemaId(configSchema.parse({ encode, topics }), { isRegistered: true });
  const given = configSchema.parse({ encode: { ...encode, incidents: { schemaId: 2 } }, topics });
  expect((await withSchemaId(given, {})).encode.incidents.schemaId).toBe(2);
  expect(withoutSchema(given).encode).toMatchObject({ format: "json", incidents: { format: "json" } });
});
