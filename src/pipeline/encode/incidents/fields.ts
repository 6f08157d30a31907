/** Names the fields of an incident record, and writes its schema for a registry and for Kafka Connect. */
import type { OutputFormat } from "../../encode-settings.js";
import { envelopeOf, list, named, schemas, struct, type ConnectSchema } from "../connect-schema.js";
import {
  avroTypes,
  draft,
  jsonTypes,
  protobufTypes,
  type Kind,
  type OutputSchema,
  type PlainKind,
} from "../output-schema.js";

/**
 * Fields of an incident record, in the order of the JSON message. Protobuf's number of a field is its place here, so that new
 * fields go to the end. Fields that only groups have are missing in other incidents.
 */
export const incidentFields: Readonly<Record<string, Kind>> = {
  id: "text",
  key: "text",
  change: "text",
  state: "text",
  kind: "maybe text",
  direction: "maybe text",
  settled: "boolean",
  muted: "boolean",
  group: "maybe text",
  group_incident: "maybe text",
  began: "maybe text",
  time: "time",
  begin: "time",
  end: "time",
  peak_time: "maybe time",
  peak_value: "maybe double",
  peak_expected: "maybe double",
  anomaly_score: "maybe double",
  severity: "maybe double",
  events: "long",
  updates: "int",
  members_deviating: "maybe int",
  members: "list",
};

/** Fields of a member of a group. */
export const memberFields: Readonly<Record<string, PlainKind>> = {
  key: "text",
  anomaly_score: "maybe double",
  since: "maybe time",
};

/** Fields that JSON messages leave out where they are missing. */
export const sparseFields: ReadonlySet<string> = new Set([
  "group",
  "group_incident",
  "began",
  "members_deviating",
  "members",
]);

/** Returns the schema of incident records in the format avro, protobuf or json-schema. */
export function incidentSchema(format: OutputFormat): OutputSchema {
  switch (format) {
    case "avro":
      return { schemaType: "AVRO", schema: JSON.stringify(avroSchema()) };
    case "protobuf":
      return { schemaType: "PROTOBUF", schema: protobufSchema() };
    case "json":
    case "connect-json":
    case "json-schema":
      return { schemaType: "JSON", schema: JSON.stringify(jsonSchema()) };
  }
}

/** Returns the text before the payload of an incident record, as Kafka Connect's JsonConverter has it. */
export function incidentEnvelope(): string {
  const members = list(structOf(memberFields));
  return envelopeOf("undercurrent.Incident", structOf(incidentFields, members));
}

function structOf(fields: Readonly<Record<string, Kind>>, ofList?: ConnectSchema): ConnectSchema {
  return struct(
    ...Object.entries(fields).map(([name, kind]) => named(name, kind === "list" ? ofList! : schemas[kind])),
  );
}

function avroSchema(): object {
  const plain = ([name, kind]: readonly [string, Kind]): object => ({
    name,
    ...avroTypes[kind as PlainKind],
  });
  const member = {
    type: "record",
    name: "IncidentMember",
    fields: Object.entries(memberFields).map(plain),
  };
  const members = { name: "members", type: { type: "array", items: member }, default: [] };
  return {
    type: "record",
    name: "Incident",
    namespace: "undercurrent",
    fields: Object.entries(incidentFields).map((each) => (each[1] === "list" ? members : plain(each))),
  };
}

function protobufSchema(): string {
  const lines = (fields: Readonly<Record<string, Kind>>): string[] =>
    Object.entries(fields).map(([name, kind], i) => {
      const type = kind === "list" ? "repeated IncidentMember" : protobufTypes[kind];
      return `  ${type} ${name} = ${i + 1};`;
    });
  return [
    'syntax = "proto3";',
    "package undercurrent;",
    'import "google/protobuf/timestamp.proto";',
    ...["message Incident {", ...lines(incidentFields), "}"],
    ...["message IncidentMember {", ...lines(memberFields), "}"],
    "",
  ].join("\n");
}

function jsonSchema(): object {
  const object = (fields: Readonly<Record<string, Kind>>): object => ({
    type: "object",
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, kind]) => [
        name,
        kind === "list" ? { type: "array", items: object(memberFields) } : jsonTypes[kind],
      ]),
    ),
  });
  return { $schema: draft, title: "Incident", ...object(incidentFields) };
}
