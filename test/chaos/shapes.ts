/** What the topics of a chaos run hold, and what runs on them: plain readings, windows, Avro, three measures, a candidate beside the model, or windows of keys that come and go. */
import avro from "avsc";
import { openFormat, registerOutput, type ValueFormat } from "../../src/adapters/schemas/index.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { incidentSchema } from "../../src/pipeline/encode/incidents/fields.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import type { PipelineOptions } from "../../src/pipeline/settings.js";
import { startRegistry } from "../support/registry-java.js";
import type { Settings } from "../support/service.js";
import { jsonDocument, type Reading, type WriteDocument } from "./input.js";
import { fieldsOf } from "./verdict.js";

export const shapeNames = ["readings", "windows", "avro", "measures", "candidate", "churn"] as const;
export type ShapeName = (typeof shapeNames)[number];

export interface Shape {
  readonly write: WriteDocument;
  /** Keys at a time, of all partitions together. */
  readonly keys: number;
  /** Records of a partition after which one of its keys ends and another begins; by default keys stay. */
  readonly lifetime?: number;
  /** Settings of the model, with the windows before it. */
  readonly model: ForecasterOptions;
  /** Settings of the candidate, if there is one. */
  readonly candidate?: ForecasterOptions;
  readonly pipeline: PipelineOptions;
  /** Parser of the values, which has the schemas of all records. */
  readonly format?: ValueFormat;
  /** Sections of the configuration beside `pipeline` and `model`. */
  readonly sections: Settings;
  /** Tells a forecast from every other of its record, by its value. */
  readonly told: (value: Uint8Array) => string;
  /** Reads the fields of a change of an incident; by default it is JSON. */
  readonly changeOf?: (value: Uint8Array) => Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

// Many commits and snapshots, so that a fault finds each of their states; updates every hundred events or so.
const model = { hidden: 16, bpttSteps: 8, stride: 4, bpttWindows: 8 };
const pipeline = {
  decode: { value: "reading.value" },
  late: "dead-letter",
  snapshot: { everyEvents: 1000, everyMs: 5000 },
  commit: { maxEvents: 100 },
} as const;

const plain: Shape = {
  keys: 2000,
  write: jsonDocument,
  model,
  pipeline,
  sections: {},
  told: () => "",
  close: () => Promise.resolve(),
};

const aggregate = { every: "5m", by: "mean", grace: "30s" } as const;

const windows: Shape = {
  ...plain,
  sections: { aggregate },
  // Forecasts of windows have no headers.
  told: (value) => {
    const { key, time } = fieldsOf(value);
    return `${String(key)} ${String(time)}`;
  },
};

/** Readings of three measures: one may be null, one absent, and one of a wrong type. */
function threeMeasures(reading: Reading): Uint8Array {
  const { random, value } = reading;
  const draw = random();
  const flow = draw < 0.02 ? "none" : draw < 0.04 ? null : 5 + draw;
  const document = {
    reading: { value },
    ...(random() < 0.9 && { power: 3 * (value ?? 0) + random() }),
    flow,
  };
  return Buffer.from(JSON.stringify(document));
}

const firstSchema = {
  type: "record",
  name: "Document",
  namespace: "chaos",
  fields: [
    {
      name: "reading",
      type: {
        type: "record",
        name: "Reading",
        fields: [
          { name: "value", type: ["null", "double"] },
          { name: "unit", type: { type: "enum", name: "Unit", symbols: ["C", "K"] } },
        ],
      },
    },
    { name: "tags", type: { type: "array", items: "long" } },
  ],
};
/** The same with a field before the others. */
const secondSchema = {
  ...firstSchema,
  fields: [{ name: "site", type: "string", default: "" }, ...firstSchema.fields],
};

/** Avro in Confluent's wire format, in and out, whose schema changes while records come. */
async function avroShape(forecasts: string): Promise<Shape> {
  const server = await startRegistry();
  const registry = { url: server.url, timeoutMs: 10_000 };
  const subject = `${forecasts}-input`;
  const schemas = [firstSchema, secondSchema];
  const types = schemas.map((schema) => avro.Type.forSchema(schema as avro.Schema));
  const prefixes: Buffer[] = [];
  for (const schema of schemas) {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(await server.register(subject, "AVRO", JSON.stringify(schema)), 1);
    prefixes.push(prefix);
  }
  const write: WriteDocument = ({ random, value, offset }) => {
    const which = offset > 500 && random() < 0.5 ? 1 : 0;
    const document = {
      site: `site-${offset % 7}`,
      reading: { value, unit: offset % 2 === 0 ? "C" : "K" },
      tags: Array.from({ length: offset % 4 }, () => Math.floor(1000 * random())),
    };
    return Buffer.concat([prefixes[which]!, types[which]!.toBuffer(document)]);
  };
  const incidents = { subject: `${forecasts}-incidents-value` };
  const encode = { format: "avro", subject: `${forecasts}-value`, incidents } as const;
  const schemaId = await registerOutput({ registry, subject: encode.subject, encode });
  const { subject: ofIncidents } = incidents;
  const incidentsId = await registerOutput({ registry, subject: ofIncidents, encode, records: "incidents" });
  const change = avro.Type.forSchema(JSON.parse(incidentSchema("avro").schema) as avro.Schema);
  const format = await openFormat({ format: "avro", registry });
  const samples = prefixes.map((prefix, offset): InputRecord => {
    const value = Buffer.concat([prefix, Buffer.alloc(1)]);
    return { offset, timestamp: 0, key: null, value, headers: [] };
  });
  await format.prepare(samples, AbortSignal.timeout(30_000));
  const decode = { ...pipeline.decode, format: "avro" } as const;
  return {
    ...plain,
    write,
    format,
    pipeline: {
      ...pipeline,
      decode,
      encode: { ...encode, schemaId, incidents: { ...incidents, schemaId: incidentsId } },
    },
    sections: { schemaRegistry: { url: server.url }, encode },
    changeOf: (value) => change.fromBuffer(Buffer.from(value).subarray(5)) as Record<string, unknown>,
    close: () => server.stop(),
  };
}

/** Opens a shape; `forecasts` is the topic that subjects of schemas are named after. */
export async function openShape(name: ShapeName, forecasts: string): Promise<Shape> {
  switch (name) {
    case "readings":
      return plain;
    case "windows":
      return { ...windows, model: { ...model, aggregate } };
    case "churn": {
      // A key has some 500 windows, so that it has incidents. The model, its detection and the commits are the defaults.
      const minutes = { ...aggregate, every: "1m" } as const;
      return {
        ...windows,
        keys: 480,
        lifetime: 400,
        model: { aggregate: minutes, maxKeys: 100 },
        sections: { aggregate: minutes },
        pipeline: {
          decode: pipeline.decode,
          late: "dead-letter",
          snapshot: { everyEvents: 5000, everyMs: 60_000 },
        },
      };
    }
    case "measures": {
      const series = { value: "reading.value", power: "power", flow: "flow" };
      return {
        ...plain,
        write: threeMeasures,
        pipeline: { ...pipeline, decode: { series, absent: "skip" } },
        told: (value) => String(fieldsOf(value)["key"]),
      };
    }
    case "candidate": {
      const other = { cell: "gru", hidden: 8 } as const;
      return { ...plain, candidate: { ...model, ...other }, sections: { candidate: { model: other } } };
    }
    case "avro":
      return await avroShape(forecasts);
  }
}
