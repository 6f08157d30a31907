/** Decodes input records to readings (key, time, value); rejected records become dead letters. */
import { isUtf8 } from "node:buffer";
import { UndercurrentError, type ErrorCode } from "../../errors/errors.js";
import { readKey, readTime, readValue } from "../../forecast/input.js";
import type { InputRecord, OutputRecord } from "../ports.js";
import { pathNames, type DecodeSettings } from "../settings.js";
import { decodeNames, timeReader } from "../times/reader.js";

/** A decoded record. */
export interface Reading {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly time: number;
  /** NaN for a missing value. */
  readonly value: number;
  /** Exogenous features in the order of their paths; NaN for a missing value. */
  readonly features: readonly number[];
  /** Parsed JSON of the record's value; the number if the format is `number`. */
  readonly document: unknown;
  readonly record: InputRecord;
}

export type Decode = (record: InputRecord) => Reading;

/**
 * Returns a function that decodes records. The function throws RECORD_UNREADABLE, BATCH_UNREADABLE, KEY_INVALID, TIME_INVALID,
 * VALUE_NOT_A_NUMBER or VALUE_OUT_OF_RANGE. A null value is a missing value. An absent value is an error, because a wrong
 * path would otherwise make every value missing. An absent feature is a missing value.
 *
 * @example
 * ```ts
 * const decode = decoder(pipelineSettings({ decode: { value: "payload.celsius", time: "at" } }).decode);
 * const { key, time, value } = decode(record);
 * ```
 */
export function decoder(settings: DecodeSettings): Decode {
  const isMissing = missingTexts(settings.missing);
  const parse = settings.format === "json" ? parseJson : numberParser(isMissing);
  const timeOf = timeReader(settings, decodeNames);
  const keyPath = settings.key === undefined ? undefined : pathNames(settings.key);
  const timePath = settings.time === undefined ? undefined : pathNames(settings.time);
  const valuePath = settings.format === "json" ? pathNames(settings.value) : [];
  const featurePaths = settings.features.map(pathNames);
  return (record) => {
    const document = parse(textOf(record, settings.maxValueBytes));
    const key = keyPath === undefined ? recordKey(record) : documentKey(document, keyPath);
    const time = timePath === undefined ? recordTime(record) : timeOf(find(document, timePath));
    const found = find(document, valuePath);
    if (found === undefined) {
      throw new UndercurrentError(
        "VALUE_NOT_A_NUMBER",
        `the record has no value at the path ${pathText(valuePath)} (decode.value)`,
      );
    }
    const value = isMissing(found) ? NaN : readValue(found);
    const features = featurePaths.map((path) => {
      const feature = find(document, path);
      return isMissing(feature) ? NaN : readFeature(feature, path);
    });
    return { key, time, value, features, document, record };
  };
}

/** Checks a reading that an operator of the user's may have changed. Throws as a decoder does. */
export function checkReading(reading: Reading): void {
  readKey(reading.key);
  readTime(reading.time);
  readValue(reading.value);
  reading.features.forEach((feature, index) => readValue(feature, `feature ${index}`));
}

/** Where a record came from. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
}

/** The record as it came, with further headers that say why it was refused and where it came from. */
export function deadLetter(
  record: InputRecord,
  origin: Origin,
  code: ErrorCode,
  reason: string,
): OutputRecord {
  const entries: readonly (readonly [string, string])[] = [
    ["undercurrent-code", code],
    ["undercurrent-reason", reason],
    ["undercurrent-topic", origin.topic],
    ["undercurrent-partition", String(origin.partition)],
    ["undercurrent-offset", String(record.offset)],
  ];
  const headers = entries.map(([name, text]) => ({ name, value: new TextEncoder().encode(text) }));
  return { ...outputOf(record), headers: [...record.headers, ...headers] };
}

/** An output record with the key, value, headers and timestamp of an input record. */
function outputOf({ key, value, headers, timestamp }: InputRecord): OutputRecord {
  return { key, value, headers, timestamp };
}

function textOf(record: InputRecord, maxBytes: number): string {
  if (record.unreadable !== undefined) throw new UndercurrentError("BATCH_UNREADABLE", record.unreadable);
  if (record.value === null) {
    throw new UndercurrentError("RECORD_UNREADABLE", "the record has no value (a tombstone)");
  }
  if (record.value.length > maxBytes) {
    throw new UndercurrentError(
      "RECORD_UNREADABLE",
      `the record's value has ${record.value.length} bytes, expected at most ${maxBytes} (decode.maxValueBytes)`,
    );
  }
  if (!isUtf8(record.value)) {
    throw new UndercurrentError("RECORD_UNREADABLE", "the record's value is not UTF-8 text");
  }
  return decodeText(record.value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UndercurrentError("RECORD_UNREADABLE", "the record's value is not JSON", { cause });
  }
}

// Stricter than Number(), which takes "", " " and "0x1f".
const numberText = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

function numberParser(isMissing: (value: unknown) => boolean): (text: string) => number {
  return (text) => {
    if (isMissing(text)) return NaN;
    if (numberText.test(text)) return Number(text);
    if (text.trim() === "NaN") return NaN;
    throw new UndercurrentError("VALUE_NOT_A_NUMBER", "the record's value is not a number");
  };
}

/** Whether a value is one of the texts that stand for a missing one, in any case and with blanks around it. */
export function missingTexts(texts: readonly string[]): (value: unknown) => boolean {
  if (texts.length === 0) return () => false;
  const known = new Set(texts.map((text) => text.trim().toLowerCase()));
  return (value) => typeof value === "string" && known.has(value.trim().toLowerCase());
}

function recordKey({ key }: InputRecord): string {
  if (key === null) throw new UndercurrentError("KEY_INVALID", "the record has no key");
  // Two keys that are not UTF-8 could become the same text.
  if (!isUtf8(key)) throw new UndercurrentError("KEY_INVALID", "the record's key is not UTF-8 text");
  return readKey(decodeText(key));
}

function documentKey(document: unknown, path: readonly string[]): string {
  const key = find(document, path);
  if (typeof key === "number" && Number.isInteger(key) && !Number.isSafeInteger(key)) {
    throw new UndercurrentError(
      "KEY_INVALID",
      "the key is an integer beyond 2^53, which JSON cannot hold exactly; use a string",
    );
  }
  return readKey(key);
}

function readFeature(feature: unknown, path: readonly string[]): number {
  return readValue(feature, `the feature at ${pathText(path)}`);
}

function recordTime({ timestamp }: InputRecord): number {
  if (timestamp === -1) throw new UndercurrentError("TIME_INVALID", "the record has no timestamp");
  return readTime(timestamp);
}

/** What lies at a path, undefined where there is nothing; only own properties are followed. */
function find(document: unknown, path: readonly string[]): unknown {
  let found = document;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

function pathText(path: readonly string[]): string {
  return JSON.stringify(path.join("."));
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
