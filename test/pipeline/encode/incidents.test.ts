/** Incidents in every output format hold what they do in flat JSON, as readers of their own read them. */
import avro from "avsc";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { openFormat } from "../../../src/adapters/schemas/index.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { incidentId, readingPosition } from "../../../src/pipeline/encode/incident-id.js";
import { incidentSchema } from "../../../src/pipeline/encode/incidents/fields.js";
import { IncidentFormat } from "../../../src/pipeline/encode/incidents/format.js";
import { incidentOf, readIncident } from "../../../src/pipeline/encode/incidents/message.js";
import type { OutputFormat } from "../../../src/pipeline/encode-settings.js";
import type { OutputRecord } from "../../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { feedbackMessage, readFeedback } from "../../../src/pipeline/state/feedback.js";
import { promotionMessage, readPromotion } from "../../../src/pipeline/state/promotion.js";
import { handOver } from "../../../src/pipeline/task/candidate/hand-over.js";
import { Stage } from "../../../src/pipeline/task/stage.js";
import { eventsWithFaults } from "../../support/faults.js";

const begin = Date.UTC(2026, 0, 1);
const origin = { topic: "readings", partition: 3 };

/** The incidents of three keys of one group. */
function incidentsOf(
  encode: PipelineOptions["encode"],
  keys: (key: string) => string = String,
): OutputRecord[] {
  const settings = pipelineSettings({ encode, application: "pumps" });
  const model = { hidden: 4, detection: { group: "^(key)" } };
  const forecaster = new Forecaster(modelSettings(model, settings.decode));
  const stage = new Stage(forecaster, settings, origin);
  const records = eventsWithFaults(1200, 3).map(({ key, time, value }, offset) => ({
    offset,
    timestamp: begin + time,
    key: Buffer.from(keys(key)),
    value: Buffer.from(JSON.stringify({ value })),
    headers: [{ name: "ce_id", value: Buffer.from("of the observation") }],
  }));
  const incidents: OutputRecord[] = [];
  for (let i = 0; i < records.length; i += 250)
    incidents.push(...stage.process(records.slice(i, i + 250)).incidents);
  forecaster.dispose();
  return incidents;
}

const valuesOf = (records: readonly OutputRecord[]): Buffer[] =>
  records.map(({ value }) => Buffer.from(value!));
const json = valuesOf(incidentsOf({ format: "json" }, (key) => `${key} "ü"`));
const messages = json.map((value) => JSON.parse(value.toString()) as Record<string, unknown>);
const inFormat = (format: OutputFormat): Buffer[] => {
  const encoder = new IncidentFormat({ format, incidents: { schemaId: 70_000 } });
  return json.map((value) => encoder.encode(value));
};
const wire = [0, 0, 1, 17, 112];

test("there are incidents of keys and of a group here, opened, updated and closed", () => {
  expect(new Set(messages.map(({ change }) => change))).toEqual(new Set(["opened", "updated", "closed"]));
  const groups = messages.filter(({ kind }) => kind === "group");
  expect(groups.length).toBeGreaterThan(1);
  expect(groups.some(({ members }) => (members as unknown[]).length > 1)).toBe(true);
  expect(messages.filter(({ group }) => group === "key").length).toBeGreaterThan(0);
  expect(messages.filter(({ kind }) => kind !== "group").length).toBeGreaterThan(3);
});

test("ids tell readings of one record apart, up to 65,536 of them", () => {
  const idOf = (before: number): string => incidentId(origin, { position: readingPosition(1234, before) });
  expect(idOf(0)).toBe("readings-3-1234");
  expect([1, 2, 65_535].map(idOf)).toEqual([
    "readings-3-1234.1",
    "readings-3-1234.2",
    "readings-3-1234.65535",
  ]);
  expect(idOf(65_536)).toBe(idOf(65_535));
});

test("what is no document is no incident", () => {
  for (const document of [null, undefined, "text", 1, {}]) expect(incidentOf(document)).toBeUndefined();
  for (const value of ["null", "1", "[]", "{", '{"schema":{},"payload":null}'])
    expect(readIncident(Buffer.from(value))).toBeUndefined();
});

