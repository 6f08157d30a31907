/** Reads lines of a file as the records that they were: JSON with members for the record's key and time, or text. */
import { UndercurrentError } from "../../errors/errors.js";
import type { DecodeSettings } from "../../pipeline/decode-settings.js";
import { recordDecoder, type Decoded, type Reading } from "../../pipeline/decode/decode.js";
import type { ValueFormat } from "../../pipeline/decode/format.js";
import { jsonHint, parseJsonText } from "../../pipeline/decode/formats/json-text.js";
import { recordKeyBytes, withWindow } from "../../pipeline/decode/record-key.js";
import type { InputRecord } from "../../pipeline/ports.js";
import { detectingTimeReader } from "../../pipeline/times/detection.js";
import { flagNames, type TimeSettings } from "../../pipeline/times/reader.js";
import { notUtf8Text, wasUtf8 } from "./encodings/utf8.js";
import { longestLine, type Line } from "./lines.js";

/** Files whose lines are JSON, by their names. */
export const jsonLinesName = /\.(jsonl|ndjson)(\.gz)?$/i;

/** What a line holds, as far as it is read. */
export interface LineReadings {
  readonly readings: readonly Pick<Reading, "key" | "time" | "value" | "features">[];
  readonly refused: Decoded["refused"];
}

/** Reads a line. Throws the error of a line that holds nothing readable. */
export type LineReader = (line: Line) => LineReadings;

/** How the members of a line make a record. */
export interface LineForm extends TimeSettings {
  /** Member that is the record's key; "key" without. */
  readonly key?: string | undefined;
  /** Member that is the record's time, without `decode.time`; "time" without. */
  readonly time?: string | undefined;
}

/**
 * Returns the settings for lines of files: JSON with a schema is JSON there.
 *
 * @throws SETTING_INVALID for formats of bytes, and for a number without key and time.
 */
export function lineDecode(decode: DecodeSettings): DecodeSettings {
  const { format } = decode;
  if (format === "json-schema") return { ...decode, format: "json" };
  if (format === "json" || format === "connect-json" || format === "text" || format === "module")
    return decode;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `lines need decode.format: json, connect-json, json-schema, text or module, found ${format}; give CSV, or lines with key, time and value`,
  );
}

/** Returns a reader of lines that goes by the settings of records. Throws SETTING_INVALID. */
export function decodedLines(
  decode: DecodeSettings,
  format: ValueFormat | undefined,
  form: LineForm,
  notice: (text: string) => void,
): LineReader {
  const settings = lineDecode(decode);
  const toRecord = lineRecords(settings, form, notice);
  const read = recordDecoder(settings, format);
  return (line) => read(toRecord(line));
}

/** Returns the function that makes a line the record that it was. The function throws the errors of lines, keys and times. */
export function lineRecords(
  decode: DecodeSettings,
  form: LineForm,
  notice: (text: string) => void,
): (line: Line) => InputRecord {
  const { key: keyMember = "key", time: timeMember = "time" } = form;
  const timeOf = detectingTimeReader(form, flagNames, notice);
  return ({ text, number }) => {
    if (text === undefined) {
      throw new UndercurrentError("LINE_TOO_LONG", `the line is longer than ${longestLine} characters`);
    }
    if (!wasUtf8(text)) throw new UndercurrentError("ROW_UNREADABLE", notUtf8Text);
    const { [keyMember]: key, [timeMember]: time } = decode.format === "text" ? noMembers : membersOf(text);
    const timestamp = isTimeElsewhere(decode, time) ? -1 : timeOf(time);
    const bytes = keyBytes(key, decode);
    return {
      offset: number,
      timestamp,
      key: bytes && withWindow(bytes, decode.keyWindow, timestamp),
      value: Buffer.from(text),
      headers: [],
    };
  };
}

/** Returns the bytes of a record's key; null for a line without one. Throws KEY_INVALID. */
function keyBytes(key: unknown, { keyFormat }: DecodeSettings): Uint8Array | null {
  if ((keyFormat === "json" || keyFormat === "connect-json") && key !== undefined) {
    // A dump of a topic may hold the key's JSON as a text.
    return Buffer.from(typeof key === "string" && isJson(key) ? key : JSON.stringify(key));
  }
  if (typeof key !== "string" && typeof key !== "number") return null;
  const bytes = recordKeyBytes(String(key), keyFormat);
  if (bytes !== undefined) return bytes;
  throw new UndercurrentError(
    "KEY_INVALID",
    `the key ${JSON.stringify(key)} is no ${keyFormat} (decode.keyFormat)`,
  );
}

/** Whether the time is not the member's: that of `decode.time`, or of what a function reads. */
function isTimeElsewhere({ time, format }: DecodeSettings, member: unknown): boolean {
  const isOfWindow = typeof time === "object" && "window" in time;
  return (time !== undefined && !isOfWindow) || (format === "module" && member === undefined);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type Members = Readonly<Record<string, unknown>>;
const noMembers: Members = {};

function membersOf(text: string): Members {
  try {
    const document = parseJsonText(text);
    return typeof document === "object" && document !== null ? (document as Members) : noMembers;
  } catch {
    throw new UndercurrentError("ROW_UNREADABLE", `the line is not JSON${jsonHint(text)}`);
  }
}
