/**
 * Makes readers of Avro data from schemas (Avro 1.12). Time and memory are linear in the bytes, whatever the bytes are. Logical
 * types become what the decoder reads: times are dates, decimals are numbers. A union gives the value of its branch.
 */
import { Cursor } from "./cursor.js";
import { decimalOf, variableDecimalOf } from "../../../pipeline/decode/formats/decimal.js";

type Read = (cursor: Cursor) => unknown;
type Definition = Readonly<Record<string, unknown>>;

/** Named types of a schema and those it refers to, by full name. */
export type AvroNames = Map<string, { read: Read }>;

/**
 * Returns a reader of values of a schema. Throws a TypeError for what is no schema.
 *
 * @param schema Parsed JSON of the schema.
 * @param names Types of schemas that this one refers to; those that it declares are added.
 * @returns A function that reads the value at an offset, up to the end of the bytes. It throws a RangeError for other bytes.
 */
export function avroReader(
  schema: unknown,
  names: AvroNames = new Map(),
): (bytes: Uint8Array, from: number) => unknown {
  const read = readerOf(schema, { names, namespace: "" });
  const cursor = new Cursor();
  return (bytes, from) => {
    cursor.open(bytes, from);
    const value = read(cursor);
    if (cursor.left > 0) throw new RangeError(`it has ${cursor.left} bytes after its end`);
    return value;
  };
}

interface Scope {
  readonly names: AvroNames;
  readonly namespace: string;
}

const primitives: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: (cursor) => cursor.boolean(),
  int: (cursor) => cursor.long(),
  long: (cursor) => cursor.long(),
  float: (cursor) => cursor.float(),
  double: (cursor) => cursor.double(),
  bytes: (cursor) => cursor.bytes(cursor.size()),
  string: (cursor) => cursor.string(),
};

function readerOf(schema: unknown, scope: Scope): Read {
  if (Array.isArray(schema)) return unionReader(schema, scope);
  if (typeof schema === "string") return namedReader(schema, scope);
  if (typeof schema !== "object" || schema === null)
    throw new TypeError("a type is neither a name nor an object");
  const definition = schema as Definition;
  const { type } = definition;
  switch (type) {
    case "record":
    case "error":
      return declared(definition, scope, recordReader);
    case "enum":
      return declared(definition, scope, enumReader);
    case "fixed":
      return declared(definition, scope, fixedReader);
    case "array":
      return arrayReader(readerOf(definition["items"], scope));
    case "map":
      return mapReader(readerOf(definition["values"], scope));
    default:
      return logical(definition, readerOf(type, scope));
  }
}

function namedReader(name: string, { names, namespace }: Scope): Read {
  const primitive = Object.hasOwn(primitives, name) ? primitives[name] : undefined;
  if (primitive !== undefined) return primitive;
  const known =
    names.get(name.includes(".") || namespace === "" ? name : `${namespace}.${name}`) ?? names.get(name);
  if (known === undefined) throw new TypeError(`the type ${JSON.stringify(name)} is not declared`);
  // The type may refer to itself, and have no reader yet.
  return (cursor) => known.read(cursor);
}

function declared(
  definition: Definition,
  { names, namespace }: Scope,
  make: (definition: Definition, scope: Scope) => Read,
): Read {
  const name = textOf(definition["name"], "a name");
  const own = typeof definition["namespace"] === "string" ? definition["namespace"] : namespace;
  const full = name.includes(".") || own === "" ? name : `${own}.${name}`;
  const type: { read: Read } = { read: () => undefined };
  names.set(full, type);
  const dot = full.lastIndexOf(".");
  type.read = make(definition, { names, namespace: dot < 0 ? "" : full.slice(0, dot) });
  return type.read;
}

function recordReader(definition: Definition, scope: Scope): Read {
  const fields = listOf(definition["fields"], "fields").map((field) => {
    const { name, type } = field as Definition;
    const text = textOf(name, "a field's name");
    if (text === "__proto__") throw new TypeError("a field is called __proto__");
    return { name: text, read: readerOf(type, scope) };
  });
  const readRecord = (cursor: Cursor): unknown => {
    const record: Record<string, unknown> = {};
    for (const { name, read } of fields) record[name] = read(cursor);
    return record;
  };
  // Debezium's decimal without a fixed scale.
  const isDecimal = definition["connect.name"] === "io.debezium.data.VariableScaleDecimal";
  return isDecimal ? (cursor) => variableDecimalOf(readRecord(cursor)) : readRecord;
}

function enumReader(definition: Definition): Read {
  const symbols = listOf(definition["symbols"], "symbols");
  return (cursor) => branch(symbols, cursor.long());
}

function fixedReader(definition: Definition): Read {
  const size = Number(definition["size"]);
  if (!Number.isSafeInteger(size) || size < 0) throw new TypeError("a fixed type has no size");
  return logical(definition, (cursor) => cursor.bytes(size));
}

function unionReader(branches: readonly unknown[], scope: Scope): Read {
  const readers = branches.map((schema) => readerOf(schema, scope));
  return (cursor) => branch(readers, cursor.long())(cursor);
}

function arrayReader(item: Read): Read {
  return (cursor) => {
    const items: unknown[] = [];
    for (let count = cursor.block(); count > 0; count = cursor.block()) {
      for (let i = 0; i < count; i++) items.push(item(cursor));
    }
    return items;
  };
}

function mapReader(value: Read): Read {
  return (cursor) => {
    const map = Object.create(null) as Record<string, unknown>;
    for (let count = cursor.block(); count > 0; count = cursor.block()) {
      for (let i = 0; i < count; i++) {
        const name = cursor.string();
        map[name] = value(cursor);
      }
    }
    return map;
  };
}

/** Units of a time in a millisecond, by logical type. */
const perMillisecond: Readonly<Record<string, number>> = {
  date: 1 / 86_400_000,
  "timestamp-millis": 1,
  "timestamp-micros": 1e3,
  "timestamp-nanos": 1e6,
  "local-timestamp-millis": 1,
  "local-timestamp-micros": 1e3,
  "local-timestamp-nanos": 1e6,
};

/** Returns the reader of a logical type; of an unknown one, or one that does not fit, that of the type below. */
function logical(definition: Definition, read: Read): Read {
  const { logicalType, type, scale = 0 } = definition;
  if (logicalType === "decimal" && (type === "bytes" || type === "fixed") && Number.isSafeInteger(scale)) {
    return (cursor) => decimalOf(read(cursor) as Uint8Array, scale as number);
  }
  const isTime =
    (type === "long" || (type === "int" && logicalType === "date")) &&
    typeof logicalType === "string" &&
    Object.hasOwn(perMillisecond, logicalType);
  if (!isTime) return read;
  const units = perMillisecond[logicalType]!;
  // A local time has no zone: as text it is one of the zone that the settings name.
  const isLocal = logicalType.startsWith("local-");
  return (cursor) => {
    const count = read(cursor) as number;
    // A double beyond 2^53 may lie just below the whole number that was written.
    const time = new Date(
      units === 1e6 ? Math.floor(Math.round(count / 1e3) / 1e3) : Math.floor(count / units),
    );
    return isLocal && !Number.isNaN(time.getTime()) ? time.toISOString().slice(0, -1) : time;
  };
}

function branch<T>(branches: readonly T[], index: number): T {
  if (index >= 0 && index < branches.length) return branches[index]!;
  throw new RangeError("it holds a branch or symbol that its schema does not have");
}

function textOf(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`${what} is missing`);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${what} are missing`);
}
