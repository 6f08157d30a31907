/** Turns the JSON messages of incidents into the format of the incidents topic. */
import {
  hasRegisteredSchema,
  incidentEncoding,
  type EncodeSettings,
  type OutputFormat,
} from "../../encode-settings.js";
import { AvroWriter } from "../binary/avro.js";
import { OutputBytes } from "../binary/bytes.js";
import { ProtobufWriter } from "../binary/protobuf.js";
import type { BinaryWriter } from "../binary/writer.js";
import { JsonText, longestAppend } from "../json-text.js";
import type { Kind } from "../output-schema.js";
import { wirePrefixOf } from "../wire-prefix.js";
import { incidentEnvelope, incidentFields, memberFields } from "./fields.js";

/** Values of a message by the names of its fields. */
type Message = Readonly<Record<string, unknown>>;

/** Bytes of all fields of a message without its texts, at most. */
const fieldsRoom = 1024;
/** Bytes in another format per byte of JSON, at most: JSON has the names of fields and quotes. */
const growth = 4;

/**
 * The format of one partition's incidents. A message takes an object: incidents are few, forecasts have writers without objects.
 *
 * @example
 * ```ts
 * const format = new IncidentFormat(encode);
 * messages.write(key, note);
 * format.encode(JsonText.shared().take()); // bytes of the format
 * ```
 */
export class IncidentFormat {
  readonly format: OutputFormat;
  readonly #prefix: Uint8Array;
  readonly #out = new OutputBytes();
  readonly #writer: BinaryWriter;

  /** Without the id of a schema, incidents are flat JSON; throws SETTING_INVALID if they have a format of their own. */
  constructor(encode: Pick<EncodeSettings, "format" | "incidents">) {
    const encoding = incidentEncoding(encode);
    const isRegistered = hasRegisteredSchema(encoding);
    const hasNone = encode.incidents.format === undefined && encoding.schemaId === undefined;
    this.format = isRegistered && hasNone ? "json" : encoding.format;
    this.#prefix =
      isRegistered && this.format !== "json"
        ? wirePrefixOf(encoding, "encode.incidents")
        : Buffer.from(this.format === "connect-json" ? incidentEnvelope() : "");
    this.#writer = this.format === "avro" ? new AvroWriter(this.#out) : new ProtobufWriter(this.#out);
  }

  /** Returns a JSON message in the format. The process's text must be empty. */
  encode(json: Buffer): Buffer {
    switch (this.format) {
      case "json":
        return json;
      case "json-schema":
        return Buffer.concat([this.#prefix, json]);
      case "connect-json":
        return this.#connect(json);
      case "avro":
      case "protobuf":
        return this.#binary(json);
    }
  }

  #binary(json: Buffer): Buffer {
    const out = this.#out;
    out.length = 0;
    out.reserve(this.#prefix.length + growth * json.length + fieldsRoom);
    out.append(this.#prefix, 0, this.#prefix.length);
    writeFields(this.#writer, incidentFields, parse(json));
    return Buffer.from(out.bytes.subarray(0, out.length));
  }

  #connect(json: Buffer): Buffer {
    const message = parse(json);
    const members = itemsOf(message["members"]);
    const text = JsonText.shared();
    const appends = Object.keys(incidentFields).length + 3 * members.length;
    text.reserve(this.#prefix.length + growth * json.length + fieldsRoom + appends * longestAppend);
    text.bytes(this.#prefix, 0, this.#prefix.length);
    connectFields(text, incidentFields, message);
    text.bytes(ends, 0, ends.length);
    return text.take();
  }
}

/** Ends the payload, and the envelope. */
const ends = Buffer.from("}}");

function parse(json: Buffer): Message {
  return JSON.parse(json.toString()) as Message;
}

/** Epoch milliseconds of a time of a message; NaN for none. */
function timeOf(value: unknown): number {
  return typeof value === "string" ? Date.parse(value) : NaN;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

function itemsOf(value: unknown): readonly Message[] {
  return (value as readonly Message[] | undefined) ?? [];
}

function writeFields(writer: BinaryWriter, fields: Readonly<Record<string, Kind>>, message: Message): void {
  Object.entries(fields).forEach(([name, kind], i) => writeField(writer, i + 1, kind, message[name]));
}

function writeField(writer: BinaryWriter, number: number, kind: Kind, value: unknown): void {
  switch (kind) {
    case "text": {
      const bytes = Buffer.from(value as string);
      writer.text(number, bytes, 0, bytes.length);
      return;
    }
    case "maybe text":
      writer.maybeText(number, typeof value === "string" ? Buffer.from(value) : undefined);
      return;
    case "maybe double":
      writer.maybeDouble(number, numberOf(value));
      return;
    case "time":
      writer.time(number, timeOf(value));
      return;
    case "maybe time":
      writer.maybeTime(number, timeOf(value));
      return;
    case "boolean":
      writer.boolean(number, value === true);
      return;
    case "int":
    case "long":
      writer.integer(number, value as number);
      return;
    case "maybe int":
      writer.maybeInteger(number, numberOf(value));
      return;
    case "list": {
      const items = itemsOf(value);
      writer.beginList(items.length);
      for (const item of items) {
        const begun = writer.beginItem(number);
        writeFields(writer, memberFields, item);
        writer.endItem(begun);
      }
      writer.endList();
    }
  }
}

function connectFields(text: JsonText, fields: Readonly<Record<string, Kind>>, message: Message): void {
  const nothing = text.piece("");
  const append = (part: string): void => {
    const bytes = Buffer.from(part);
    text.bytes(bytes, 0, bytes.length);
  };
  Object.entries(fields).forEach(([name, kind], i) => {
    append(`${i === 0 ? "{" : ","}"${name}":`);
    const value = message[name];
    switch (kind) {
      case "text":
      case "maybe text":
      case "boolean":
        append(JSON.stringify(value ?? null));
        return;
      case "maybe double":
        text.number(nothing, numberOf(value));
        return;
      case "time":
      case "maybe time":
        text.long(nothing, timeOf(value));
        return;
      case "int":
      case "maybe int":
      case "long":
        text.long(nothing, numberOf(value));
        return;
      case "list":
        itemsOf(value).forEach((item, at) => {
          append(at === 0 ? "[" : ",");
          connectFields(text, memberFields, item);
          append("}");
        });
        append(itemsOf(value).length === 0 ? "[]" : "]");
    }
  });
}
