/** Encodes rows of forecasts as JSON with chosen fields, alone or as Kafka Connect's JsonConverter reads it. */
import type { ForecastColumns } from "../../forecast/columns.js";
import type { Origin } from "../decode/dead-letter.js";
import { fieldsOf, type EncodeSettings, type OutputField, type OutputShape } from "../encode-settings.js";
import { connectEnvelope } from "./connect-schema.js";
import { incidentId } from "./incident-id.js";
import { JsonText, longestAppend } from "./json-text.js";
import { KeyJsonCache } from "./key-json-cache.js";
import type { MessageWriter } from "./message.js";
import { NestedLists } from "./nested-lists.js";
import { wirePrefixOf } from "./wire-prefix.js";

/** What the messages of one partition have in common. */
export interface MessageSource {
  /** Application of the service. */
  readonly application: string;
  /** Input partition. */
  readonly origin: Origin;
  readonly modelName: (version: number) => string;
  /** Returns the id of a key's open incident. Default: by the input partition. */
  readonly incidentIdOf?: (position: number, slot: number) => string;
  /** Number of steps ahead, and of levels. */
  readonly horizon: number;
  readonly levels: number;
}

/** Returns which lists the forecasts of a source have. */
export function shapeOf({ horizon, levels }: Pick<MessageSource, "horizon" | "levels">): OutputShape {
  return { hasIntervals: levels > 1, hasHorizon: horizon > 1 };
}

/** Columns of the fields that are numbers. */
export const columnOf = {
  value: "values",
  yhat: "yhat",
  yhat_lower: "yhatLower",
  yhat_upper: "yhatUpper",
  expected: "expected",
  expected_lower: "expectedLower",
  expected_upper: "expectedUpper",
  anomaly_score: "anomalyScore",
} as const satisfies Partial<Record<OutputField, keyof ForecastColumns>>;

/** A field with the text before its value: comma, name and colon. */
interface WrittenField {
  readonly field: OutputField;
  readonly before: Buffer;
}

const [yes, no, nothing] = [Buffer.from("true"), Buffer.from("false"), Buffer.from("null")];

export class FieldMessages implements MessageWriter {
  readonly #fields: readonly WrittenField[];
  readonly #begin: Buffer;
  readonly #end: Buffer;
  readonly #epoch: boolean;
  readonly #modelName: (version: number) => string;
  readonly #incidentIdOf: (position: number, slot: number) => string;
  readonly #constants: Readonly<Record<"application" | "topic", Buffer>>;
  readonly #origin: Origin;
  readonly #lists: NestedLists;
  readonly #text = JsonText.shared();
  readonly #nothing = this.#text.piece("");
  readonly #keys = new KeyJsonCache();
  /** Bytes of a message without the texts of key and model. */
  readonly #room: number;
  #version = -1;
  #model = Buffer.alloc(0);

  /** Throws SETTING_INVALID where a field is chosen that the model does not have. */
  constructor(settings: EncodeSettings, source: MessageSource) {
    const { application, origin, modelName, incidentIdOf, horizon, levels } = source;
    const shape = shapeOf({ horizon, levels });
    const fields = fieldsOf(settings, shape);
    const [several, has] = [shape.hasIntervals, { horizon: shape.hasHorizon }];
    const connect = settings.format === "connect-json";
    this.#fields = fields.map(({ field, name }, i) => ({
      field,
      before: Buffer.from(`${i === 0 ? "" : ","}"${name}":`),
    }));
    const prefix = settings.format === "json-schema" ? wirePrefixOf(settings) : Buffer.alloc(0);
    const begin = connect ? `${connectEnvelope(fields, several)}{` : "{";
    this.#begin = Buffer.concat([prefix, Buffer.from(begin)]);
    this.#end = Buffer.from(connect ? "}}" : "}");
    this.#epoch = connect;
    this.#modelName = modelName;
    this.#incidentIdOf = incidentIdOf ?? ((position) => incidentId(origin, { position }));
    this.#constants = {
      application: Buffer.from(JSON.stringify(application)),
      topic: Buffer.from(JSON.stringify(origin.topic)),
    };
    this.#origin = origin;
    this.#lists = new NestedLists("[", "[", connect);
    const appends =
      (fields.length + (has.horizon || several ? 6 + 3 * levels : 0) * (horizon + 1)) * longestAppend;
    const texts = fields.reduce((sum, { name }) => sum + name.length + 8, 0);
    const { topic, application: name } = this.#constants;
    this.#room = this.#begin.length + this.#end.length + texts + topic.length + name.length + appends;
  }

  write(columns: ForecastColumns, row: number, keyOf: (slot: number) => string, offset: number): void {
    const text = this.#text;
    const slot = columns.slots[row]!;
    if (!this.#keys.has(slot)) this.#keys.add(slot, JSON.stringify(keyOf(slot)));
    const version = columns.version[row]!;
    if (version !== this.#version) {
      this.#version = version;
      this.#model = Buffer.from(JSON.stringify(this.#modelName(version)));
    }
    const room = this.#room + this.#keys.lengthOf(slot) + this.#model.length;
    text.reserve(room);
    this.#bytes(this.#begin);
    for (const { field, before } of this.#fields) {
      this.#bytes(before);
      switch (field) {
        case "key": {
          const begin = this.#keys.beginOf(slot);
          text.bytes(this.#keys.bytes, begin, begin + this.#keys.lengthOf(slot));
          break;
        }
        case "time":
          this.#time(columns.times[row]!);
          break;
        case "yhat_time":
          this.#time(columns.yhatTime[row]!);
          break;
        case "alarm":
          this.#bytes(columns.anomalyScore[row]! > 1 ? yes : no);
          break;
        case "model":
          this.#bytes(this.#model);
          break;
        case "incident":
          this.#incident(columns.incident[row]!, slot, room);
          break;
        case "application":
        case "topic":
          this.#bytes(this.#constants[field]);
          break;
        case "partition":
          text.long(this.#nothing, this.#origin.partition);
          break;
        case "offset":
          text.long(this.#nothing, offset);
          break;
        case "intervals":
          this.#lists.intervals(columns, row);
          break;
        case "horizon":
          this.#lists.steps(columns, row);
          break;
        case "value":
        case "yhat":
        case "yhat_lower":
        case "yhat_upper":
        case "expected":
        case "expected_lower":
        case "expected_upper":
        case "anomaly_score":
          text.number(this.#nothing, columns[columnOf[field]][row]!);
      }
    }
    this.#bytes(this.#end);
  }

  forget(slot: number): void {
    this.#keys.forget(slot);
  }

  /** The id of the incident that is open after the event, and `room` for the rest of the message; null if there is none. */
  #incident(position: number, slot: number, room: number): void {
    if (Number.isNaN(position)) {
      this.#bytes(nothing);
      return;
    }
    const bytes = Buffer.from(JSON.stringify(this.#incidentIdOf(position, slot)));
    this.#text.reserve(room + bytes.length);
    this.#bytes(bytes);
  }

  #time(milliseconds: number): void {
    if (this.#epoch) this.#text.long(this.#nothing, milliseconds);
    else this.#text.time(this.#nothing, milliseconds);
  }

  #bytes(bytes: Buffer): void {
    this.#text.bytes(bytes, 0, bytes.length);
  }
}
