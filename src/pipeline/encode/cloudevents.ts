/** Gives forecast records the headers of a CloudEvent in binary mode (CloudEvents 1.0.2, Kafka protocol binding 1.0.2). */
import type { EncodeSettings } from "../encode-settings.js";
import type { Origin } from "../decode/dead-letter.js";
import type { InputRecord, RecordHeader } from "../ports.js";

/** The type attribute of every forecast. */
const eventType = "undercurrent.forecast";

/** Headers that a CloudEvent has one of; those of the observation are of another event. */
const isOwn = ({ name }: RecordHeader): boolean => /^(ce_.*|content-type)$/i.test(name);

const header = (name: string, text: string): RecordHeader => ({ name, value: Buffer.from(text) });

export class CloudEventHeaders {
  readonly #shared: readonly RecordHeader[];
  #offset = -1;
  /** Earlier forecasts of the same record. */
  #earlier = 0;

  /** Source and id together are unique: the application, the input partition and the record's offset. */
  constructor(application: string, { topic, partition }: Origin, format: EncodeSettings["format"] = "json") {
    const type = format === "avro" || format === "protobuf" ? format : "json";
    const source = ["", application, topic, String(partition)].map(encodeURIComponent).join("/");
    this.#shared = [
      header("ce_specversion", "1.0"),
      header("ce_type", eventType),
      header("ce_source", source),
      header("content-type", `application/${type}`),
    ];
  }

  /**
   * Returns the headers of a forecast: those of its record that are not of a CloudEvent, and the attributes.
   *
   * @param time Time of the observation, epoch milliseconds.
   */
  of({ offset, headers }: InputRecord, key: string, time: number): readonly RecordHeader[] {
    this.#earlier = offset === this.#offset ? this.#earlier + 1 : 0;
    this.#offset = offset;
    const id = this.#earlier === 0 ? String(offset) : `${offset}/${this.#earlier}`;
    return [
      ...(headers.some(isOwn) ? headers.filter((each) => !isOwn(each)) : headers),
      ...this.#shared,
      header("ce_id", id),
      header("ce_time", new Date(time).toISOString()),
      // A subject is not empty.
      ...(key === "" ? [] : [header("ce_subject", key)]),
    ];
  }
}
