/** Encodes rows of forecasts as output records with the key, headers and timestamp of their input records. */
import type { ForecastColumns } from "../../forecast/columns.js";
import type { GroupNote } from "../../forecast/incidents/groups/watcher.js";
import type { IncidentNote } from "../../forecast/incidents/watcher.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import type { Origin } from "../decode/dead-letter.js";
import { incidentId } from "./incident-id.js";
import { IncidentMessages } from "./incident-message.js";
import { IncidentFormat } from "./incidents/format.js";
import { JsonText } from "./json-text.js";
import { ForecastMessages, type MessageWriter } from "./message.js";
import type { EncodeSettings } from "../encode-settings.js";
import type { InputRecord, OutputRecord, RecordHeader } from "../ports.js";
import { CloudEventHeaders } from "./cloudevents.js";
import { BinaryMessages } from "./binary/binary-messages.js";
import { FieldMessages } from "./field-messages.js";

/** Bytes of a buffer, about: few buffers, and none that a single record would keep much of. */
const bufferLength = 65_536;

/** How forecasts are written. */
export interface EncoderOptions {
  readonly encode: EncodeSettings;
  readonly application: string;
  /** Of the candidate: its incidents have a header and ids of their own. Default: of the live model. */
  readonly isCandidate?: boolean | undefined;
}

/** Marks the candidate's incidents. */
const roleHeader: RecordHeader = { name: "undercurrent-role", value: Buffer.from("candidate") };

/** Returns the headers of an incident's record with its mark, where it is of the candidate. */
export function withRoleHeader(
  headers: readonly RecordHeader[],
  isCandidate: boolean | undefined,
): readonly RecordHeader[] {
  return isCandidate === true
    ? [...headers.filter(({ name }) => name !== roleHeader.name), roleHeader]
    : headers;
}

export class ForecastEncoder {
  readonly #messages: MessageWriter;
  readonly #cloudEvents: CloudEventHeaders | undefined;
  readonly #incidents: IncidentMessages;
  readonly #incidentFormat: IncidentFormat;
  readonly #incidentEvents: CloudEventHeaders | undefined;
  readonly #keyOf: (slot: number) => string;
  readonly #text = JsonText.shared();
  readonly #isCandidate: boolean | undefined;

  /** Where the messages end that are not yet in the output. */
  readonly #ends: number[] = [];

  /** Without options, values are flat JSON and headers those of the input. */
  constructor(forecaster: Forecaster, origin: Origin, options?: EncoderOptions) {
    const modelName = (version: number): string => forecaster.modelName(version);
    this.#incidents = new IncidentMessages(origin);
    this.#keyOf = (slot) => forecaster.keyOf(slot);
    this.#isCandidate = options?.isCandidate;
    this.#messages =
      options === undefined || isUsual(options.encode)
        ? new ForecastMessages(modelName, (position) => incidentId(origin, { position }))
        : new (isBinary(options.encode) ? BinaryMessages : FieldMessages)(options.encode, {
            application: options.application,
            origin,
            modelName,
            horizon: forecaster.settings.horizon,
            levels: forecaster.settings.intervalLevels.length,
          });
    this.#incidentFormat = new IncidentFormat(options?.encode ?? { format: "json", incidents: {} });
    if (options?.encode.headers !== "cloudevents") return;
    const { application, encode } = options;
    const { format } = this.#incidentFormat;
    this.#cloudEvents = new CloudEventHeaders(application, origin, { format: encode.format });
    this.#incidentEvents = new CloudEventHeaders(application, origin, {
      ...{ kind: "incident", format },
      ...(options.isCandidate === true && { prefix: "candidate/incident/" }),
    });
  }

  /**
   * The output records of the rows, of which row r was forecast from `records[r]`. Their values are slices of a few
   * buffers: to copy each message by itself costs more than to write it.
   */
  records(columns: ForecastColumns, records: readonly InputRecord[]): OutputRecord[] {
    const output: OutputRecord[] = [];
    for (let row = 0; row < records.length; row++) {
      this.#messages.write(columns, row, this.#keyOf, records[row]!.offset);
      this.#ends.push(this.#text.length);
      if (this.#text.length >= bufferLength || row === records.length - 1)
        this.#cut(columns, records, output);
    }
    return output;
  }

  /**
   * The output records of changes of incidents, keyed by the incident's key or group, in the order of the events that made
   * them; at one event the group's change comes first. Row r of the batch was forecast from `records[r]`, whose headers and
   * timestamp they have. They are in the format of incidents.
   */
  incidentRecords(
    notes: readonly IncidentNote[],
    groupNotes: readonly GroupNote[],
    records: readonly InputRecord[],
  ): OutputRecord[] {
    const output: OutputRecord[] = [];
    const push = (key: string, { row, time }: { readonly row: number; readonly time: number }): void => {
      const record = records[row]!;
      const value = this.#incidentFormat.encode(this.#text.take());
      const own = this.#incidentEvents?.of(record, key, time) ?? record.headers;
      const headers = withRoleHeader(own, this.#isCandidate);
      output.push({ key: Buffer.from(key), value, headers, timestamp: record.timestamp });
    };
    let next = 0;
    const pushGroups = (upTo: number): void => {
      for (; next < groupNotes.length && groupNotes[next]!.row <= upTo; next++) {
        const note = groupNotes[next]!;
        this.#incidents.writeGroup(note, this.#keyOf);
        push(note.group, note);
      }
    };
    for (const note of notes) {
      pushGroups(note.row);
      const key = this.#keyOf(note.slot);
      this.#incidents.write(key, note);
      push(key, note);
    }
    pushGroups(Infinity);
    return output;
  }

  /** The slot is no longer that of its key. */
  forget(slot: number): void {
    this.#messages.forget(slot);
  }

  /** Appends the records of the new messages in the text. */
  #cut(columns: ForecastColumns, records: readonly InputRecord[], output: OutputRecord[]): void {
    const bytes = this.#text.take();
    let begin = 0;
    for (const end of this.#ends) {
      const record = records[output.length]!;
      const headers =
        this.#cloudEvents === undefined ? record.headers : this.#headers(columns, output.length, record);
      const { key, timestamp } = record;
      output.push({ key, value: bytes.subarray(begin, end), headers, timestamp });
      begin = end;
    }
    this.#ends.length = 0;
  }
  #headers(columns: ForecastColumns, row: number, record: InputRecord): readonly RecordHeader[] {
    return this.#cloudEvents!.of(record, this.#keyOf(columns.slots[row]!), columns.times[row]!);
  }
}

/** Whether a record is flat JSON with all usual fields. */
export const isUsual = ({ format, fields }: EncodeSettings): boolean =>
  format === "json" && fields.length === 0;
const isBinary = ({ format }: EncodeSettings): boolean => format === "avro" || format === "protobuf";
