/** Judges a sample of input records: how the service would process them with these settings. */
import { UndercurrentError, type ErrorCode } from "../errors/errors.js";
import { commonBounds, type ForecasterOptions, type ForecasterSettings } from "../forecast/settings.js";
import { recordDecoder, type Decoded, type DecodeAll } from "./decode/decode.js";
import { patience, type ValueFormat } from "./decode/format.js";
import type { InputRecord } from "./ports.js";
import { decodeNames } from "./times/reader.js";
import { zoneNoter } from "./times/zone.js";
import { decodeForWindows, type DecodeSettings } from "./decode-settings.js";

/** Largest number of records to judge. */
const mostRecords = 100_000;
/** Number of equal values of a key that makes a wrong path likely. */
const fewestValues = 20;
/** Epoch seconds, read as milliseconds, are times before 1971. */
const startOf1971 = 31_536_000_000;
/** Epoch microseconds, read as milliseconds, are times more than ten years ahead. */
const furthestAhead = 10 * 366 * 86_400_000;
const examples = 3;

/** A finding about the sample; `code` marks an error that makes the input unusable. */
export interface SampleFinding {
  readonly level: "ok" | "warning" | "error";
  readonly code?: ErrorCode;
  readonly message: string;
}

/** The settings that the sample is judged by. */
export interface SampleSettings {
  readonly decode: DecodeSettings;
  readonly model: Pick<ForecasterSettings, "bounds" | "kind">;
  /** Windows that the events go into. */
  readonly aggregate?: ForecasterOptions["aggregate"];
  /** Whether a repartition will put all records of a key into one partition. */
  readonly isPlacedByKey?: boolean;
}

interface KeySample {
  readonly partitions: Set<number>;
  values: number;
  first: number;
  isConstant: boolean;
}

/**
 * @example
 * ```ts
 * const sample = new InputSample(settings, Date.now());
 * for (const record of records) sample.add(0, record);
 * sample.findings(); // [{ level: "ok", message: "200 sampled records are readable" }]
 * ```
 */
export class InputSample {
  readonly #decode: DecodeAll;
  readonly #format: ValueFormat | undefined;
  /** Epoch milliseconds. */
  readonly #now: number;
  /** Events are counted, whatever their values. */
  readonly #isCount: boolean;
  readonly #isPlacedByKey: boolean;
  /** Whether records' keys are read as text. */
  readonly #hasTextKeys: boolean;
  #records = 0;
  #readings = 0;
  #implausible = 0;
  #implausibleTime = NaN;
  #missing = 0;
  /** Values beyond the bounds that hold for all keys, and the first of them. */
  readonly #bounds: ReturnType<typeof commonBounds>;
  #outside = 0;
  #firstOutside = NaN;
  /** What to do about times without a zone. */
  #zone: string | undefined;
  readonly #rejected = new Map<ErrorCode, { count: number; readonly message: string }>();
  readonly #skipped = new Map<ErrorCode, { count: number; readonly message: string }>();
  readonly #keys = new Map<string, KeySample>();

