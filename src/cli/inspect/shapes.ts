/** Recognises records of well-known tools by their fields. */
import type { InputRecord } from "../../pipeline/ports.js";
import type { Fields } from "./fields.js";
import { parsed } from "./values.js";

/** A record and its value as a document. */
export interface Document {
  readonly record: InputRecord;
  readonly document: unknown;
}

/** Settings of `decode`, as they are printed. */
export type Decode = Record<string, unknown>;

/** What is known of the records by their shape. Measures, keys and times that it leaves open are found by their fields. */
export interface Shape {
  /** How a note calls it; undefined for records of no known shape. */
  readonly title?: string;
  /** Measures are at paths that begin so. */
  readonly within: string;
  /** Array whose items are read. */
  readonly array?: string | undefined;
  /** Settings that follow from the shape alone. */
  readonly decode: Decode;
}

const isText = (fields: Fields, path: string): boolean => (fields.at(path)?.texts ?? 0) > 0;
const isObject = (fields: Fields, path: string): boolean => (fields.at(path)?.objects ?? 0) > 0;

/** Returns the shape of the documents of records. */
export function shapeOf(fields: Fields, records: readonly InputRecord[]): Shape {
  for (const prefix of ["", "payload."]) {
    if (
      isText(fields, `${prefix}op`) &&
      isObject(fields, `${prefix}after`) &&
      isObject(fields, `${prefix}source`)
    ) {
      return debezium(fields, prefix, records);
    }
  }
  for (const prefix of ["", "metrics."]) {
    if (
      isText(fields, `${prefix}name`) &&
      isObject(fields, `${prefix}tags`) &&
      isObject(fields, `${prefix}fields`)
    ) {
      return telegraf(prefix);
    }
  }
  if (isText(fields, "specversion") && isText(fields, "source") && isText(fields, "type")) {
    return {
      title: "CloudEvents in structured mode",
      within: "data",
      decode: {
        key: isText(fields, "subject") ? ["source", "subject"] : "source",
        ...(isText(fields, "time") && { time: "time" }),
      },
    };
  }
  const headers = new Set(records.flatMap((record) => record.headers.map(({ name }) => name)));
  if (headers.has("ce_specversion") && headers.has("ce_source")) {
    const source = { header: "ce_source" };
    return {
      title: "CloudEvents in binary mode",
      within: "",
      decode: {
        key: headers.has("ce_subject") ? [source, { header: "ce_subject" }] : source,
        ...(headers.has("ce_time") && { time: { header: "ce_time" } }),
      },
    };
  }
  const labels = ["labels", "tags", "attributes"].find((name) => isObject(fields, name));
  if (labels !== undefined && isText(fields, "name") && (fields.at("value")?.present ?? 0) > 0) {
    return {
      title: "metrics with labels",
      within: "value",
      decode: { key: ["name", { labels }] },
    };
  }
  return { within: "", decode: {} };
}

function debezium(fields: Fields, prefix: string, records: readonly InputRecord[]): Shape {
  const table = fields.at(`${prefix}source.table`)?.values.values().next().value;
  const first = table !== undefined && table !== "" ? [{ const: table }] : [];
  const keys = primaryKey(records).filter((name) => fields.at(`${prefix}after.${name}`) !== undefined);
  const columns = keys.map((name) => `${prefix}after.${name}`);
  return {
    title: "changes of a table from Debezium",
    within: `${prefix}after`,
    decode: {
      ...(columns.length > 0 && { key: [...first, ...columns].slice(0, 16) }),
      time: `${prefix}ts_ms`,
      skip: [{ field: `${prefix}op`, in: ["d", "t", "m"] }],
      tombstones: "skip",
    },
  };
}

/** Columns of the primary key, which are the record's key in JSON. */
function primaryKey(records: readonly InputRecord[]): readonly string[] {
  const key = records.find((record) => record.key !== null)?.key ?? undefined;
  const document = key && parsed(key);
  if (typeof document !== "object" || document === null) return [];
  const { payload } = document as { readonly payload?: unknown };
  return Object.keys(typeof payload === "object" && payload !== null ? payload : document);
}

function telegraf(prefix: string): Shape {
  return {
    title: prefix === "" ? "Telegraf's metrics" : "batches of Telegraf's metrics",
    within: `${prefix}fields`,
    ...(prefix !== "" && { array: "metrics" }),
    decode: {
      ...(prefix !== "" && { each: "metrics" }),
      key: [`${prefix}name`, { labels: `${prefix}tags` }],
      series: `${prefix}fields`,
    },
  };
}