describe("the bytes hold the message", () => {
  test("in Avro, as avsc reads it", () => {
    const type = avro.Type.forSchema(JSON.parse(incidentSchema("avro").schema) as avro.Schema);
    inFormat("avro").forEach((value, i) => {
      expect([...value.subarray(0, 5)]).toEqual(wire);
      const read = type.fromBuffer(value.subarray(5)) as Record<string, unknown>;
      expect(incidentOf(read)).toEqual(messages[i]);
      expect(read["begin"]).toBe(Date.parse(messages[i]!["begin"] as string));
    });
  });

  test("in Protobuf, as protobufjs reads it", () => {
    const root = new protobuf.Root();
    root.addJSON(protobuf.common.get("google/protobuf/timestamp.proto")!.nested!);
    protobuf.parse(incidentSchema("protobuf").schema, root, { keepCase: true });
    const type = root.lookupType("undercurrent.Incident");
    inFormat("protobuf").forEach((value, i) => {
      expect([...value.subarray(0, 6)]).toEqual([...wire, 0]);
      const read = type.toObject(type.decode(value.subarray(6)), { longs: Number, defaults: true });
      const time = read["time"] as { seconds: number; nanos: number };
      expect(1000 * time.seconds + time.nanos / 1e6).toBe(Date.parse(messages[i]!["time"] as string));
      expect({
        peak: (read["peak_value"] ?? null) as unknown,
        deviating: read["members_deviating"] as unknown,
        severity: read["severity"] as unknown,
        key: read["key"] as unknown,
      }).toEqual({
        peak: messages[i]!["peak_value"],
        deviating: messages[i]!["members_deviating"],
        severity: messages[i]!["severity"],
        key: messages[i]!["key"],
      });
    });
  });

  test.each(["avro", "protobuf"] as const)("in %s, as the service's own decoder reads it", async (format) => {
    const own = await openFormat({ format, schema: incidentSchema(format).schema });
    const prefix = format === "avro" ? 5 : 6;
    const read = inFormat(format).map((value) => incidentOf(own.parse(value.subarray(prefix))));
    expect(read).toEqual(messages);
  });

  test("in JSON with a schema's id, and in that of Kafka Connect", () => {
    const schema = JSON.parse(incidentSchema("json-schema").schema) as { properties: object };
    for (const [i, value] of inFormat("json-schema").entries()) {
      expect([...value.subarray(0, 5)]).toEqual(wire);
      expect(value.subarray(5)).toEqual(json[i]);
      expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(messages[i]!)));
      expect(readIncident(value)).toEqual(messages[i]);
    }
    const schemas = inFormat("connect-json").map((value, i) => {
      expect(readIncident(value)).toEqual(messages[i]);
      return JSON.stringify((JSON.parse(value.toString()) as { schema: unknown }).schema);
    });
    expect(new Set(schemas).size).toBe(1);
  });
});

test("a number of one field always has one type in Kafka Connect's format", () => {
  for (const value of inFormat("connect-json")) {
    const payload = value.toString().split('"payload":')[1]!;
    expect(payload).toMatch(/"severity":-?\d+(\.\d+(e[+-]\d+)?|e[+-]\d+)[,}]/);
    expect(payload).toMatch(/"events":\d+,"updates":\d+,"members_deviating":(\d+|null),"members":\[/);
    expect(payload).toMatch(/"time":\d+,"begin":\d+,"end":\d+,/);
  }
});

test("a key without characters and absent numbers survive Avro and Protobuf", async () => {
  const message = { ...messages.find(({ kind }) => kind !== "group")!, key: "", peak_value: null, events: 0 };
  for (const format of ["avro", "protobuf"] as const) {
    const encoder = new IncidentFormat({ format, incidents: { schemaId: 1 } });
    const own = await openFormat({ format, schema: incidentSchema(format).schema });
    const value = encoder.encode(Buffer.from(JSON.stringify(message)));
    expect(incidentOf(own.parse(value.subarray(format === "avro" ? 5 : 6)))).toEqual(message);
  }
});

