/** Judges a sample of input records: how the service would process them with these settings. */
import { UndercurrentError, type ErrorCode } from "../errors/errors.js";
import { decoder, type Decode } from "./decode/decode.js";
import type { InputRecord } from "./ports.js";
import type { DecodeSettings } from "./settings.js";

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

interface KeySample {
  readonly partitions: Set<number>;
  values: number;
  first: number;
  isConstant: boolean;
}

/**
 * @example
 * ```ts
 * const sample = new InputSample(settings.decode, Date.now());
 * for (const record of records) sample.add(0, record);
 * sample.findings(); // [{ level: "ok", message: "200 sampled records are readable" }]
 * ```
 */
export class InputSample {
  readonly #decode: Decode;
  /** Epoch milliseconds. */
  readonly #now: number;
  #records = 0;
  #implausible = 0;
  #implausibleTime = NaN;
  #missing = 0;
  readonly #rejected = new Map<ErrorCode, { count: number; readonly message: string }>();
  readonly #keys = new Map<string, KeySample>();

  constructor(settings: DecodeSettings, now: number) {
    this.#decode = decoder(settings);
    this.#now = now;
  }

  get records(): number {
    return this.#records;
  }

  add(partition: number, record: InputRecord): void {
    if (this.#records === mostRecords) return;
    this.#records++;
    try {
      const { key, time, value } = this.#decode(record);
      if ((time >= 0 && time < startOf1971) || time > this.#now + furthestAhead) {
        if (this.#implausible++ === 0) this.#implausibleTime = time;
      }
      this.#addValue(key, partition, value);
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      const { code, message } = error;
      const rejected = this.#rejected.get(code);
      if (rejected === undefined) this.#rejected.set(code, { count: 1, message });
      else rejected.count++;
    }
  }

  /** Returns the findings in a fixed order; an error INPUT_UNUSABLE if no sampled record is usable. */
  findings(): readonly SampleFinding[] {
    if (this.#records === 0) return [{ level: "ok", message: "the input is empty, nothing to check" }];
    const findings = [this.#rejections(), this.#times(), this.#values(), this.#spread()].filter(
      (finding) => finding !== undefined,
    );
    if (findings.length > 0) return findings;
    return [{ level: "ok", message: `${this.#records} sampled records are readable` }];
  }

  /** Number of records that the service would accept. */
  get accepted(): number {
    return this.#records - [...this.#rejected.values()].reduce((sum, { count }) => sum + count, 0);
  }

  #rejections(): SampleFinding | undefined {
    if (this.#rejected.size === 0) return undefined;
    const rejected = this.#records - this.accepted;
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
    if (this.accepted === 0) return undefined;
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

  #spread(): SampleFinding | undefined {
    const shared = [...this.#keys]
      .filter(([, { partitions }]) => partitions.size > 1)
      .sort(([a], [b]) => (a < b ? -1 : 1));
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
    if (sample.values++ === 0) sample.first = value;
    else if (value !== sample.first) sample.isConstant = false;
  }
}

/** Advice for keys that arrive in several partitions. */
export const repartitionAdvice =
  "Copy the input to a topic with this key as the record's key and forecast from that topic: see docs/operating.md, " +
  '"One key in several partitions"';

function unusable(message: string): SampleFinding {
  return { level: "error", code: "INPUT_UNUSABLE", message };
}
