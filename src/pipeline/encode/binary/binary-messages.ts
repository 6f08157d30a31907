/** Encodes rows of forecasts in Confluent's wire format, as Avro or Protobuf: a zero, the schema's id, and the fields. */
import { dueTime, type ForecastColumns } from "../../../forecast/columns.js";
import { maximumTime } from "../../../forecast/input.js";
import { fieldsOf, type EncodeSettings, type NamedField } from "../../encode-settings.js";
import { columnOf, shapeOf, type MessageSource } from "../field-messages.js";
import { incidentId } from "../incident-id.js";
import { JsonText } from "../json-text.js";
import { KeyJsonCache } from "../key-json-cache.js";
import type { MessageWriter } from "../message.js";
import { numberOf } from "../output-schema.js";
import { wirePrefixOf } from "../wire-prefix.js";
import { AvroWriter } from "./avro.js";
import { OutputBytes } from "./bytes.js";
import { ProtobufWriter } from "./protobuf.js";
import type { BinaryWriter } from "./writer.js";

/** Bytes of a field without its text, at most, and of one interval and one step. */
const [fieldRoom, intervalRoom, stepRoom] = [40, 48, 128];

export class BinaryMessages implements MessageWriter {
  readonly #fields: readonly NamedField["field"][];
  readonly #source: MessageSource;
  readonly #constants: Readonly<Record<"application" | "topic", Buffer>>;
  readonly #prefix: Uint8Array;
  readonly #out = new OutputBytes();
  readonly #writer: BinaryWriter;
  readonly #text = JsonText.shared();
  readonly #keys = new KeyJsonCache();
  /** Bytes of a message without its key and model. */
  readonly #room: number;
  #version = -1;
  #model = Buffer.alloc(0);

  /** Throws SETTING_INVALID where a field is chosen that the model does not have, and without the schema's id. */
  constructor(settings: EncodeSettings, source: MessageSource) {
    this.#source = source;
    this.#fields = fieldsOf(settings, shapeOf(source)).map(({ field }) => field);
    this.#constants = {
      application: Buffer.from(source.application),
      topic: Buffer.from(source.origin.topic),
    };
    this.#writer = settings.format === "avro" ? new AvroWriter(this.#out) : new ProtobufWriter(this.#out);
    this.#prefix = wirePrefixOf(settings);
    const { horizon, levels } = source;
    const intervals = levels * intervalRoom;
    const lists = 32 + intervals + horizon * (stepRoom + intervals);
    const texts = this.#constants.application.length + this.#constants.topic.length;
    this.#room = this.#prefix.length + this.#fields.length * fieldRoom + texts + lists;
  }

  write(columns: ForecastColumns, row: number, keyOf: (slot: number) => string, offset: number): void {
    const slot = columns.slots[row]!;
    if (!this.#keys.has(slot)) this.#keys.add(slot, keyOf(slot));
    const version = columns.version[row]!;
    if (version !== this.#version) {
      this.#version = version;
      this.#model = Buffer.from(this.#source.modelName(version));
    }
    const out = this.#out;
    out.length = 0;
    out.reserve(this.#room + this.#keys.lengthOf(slot) + this.#model.length);
    out.append(this.#prefix, 0, this.#prefix.length);
    for (const field of this.#fields) this.#field(field, columns, row, offset);
    this.#text.reserve(out.length);
    this.#text.bytes(out.bytes, 0, out.length);
  }

  forget(slot: number): void {
    this.#keys.forget(slot);
  }

  #field(field: NamedField["field"], columns: ForecastColumns, row: number, offset: number): void {
    const writer = this.#writer;
    const number = numberOf(field);
    switch (field) {
      case "key": {
        const begin = this.#keys.beginOf(columns.slots[row]!);
        writer.text(number, this.#keys.bytes, begin, begin + this.#keys.lengthOf(columns.slots[row]!));
        return;
      }
      case "model":
        writer.text(number, this.#model, 0, this.#model.length);
        return;
      case "application":
      case "topic":
        writer.text(number, this.#constants[field], 0, this.#constants[field].length);
        return;
      case "time":
        writer.time(number, columns.times[row]!);
        return;
      case "yhat_time":
        writer.maybeTime(number, withinTimes(columns.yhatTime[row]!));
        return;
      case "alarm":
        writer.boolean(number, columns.anomalyScore[row]! > 1);
        return;
      case "incident":
        this.#incident(number, columns.incident[row]!);
        return;
      case "partition":
        writer.integer(number, this.#source.origin.partition);
        return;
      case "offset":
        writer.integer(number, offset);
        return;
      case "intervals":
        this.#intervals(number, columns, true, row * columns.intervals.levels.length);
        return;
      case "horizon":
        this.#steps(number, columns, row);
        return;
      case "value":
      case "yhat":
      case "yhat_lower":
      case "yhat_upper":
      case "expected":
      case "expected_lower":
      case "expected_upper":
      case "anomaly_score":
        writer.maybeDouble(number, columns[columnOf[field]][row]!);
    }
  }

  #incident(number: number, position: number): void {
    const id = Number.isNaN(position)
      ? undefined
      : Buffer.from(incidentId(this.#source.origin, { position }));
    if (id !== undefined) this.#out.reserve(this.#room + id.length);
    this.#writer.maybeText(number, id);
  }

  #steps(number: number, columns: ForecastColumns, row: number): void {
    const writer = this.#writer;
    const { horizon, yhat, yhatLower, yhatUpper } = columns.steps;
    const { levels } = columns.intervals;
    writer.beginList(horizon - 1);
    for (let step = 2; step <= horizon; step++) {
      const at = row * (horizon - 1) + step - 2;
      const begun = writer.beginItem(number);
      writer.integer(1, step);
      writer.maybeDouble(2, yhat[at]!);
      writer.maybeDouble(3, yhatLower[at]!);
      writer.maybeDouble(4, yhatUpper[at]!);
      if (levels.length > 0) this.#intervals(5, columns, false, at * levels.length);
      writer.maybeTime(6, withinTimes(dueTime(columns, row, step)));
      writer.endItem(begun);
    }
    writer.endList();
  }

  /** The intervals of one forecast at every level, which lie from `at` on in the columns of the next value, or of the steps. */
  #intervals(number: number, columns: ForecastColumns, isNext: boolean, at: number): void {
    const writer = this.#writer;
    const { levels, yhatLower, yhatUpper, stepLower, stepUpper } = columns.intervals;
    const lower = isNext ? yhatLower : stepLower;
    const upper = isNext ? yhatUpper : stepUpper;
    writer.beginList(levels.length);
    for (let i = 0; i < levels.length; i++) {
      const begun = writer.beginItem(number);
      writer.double(1, levels[i]!);
      writer.maybeDouble(2, lower[at + i]!);
      writer.maybeDouble(3, upper[at + i]!);
      writer.endItem(begun);
    }
    writer.endList();
  }
}

/** Returns NaN for what is no time, as JSON has null. */
function withinTimes(milliseconds: number): number {
  return Math.abs(milliseconds) <= maximumTime ? milliseconds : NaN;
}
