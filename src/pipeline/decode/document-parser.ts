/** Parses the value of a record to a document, by the format of the settings. */
import { isUtf8 } from "node:buffer";
import { UndercurrentError } from "../../errors/errors.js";
import type { DecodeSettings } from "../decode-settings.js";
import type { InputRecord } from "../ports.js";
import { likelyBinaryNumber, readBinaryNumber } from "./formats/binary-number.js";
import { connectPayload } from "./formats/connect-json.js";
import { decimalsReader } from "./formats/decimal.js";
import { jsonTextReader } from "./formats/json-in-text.js";
import { jsonHint, parseJsonText } from "./formats/json-text.js";
import { decodeText } from "./document.js";
import { requireSchemaId, schemaIdOf, wirePrefix, type ValueFormat } from "./format.js";
import { numberReader } from "./number.js";

/** Returns the parser of a record's value. It throws for a record that has nothing to parse. */
export function documentParser(
  settings: DecodeSettings,
  format: ValueFormat | undefined,
): (record: InputRecord) => unknown {
  const parse = formatParser(settings, format);
  const readTexts = jsonTextReader(settings);
  const readDecimals = decimalsReader(settings);
  if (readTexts === undefined && readDecimals === undefined) return parse;
  return (record) => {
    const given = parse(record);
    const document = readTexts === undefined ? given : readTexts(given);
    readDecimals?.(document);
    return document;
  };
}

function formatParser(
  settings: DecodeSettings,
  format: ValueFormat | undefined,
): (record: InputRecord) => unknown {
  switch (settings.format) {
    case "json":
      return (record) => parseJson(bytesOf(record, settings));
    case "connect-json":
      return (record) => {
        const payload = connectPayload(parseJson(bytesOf(record, settings)));
        if (payload === null) throw tombstone(settings);
        return payload;
      };
    case "json-schema":
      return (record) => {
        const value = bytesOf(record, settings);
        requireSchemaId(value);
        return parseJson(value.subarray(wirePrefix));
      };
    case "number": {
      const numbers = numberReader(settings);
      return (record) => numbers.read(textOf(bytesOf(record, settings)), "the record's value");
    }
    case "int32":
    case "int64":
    case "float32":
    case "float64": {
      const { format: name } = settings;
      return (record) => readBinaryNumber(bytesOf(record, settings), name);
    }
    case "text": {
      const split = lineSplitter(settings);
      return (record) => split(textOf(bytesOf(record, settings)));
    }
    case "avro":
    case "protobuf":
    case "module":
      if (format === undefined) {
        const source =
          settings.format === "module"
            ? "decodeWith of undercurrent-forecast/pipeline"
            : "openFormat of undercurrent-forecast/schemas";
        throw new UndercurrentError(
          "SETTING_INVALID",
          `decode.format: ${settings.format} needs the option \`format\`, from ${source}`,
        );
      }
      return (record) => format.parse(bytesOf(record, settings), record);
  }
}

/** Returns the function that names the columns of a line; the line itself without columns. An empty column is null. */
function lineSplitter({ columns, delimiter }: DecodeSettings): (line: string) => unknown {
  if (!Array.isArray(columns)) return (line) => line;
  return (line) => {
    const cells = line.split(delimiter);
    if (cells.length !== columns.length) {
      throw new UndercurrentError(
        "RECORD_UNREADABLE",
        `the record's value has ${cells.length} columns, expected ${columns.length} (decode.columns)`,
      );
    }
    return Object.fromEntries(
      columns.map((name, i) => {
        const cell = cells[i]!.trim();
        return [name, cell === "" ? null : cell];
      }),
    );
  };
}

function bytesOf(record: InputRecord, { maxValueBytes, tombstones }: DecodeSettings): Uint8Array {
  if (record.unreadable !== undefined) throw new UndercurrentError("BATCH_UNREADABLE", record.unreadable);
  if (record.value === null) {
    throw tombstone({ tombstones });
  }
  if (record.value.length <= maxValueBytes) return record.value;
  throw new UndercurrentError(
    "RECORD_UNREADABLE",
    `the record's value has ${record.value.length} bytes, expected at most ${maxValueBytes} (decode.maxValueBytes)`,
  );
}

function tombstone({ tombstones }: Pick<DecodeSettings, "tombstones">): UndercurrentError {
  return new UndercurrentError(
    tombstones === "skip" ? "RECORD_SKIPPED" : "RECORD_UNREADABLE",
    "the record has no value (a tombstone); decode.tombstones: skip leaves such records out",
  );
}

function textOf(value: Uint8Array): string {
  if (isUtf8(value)) return decodeText(value);
  const message = `the record's value is not UTF-8 text${binaryHint(value)}`;
  throw new UndercurrentError("RECORD_UNREADABLE", message);
}

/** What reads bytes that are no text; empty if nothing is known. */
function binaryHint(value: Uint8Array): string {
  if (value[0] === 0x1f && value[1] === 0x8b) {
    return ": it is gzipped, which a function unpacks (decode.module), as examples/topics/gzip.mjs does";
  }
  const isText = value.every((byte) => byte >= 32 && byte < 127);
  const format = value.length > 8 || isText ? undefined : likelyBinaryNumber([value]);
  return format === undefined
    ? ""
    : `: its ${value.length} bytes look like a number (decode.format: ${format})`;
}

function parseJson(value: Uint8Array): unknown {
  const id = schemaIdOf(value);
  if (id !== undefined && id > 0) {
    throw new UndercurrentError(
      "RECORD_UNREADABLE",
      `the record's value is not JSON: it looks like Confluent's wire format, schema id ${id}; set decode.format to avro, protobuf or json-schema`,
    );
  }
  const text = textOf(value);
  try {
    return parseJsonText(text);
  } catch (cause) {
    const message = `the record's value is not JSON${binaryHint(value) || jsonHint(text)}`;
    throw new UndercurrentError("RECORD_UNREADABLE", message, { cause });
  }
}