describe("a stage", () => {
  const plain = valuesOf(incidentsOf({ format: "json" }));

  test.each(["connect-json", "json-schema", "avro", "protobuf"] as const)("writes them as %s", (format) => {
    const ids = { schemaId: 5, incidents: { schemaId: 70_000 } };
    const encoder = new IncidentFormat({ format, incidents: ids.incidents });
    expect(valuesOf(incidentsOf({ format, ...ids }))).toEqual(plain.map((value) => encoder.encode(value)));
  });

  test("writes them in a format of their own, and as flat JSON without the id of a schema", () => {
    const encoder = new IncidentFormat({ format: "connect-json", incidents: {} });
    const own = { format: "connect-json" } as const;
    expect(valuesOf(incidentsOf({ format: "json", incidents: own }))).toEqual(
      plain.map((value) => encoder.encode(value)),
    );
    expect(valuesOf(incidentsOf({ format: "avro", schemaId: 5 }))).toEqual(plain);
    expect(() => incidentsOf({ incidents: { format: "avro" } })).toThrow(
      "encode.incidents.format: avro needs encode.incidents.schemaId",
    );
  });

  test("gives them the attributes of a CloudEvent, with ids of their own", () => {
    const records = incidentsOf({ headers: "cloudevents" });
    const shown = records.map(({ headers }) =>
      Object.fromEntries(headers.map(({ name, value }) => [name, Buffer.from(value).toString()])),
    );
    const ids = shown.map(({ ce_id: id }) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [i, value] of plain.entries()) {
      const { key, time } = JSON.parse(value.toString()) as { key: string; time: string };
      expect(shown[i]).toEqual({
        ce_specversion: "1.0",
        ce_type: "undercurrent.incident",
        ce_source: "/pumps/readings/3",
        "content-type": "application/json",
        ce_id: expect.stringMatching(/^incident\/\d+(\/\d+)?$/) as unknown,
        ce_time: time,
        ce_subject: key,
      });
    }
  });
});

test("a hand-over at a promotion writes them in the format, as events with ids of their own", () => {
  const { decode } = pipelineSettings({});
  const model = modelSettings({ hidden: 4, detection: { group: "^(key)" } }, decode);
  const [former, next] = [new Forecaster(model), new Forecaster(model)];
  const stage = new Stage(former, pipelineSettings({}), origin);
  // Both keys and their group have an open incident.
  stage.process(
    eventsWithFaults(310, 2).map(({ key, time, value }, offset) => ({
      ...{ offset, timestamp: begin + time, key: Buffer.from(key), headers: [] },
      value: Buffer.from(JSON.stringify({ value })),
    })),
  );
  const plain = handOver(former, next, origin);
  expect(plain).toHaveLength(3);
  const encode = { format: "avro", headers: "cloudevents", schemaId: 1, incidents: { schemaId: 2 } } as const;
  const output = { ...pipelineSettings({ encode, application: "pumps" }), at: 310, changes: 2 };
  const written = handOver(former, next, origin, output);
  const format = new IncidentFormat(encode);
  expect(valuesOf(written)).toEqual(valuesOf(plain).map((value) => format.encode(value)));
  const idOf = ({ headers }: OutputRecord): string =>
    Buffer.from(headers.find(({ name }) => name === "ce_id")!.value).toString();
  expect(written.map(idOf).slice(0, 2)).toEqual(["promotion/2/310", "promotion/2/310/1"]);
  expect(written.map(({ key, timestamp }) => [key, timestamp])).toEqual(
    plain.map(({ key, timestamp }) => [key, timestamp]),
  );
  former.dispose();
  next.dispose();
});

describe("feedback and commands in the same topic", () => {
  const feedback = { key: "key-1", kind: "spike", until: begin } as const;
  const said = Buffer.from(feedbackMessage("wrong", "readings-3-1", feedback));
  const command = Buffer.from(promotionMessage(modelSettings({ hidden: 4 }, pipelineSettings({}).decode), 7));

  test("are told from incidents of every format", () => {
    for (const format of ["json", "connect-json", "json-schema", "avro", "protobuf"] as const) {
      for (const value of inFormat(format)) {
        expect(readFeedback(value)).toBeUndefined();
        expect(readPromotion(value)).toBeUndefined();
      }
    }
    expect(readIncident(said)).toBeUndefined();
    expect(readIncident(command)).toBeUndefined();
    expect(readFeedback(said)).toEqual(feedback);
  });
});
