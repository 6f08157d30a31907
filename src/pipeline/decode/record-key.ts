/** Reads the bytes of records' keys: integers, bytes as digits, and the window that Kafka Streams writes behind a key. */
import { UndercurrentError } from "../../errors/errors.js";
import type { DecodeSettings } from "../decode-settings.js";
import { plausibleUnit } from "../times/epoch.js";
import type { InputRecord } from "../ports.js";

type KeyWindow = NonNullable<DecodeSettings["keyWindow"]>;

/**
 * Bytes of the window behind a key: its start or, of a session, its end and its start, as big-endian epoch milliseconds
 * (Kafka Streams' TimeWindowedSerializer and SessionWindowedSerializer).
 */
export const windowBytes: Readonly<Record<KeyWindow, number>> = { time: 8, session: 16 };

/** Returns the function from a record to the bytes of its key without the window. The function throws KEY_INVALID. */
export function plainKeyReader({
  keyWindow,
}: Pick<DecodeSettings, "keyWindow">): (record: Pick<InputRecord, "key">) => Uint8Array {
  const size = keyWindow === undefined ? 0 : windowBytes[keyWindow];
  return ({ key }) => {
    if (key === null) throw new UndercurrentError("KEY_INVALID", "the record has no key");
    if (size === 0) return key;
    if (key.length > size) return key.subarray(0, key.length - size);
    throw new UndercurrentError(
      "KEY_INVALID",
      `the record's key has ${key.length} bytes, and its window alone has ${size} (decode.keyWindow)`,
    );
  };
}

/** Returns the start or end of the window of a record's key, epoch milliseconds. Throws KEY_INVALID. */
export function windowTime(
  { key }: Pick<InputRecord, "key">,
  keyWindow: KeyWindow,
  edge: "start" | "end",
): number {
  plainKeyReader({ keyWindow })({ key });
  return timeAt(key!, edge === "start" ? 8 : 16);
}

/** Returns a key with a window of no length behind it. */
export function withWindow(key: Uint8Array, keyWindow: KeyWindow | undefined, time: number): Uint8Array {
  if (keyWindow === undefined) return key;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.floor(time)));
  return Buffer.concat(keyWindow === "time" ? [key, bytes] : [key, bytes, bytes]);
}

/** Returns the kind of window that seems to be behind a key; undefined if there seems to be none. */
export function likelyWindow(key: Uint8Array): KeyWindow | undefined {
  const isTime = (fromEnd: number): boolean =>
    key.length > fromEnd && plausibleUnit(timeAt(key, fromEnd)) === "ms";
  if (!isTime(8)) return undefined;
  return isTime(16) && timeAt(key, 16) >= timeAt(key, 8) ? "session" : "time";
}

function timeAt(key: Uint8Array, fromEnd: number): number {
  return Number(viewOf(key).getBigInt64(key.length - fromEnd));
}

/** Parsers of keys that need no schema and no text. Throw KEY_INVALID. */
export const binaryKeys = {
  int32: (key: Uint8Array): string => String(integerView(key, 4, "int32").getInt32(0)),
  // Numbers hold integers up to 2^53 alone, so integers are texts.
  int64: (key: Uint8Array): string => integerView(key, 8, "int64").getBigInt64(0).toString(),
  hex: (key: Uint8Array): string => Buffer.from(key).toString("hex"),
};

function integerView(key: Uint8Array, size: number, name: string): DataView {
  if (key.length === size) return viewOf(key);
  throw new UndercurrentError(
    "KEY_INVALID",
    `the record's key has ${key.length} bytes, and ${name} has ${size} (decode.keyFormat)`,
  );
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Returns the bytes of a record's key from its text in a file; undefined for a text that the format does not have. */
export function recordKeyBytes(text: string, keyFormat: DecodeSettings["keyFormat"]): Uint8Array | undefined {
  if (keyFormat === "hex") return /^(?:[\da-f]{2})*$/i.test(text) ? Buffer.from(text, "hex") : undefined;
  if (keyFormat !== "int32" && keyFormat !== "int64") return Buffer.from(text);
  const bits = keyFormat === "int32" ? 32 : 64;
  const integer = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (integer === undefined || BigInt.asIntN(bits, integer) !== integer) return undefined;
  const bytes = Buffer.alloc(bits / 8);
  if (keyFormat === "int32") bytes.writeInt32BE(Number(integer));
  else bytes.writeBigInt64BE(integer);
  return bytes;
}

/** Names the setting that reads a key that is no UTF-8 text. */
export function binaryKeyHint(key: Uint8Array): string {
  if (key.length === 4)
    return "; a Java producer's IntegerSerializer writes 4 bytes (decode.keyFormat: int32)";
  if (key.length === 8) return "; a Java producer's LongSerializer writes 8 bytes (decode.keyFormat: int64)";
  const kind = likelyWindow(key);
  return kind === undefined
    ? "; decode.keyFormat: hex takes any bytes"
    : `; it ends with what looks like a window of Kafka Streams or ksqlDB (decode.keyWindow: ${kind})`;
}