  constructor(
    { decode, model, aggregate, isPlacedByKey = false }: SampleSettings,
    now: number,
    format?: ValueFormat,
  ) {
    const { by = "count" } = aggregate ?? {};
    this.#isCount = aggregate !== undefined && by === "count";
    const read = aggregate === undefined ? decode : decodeForWindows(decode, by);
    this.#decode = recordDecoder(
      read,
      format,
      zoneNoter(decode, decodeNames, (note) => (this.#zone = note)),
    );
    // Those of the model are of what windows give.
    const isOther = aggregate !== undefined && (this.#isCount || by === "sum" || by === "rate");
    this.#bounds = isOther ? { min: -Infinity, max: Infinity } : commonBounds(model);
    this.#isPlacedByKey = isPlacedByKey;
    this.#hasTextKeys = decode.keyFormat === "text";
    this.#now = now;
    this.#format = format;
  }

  /** Share of the keys that arrive in several partitions. */
  get sharedKeys(): number {
    return this.#keys.size === 0 ? 0 : this.#shared().length / this.#keys.size;
  }

  get records(): number {
    return this.#records;
  }

  /** Fetches the schemas of the records, before they are added. */
  async prepare(records: readonly InputRecord[]): Promise<void> {
    await this.#format?.prepare(records, patience());
  }

  add(partition: number, record: InputRecord): void {
    if (this.#records === mostRecords) return;
    this.#records++;
    let decoded: Decoded;
    try {
      decoded = this.#decode(record);
    } catch (error) {
      this.#reject(error);
      return;
    }
    for (const { key, time, value } of decoded.readings) {
      this.#readings++;
      if ((time >= 0 && time < startOf1971) || time > this.#now + furthestAhead) {
        if (this.#implausible++ === 0) this.#implausibleTime = time;
      }
      this.#addValue(key, partition, value);
    }
    // A record counts once, with the first reason.
    if (decoded.refused.length > 0) this.#reject(decoded.refused[0]!.error);
  }

  /**
   * Returns the findings in a fixed order; an error INPUT_UNUSABLE if no sampled record is usable.
   *
   * @param isPlacedByKey as in the settings, if they are to be judged with another value of it
   */
  findings(isPlacedByKey = this.#isPlacedByKey): readonly SampleFinding[] {
    if (this.#records === 0) return [{ level: "ok", message: "the input is empty, nothing to check" }];
    const findings = [
      this.#skips(),
      this.#rejections(),
      this.#times(),
      this.#zone === undefined ? undefined : ({ level: "warning", message: this.#zone } as const),
      this.#values(),
      this.#beyond(),
      this.#binaryKeys(),
      isPlacedByKey ? undefined : this.#spread(),
    ].filter((finding) => finding !== undefined);
    if (findings.length > 0) return findings;
    return [{ level: "ok", message: `${this.#records} sampled records are readable` }];
  }

  /** Number of readings that the service would accept. */
  get accepted(): number {
    return this.#readings;
  }

  #reject(error: unknown): void {
    if (!(error instanceof UndercurrentError)) throw error;
    const { code, message } = error;
    const counts = code === "RECORD_SKIPPED" ? this.#skipped : this.#rejected;
    const known = counts.get(code);
    if (known === undefined) counts.set(code, { count: 1, message });
    else known.count++;
  }

  #skips(): SampleFinding | undefined {
    const skipped = this.#skipped.get("RECORD_SKIPPED");
    if (skipped === undefined) return undefined;
    const { count, message } = skipped;
    return {
      level: "ok",
      message: `${count} of ${this.#records} sampled records would be skipped (the first: ${message})`,
    };
  }

  #rejections(): SampleFinding | undefined {
    if (this.#rejected.size === 0) return undefined;
    const rejected = [...this.#rejected.values()].reduce((sum, { count }) => sum + count, 0);
    const codes = [...this.#rejected]
      .sort(([, a], [, b]) => b.count - a.count)
      .map(([code, { count, message }]) => `${count} ${code} (the first: ${message})`);
    const share = Math.ceil((100 * rejected) / this.#records);
    const message = `${rejected} of ${this.#records} sampled records (${share} %) would be rejected: ${codes.join(", ")}`;
    return this.accepted > 0 ? { level: "warning", message } : unusable(message);
  }

  #times(): SampleFinding | undefined {
    if (this.#implausible === 0) return undefined;
    const message =
      `${this.#implausible} of ${this.accepted} sampled times are implausible, the first is ${new Date(this.#implausibleTime).toISOString()}: ` +
      "expected epoch milliseconds or ISO 8601, not seconds, microseconds or nanoseconds";
    return this.#implausible < this.accepted ? { level: "warning", message } : unusable(message);
  }

  #values(): SampleFinding | undefined {
    if (this.accepted === 0 || this.#isCount) return undefined;
    if (this.#missing === this.accepted)
      return unusable(`all ${this.accepted} sampled values are missing; check decode.value`);
    const judged = [...this.#keys.values()].filter(({ values }) => values >= fewestValues);
    const constant = judged.filter(({ isConstant }) => isConstant).length;
    if (constant === 0 || 2 * constant < judged.length) return undefined;
    return {
      level: "warning",
      message: `${constant} of ${judged.length} keys with at least ${fewestValues} sampled values never change; check decode.value`,
    };
  }

  /** Small integers in binary are UTF-8 too, of control characters. */
  #binaryKeys(): SampleFinding | undefined {
    if (!this.#hasTextKeys) return undefined;
    const binary = [...this.#keys.keys()].filter((key) => key.includes("\0"));
    if (binary.length === 0) return undefined;
    return {
      level: "warning",
      message:
        `${binary.length} of ${this.#keys.size} sampled keys hold zero bytes (the first: ${JSON.stringify(binary[0])}): ` +
        "integers of a Java producer need decode.keyFormat: int32 (4 bytes) or int64 (8 bytes), and windows of Kafka Streams decode.keyWindow",
    };
  }

  #beyond(): SampleFinding | undefined {
    if (this.#outside === 0) return undefined;
    const { min, max } = this.#bounds;
    return {
      level: "warning",
      message:
        `${this.#outside} of ${this.accepted} sampled values lie outside model.bounds or model.kind, ` +
        `the first is ${this.#firstOutside}: forecasts are cut to ${min} … ${max}`,
    };
  }

  #spread(): SampleFinding | undefined {
    const shared = this.#shared();
    if (shared.length === 0) return undefined;
    const named = shared
      .slice(0, examples)
      .map(
        ([key, { partitions }]) =>
          `${JSON.stringify(key)} in ${[...partitions].sort((a, b) => a - b).join(" and ")}`,
      );
    return {
      level: "warning",
      message:
        `${shared.length} of ${this.#keys.size} sampled keys arrive in several partitions (${named.join(", ")}): ` +
        `each is a separate series in each partition. ${repartitionAdvice}`,
    };
  }

  #shared(): readonly (readonly [string, KeySample])[] {
    return [...this.#keys]
      .filter(([, { partitions }]) => partitions.size > 1)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #addValue(key: string, partition: number, value: number): void {
    let sample = this.#keys.get(key);
    if (sample === undefined) {
      sample = { partitions: new Set(), values: 0, first: value, isConstant: true };
      this.#keys.set(key, sample);
    }
    sample.partitions.add(partition);
    if (Number.isNaN(value)) {
      this.#missing++;
      return;
    }
    if ((value < this.#bounds.min || value > this.#bounds.max) && this.#outside++ === 0) {
      this.#firstOutside = value;
    }
    if (sample.values++ === 0) sample.first = value;
    else if (value !== sample.first) sample.isConstant = false;
  }
}

/** Advice for keys that arrive in several partitions. */
export const repartitionAdvice =
  "Set topics.repartition: true, or forecast from a copy of the input with this key as the record's key: see docs/operating.md, " +
  '"One key in several partitions"';

function unusable(message: string): SampleFinding {
  return { level: "error", code: "INPUT_UNUSABLE", message };
}
