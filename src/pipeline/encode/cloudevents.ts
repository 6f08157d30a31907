/** Gives output records the headers of a CloudEvent in binary mode (CloudEvents 1.0.2, Kafka protocol binding 1.0.2). */
import type { OutputFormat } from "../encode-settings.js";
import type { Origin } from "../decode/dead-letter.js";
import type { InputRecord, RecordHeader } from "../ports.js";

/** What a record is: its type attribute is `undercurrent.forecast` or `undercurrent.incident`. */
export type EventKind = "forecast" | "incident";

export interface EventOptions {
  readonly kind?: EventKind;
  readonly format?: OutputFormat;
  /** What ids begin with. */
  readonly prefix?: string;
}

/** Headers that a CloudEvent has one of; those of the observation are of another event. */
const isOwn = ({ name }: RecordHeader): boolean => /^(ce_.*|content-type)$/i.test(name);

const header = (name: string, text: string): RecordHeader => ({ name, value: Buffer.from(text) });

export class CloudEventHeaders {
  readonly #shared: readonly RecordHeader[];
  /** What ids begin with: forecasts and incidents of a partition have one source. */
  readonly #prefix: string;
  #offset = -1;
  /** Earlier events of the same record. */
  #earlier = 0;

  /** Source and id together are unique: the application, the input partition and the record's offset. */
  constructor(
    application: string,
    { topic, partition }: Origin,
    { kind = "forecast", format = "json", prefix = kind === "forecast" ? "" : `${kind}/` }: EventOptions = {},
  ) {
    this.#prefix = prefix;
    const type = format === "avro" || format === "protobuf" ? format : "json";
    const source = ["", application, topic, String(partition)].map(encodeURIComponent).join("/");
    this.#shared = [
      header("ce_specversion", "1.0"),
      header("ce_type", `undercurrent.${kind}`),
      header("ce_source", source),
      header("content-type", `application/${type}`),
    ];
  }

  /**
   * Returns the headers of what came of a record: those of the record that are not of a CloudEvent, and the attributes.
   *
   * @param time Time of the observation, epoch milliseconds.
   */
  of(
    { offset, headers }: Pick<InputRecord, "offset" | "headers">,
    key: string,
    time: number,
  ): readonly RecordHeader[] {
    this.#earlier = offset === this.#offset ? this.#earlier + 1 : 0;
    this.#offset = offset;
    const id = `${this.#prefix}${offset}${this.#earlier === 0 ? "" : `/${this.#earlier}`}`;
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
