/** Tells the format of records' values, and reads them as documents. */
import { isUtf8 } from "node:buffer";
import { UndercurrentError } from "../../errors/errors.js";
import type { BinaryNumberFormat } from "../../pipeline/decode-settings.js";
import { likelyBinaryNumber } from "../../pipeline/decode/formats/binary-number.js";
import { decodeText } from "../../pipeline/decode/document.js";
import { parseJsonText } from "../../pipeline/decode/formats/json-text.js";
import { schemaIdOf, wirePrefix } from "../../pipeline/decode/format.js";
import { isNumberText } from "../../pipeline/decode/number-text.js";
import type { InputRecord } from "../../pipeline/ports.js";

/** What a value looks like. */
type Look = "json" | "number" | "java-number" | "json-schema" | "wire" | "text" | "binary";

/** The format of most values. */
export interface SeenFormat {
  readonly look: Look;
  /** Values that look so, and all values. */
  readonly count: number;
  readonly of: number;
  /** Format of values that are one number in binary. */
  readonly binary?: BinaryNumberFormat;
  /** Schema ids of Confluent's wire format, the most frequent first. */
  readonly schemaIds: readonly number[];
}

/** Returns the format that most values have. Throws INPUT_UNUSABLE without any value. */
export function formatIn(records: readonly InputRecord[]): SeenFormat {
  const looks = new Map<Look, number>();
  const ids = new Map<number, number>();
  let of = 0;
  for (const { value } of records) {
    if (value === null) continue;
    of++;
    const look = lookOf(value);
    looks.set(look, (looks.get(look) ?? 0) + 1);
    const id = schemaIdOf(value);
    if (id !== undefined) ids.set(id, (ids.get(id) ?? 0) + 1);
  }
  const [most] = byCount(looks);
  if (most === undefined) {
    const message = `none of ${records.length} sampled records has a value: all are tombstones, which forecast nothing`;
    throw new UndercurrentError("INPUT_UNUSABLE", message, {
      action: "Name a topic whose records have values, or wait for one.",
    });
  }
  const binary = binaryNumberIn(records, [...ids.keys()]);
  if (binary !== undefined) return { look: "java-number", binary, count: of, of, schemaIds: [] };
  return { look: most[0], count: most[1], of, schemaIds: byCount(ids).map(([id]) => id) };
}

/** Most schemas of one topic that are believed where values could also be numbers in binary. */
const fewSchemas = 3;

/** Returns the format of values that are all one number in binary; undefined for other values. */
function binaryNumberIn(
  records: readonly InputRecord[],
  schemaIds: readonly number[],
): BinaryNumberFormat | undefined {
  const values = records.flatMap(({ value }) => (value === null ? [] : [value]));
  const isPrintable = (value: Uint8Array): boolean => value.every((byte) => byte >= 32 && byte < 127);
  const isWire = schemaIds.length > 0 && schemaIds.length <= fewSchemas && !schemaIds.includes(0);
  return isWire || values.every(isPrintable) ? undefined : likelyBinaryNumber(values);
}

function byCount<Key>(counts: ReadonlyMap<Key, number>): readonly (readonly [Key, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a);
}

function lookOf(value: Uint8Array): Look {
  if (schemaIdOf(value) !== undefined) {
    return typeof parsed(value.subarray(wirePrefix)) === "object" ? "json-schema" : "wire";
  }
  if (!isUtf8(value)) return "binary";
  const text = decodeText(value);
  if (isNumberText(text)) return "number";
  const document = parsed(value);
  return typeof document === "object" && document !== null ? "json" : "text";
}

/** Returns parsed JSON; undefined for other bytes. */
export function parsed(value: Uint8Array): unknown {
  if (!isUtf8(value)) return undefined;
  try {
    return parseJsonText(decodeText(value));
  } catch {
    return undefined;
  }
}

/** Whether most values are JSON texts that hold JSON documents. */
export function isJsonInJson(records: readonly InputRecord[]): boolean {
  const values = records.flatMap(({ value }) => (value === null ? [] : [parsed(value)]));
  const inner = values.filter((text) => {
    const document = typeof text === "string" ? parsed(Buffer.from(text)) : null;
    return typeof document === "object" && document !== null;
  });
  return 2 * inner.length > values.length;
}

/** A short, printable form of bytes: their text, or hexadecimal digits. */
export function excerpt(value: Uint8Array): string {
  if (!isUtf8(value)) return `bytes ${Buffer.from(value.subarray(0, 16)).toString("hex")}`;
  const text = decodeText(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
