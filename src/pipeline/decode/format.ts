/** Defines the port of the formats whose records need a schema, such as Avro. */
import { UndercurrentError } from "../../errors/errors.js";
import type { InputRecord } from "../ports.js";

/** Reads the bytes of records' values, and of their keys, as documents. */
export interface ValueFormat {
  /**
   * Fetches the schemas that the records need and that are not at hand. Returns undefined if there are none, so that no
   * promise is made per record. Rejects with REGISTRY_REFUSED if the registry refuses the credentials, and with the reason of
   * `signal` if `signal` is aborted first. Waits while the registry is away.
   */
  prepare(records: readonly InputRecord[], signal: AbortSignal): Promise<void> | undefined;
  /**
   * Parses a value. Throws RECORD_UNREADABLE, and SCHEMA_UNREADABLE if its schema is unknown to the registry or cannot be used.
   * The result depends on the record's bytes and the schema alone.
   */
  parse(value: Uint8Array, record?: InputRecord): unknown;
  /** Parses a record's key, with `decode.keyFormat` avro or protobuf. Throws as `parse`. */
  parseKey?(key: Uint8Array): unknown;
}

/** How long a command that ends by itself waits for a registry that is away, as a signal. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(20_000);
}

/** Bytes before the data in Confluent's wire format: a zero, and the number of the schema. */
export const wirePrefix = 5;

/** Returns the number of the schema in Confluent's wire format; undefined for other bytes. */
export function schemaIdOf(value: Uint8Array): number | undefined {
  if (value.length < wirePrefix || value[0] !== 0) return undefined;
  return ((value[1]! << 24) | (value[2]! << 16) | (value[3]! << 8) | value[4]!) >>> 0;
}

/** Returns the number of the schema. Throws RECORD_UNREADABLE. */
export function requireSchemaId(value: Uint8Array): number {
  const id = schemaIdOf(value);
  if (id !== undefined) return id;
  throw new UndercurrentError(
    "RECORD_UNREADABLE",
    "the record's value does not begin as Confluent's wire format does: a zero byte and a schema id of 4 bytes",
  );
}
