/** Collects what is at the paths of documents: kinds of values, how many different ones, and which could be times. */
import { parseIsoTime } from "../../forecast/iso-time.js";
import { isBase64 } from "../../pipeline/decode/formats/decimal.js";
import { isNumberText } from "../../pipeline/decode/number-text.js";
import { plausibleUnit, toMilliseconds, type TimeUnit } from "../../pipeline/times/epoch.js";
import { isDay, isTimeOfDay, likelyFormat } from "../../pipeline/times/guess.js";
import { numericText } from "../../pipeline/times/reader.js";

/** Bounds of what is looked at, for hostile documents. */
const [deepest, mostFields, mostValues, mostItems] = [8, 2000, 2000, 200];

/** What was found at one path. Counts are of items, where the path leads through arrays. */
export class Field {
  readonly names: readonly string[];
  /** Path of the innermost array on the way; undefined for a path outside of arrays. */
  readonly array: string | undefined;
  present = 0;
  numbers = 0;
  integers = 0;
  numberTexts = 0;
  texts = 0;
  /** Short texts that are base64, and those of them that are padded. */
  decimals = 0;
  padded = 0;
  objects = 0;
  booleans = 0;
  /** Texts in ISO 8601, and times of Avro or Protobuf. */
  times = 0;
  /** Texts that are a date without a time of day, in ISO 8601 or another form, and times of day without a date. */
  days = 0;
  clocks = 0;
  /** Numbers, and texts of digits, that are plausible times, by their unit. */
  readonly units = new Map<TimeUnit, number>();
  /** Forms of times that are not ISO 8601, by the tokens that read them. */
  readonly formats = new Map<string, number>();
  /** Times within a day of their record's timestamp. */
  near = 0;
  /** Plausible times in numbers of records without a timestamp. */
  unplaced = 0;
  min = Infinity;
  max = -Infinity;
  /** Different texts and whole numbers; not all where there are very many. */
  readonly values = new Set<string>();

  constructor(names: readonly string[], array: string | undefined) {
    this.names = names;
    this.array = array;
  }

  get path(): string {
    return this.names.join(".");
  }

  get name(): string {
    return this.names.at(-1) ?? "";
  }

  add(given: unknown, timestamp: number, plain?: (text: string) => string): void {
    const value = plain !== undefined && typeof given === "string" ? plain(given) : given;
    this.present++;
    if (typeof value === "number") this.#addNumber(value, timestamp);
    else if (typeof value === "string") this.#addText(value, timestamp);
    else if (typeof value === "boolean") this.#addBoolean(value);
    else if (value instanceof Date) this.#addTime(value.getTime(), timestamp);
    else if (typeof value === "object" && value !== null) this.objects++;
  }

  #addNumber(value: number, timestamp: number): void {
    this.numbers++;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    if (Number.isInteger(value)) this.integers++;
    this.#addValue(String(value));
    this.#addEpoch(value, timestamp);
  }

  #addBoolean(value: boolean): void {
    this.booleans++;
    this.#addValue(String(value));
  }

  #addEpoch(value: number, timestamp: number): void {
    const unit = plausibleUnit(value);
    if (unit === undefined) return;
    this.units.set(unit, (this.units.get(unit) ?? 0) + 1);
    if (timestamp <= 0) this.unplaced++;
    else if (isNear(toMilliseconds(value, unit), timestamp)) this.near++;
  }

  #addText(value: string, timestamp: number): void {
    this.texts++;
    if (value.length <= 24 && isBase64(value)) {
      this.decimals++;
      if (value.endsWith("=")) this.padded++;
    }
    this.#addValue(value);
    if (isDay(value)) this.days++;
    if (isTimeOfDay(value)) this.clocks++;
    const time = parseIsoTime(value);
    if (!Number.isNaN(time)) this.#addTime(time, timestamp);
    else this.#addFormat(value);
    if (!isNumberText(value)) return;
    this.numberTexts++;
    this.min = Math.min(this.min, Number(value));
    this.max = Math.max(this.max, Number(value));
    if (numericText.test(value)) this.#addEpoch(Number(value), timestamp);
  }

  #addFormat(value: string): void {
    const format = likelyFormat(value.trim());
    if (format !== undefined) this.formats.set(format, (this.formats.get(format) ?? 0) + 1);
  }

  #addTime(time: number, timestamp: number): void {
    this.times++;
    // Lines of a file have no timestamp that a text could be far from.
    if (timestamp <= 0 || isNear(time, timestamp)) this.near++;
  }

  #addValue(text: string): void {
    if (this.values.size < mostValues && text.length <= 256) this.values.add(text);
  }
}

const dayMs = 86_400_000;

function isNear(time: number, timestamp: number): boolean {
  return Math.abs(time - timestamp) < dayMs;
}

/** The fields of several documents, in the order in which they were first met. */
export class Fields {
  readonly #fields = new Map<string, Field>();
  /** Items by the path of their array; documents have the path undefined. */
  readonly #counts = new Map<string | undefined, number>();

  readonly #plain: ((text: string) => string) | undefined;

  /** @param plain Returns a text without its unit. */
  constructor(plain?: (text: string) => string) {
    this.#plain = plain;
  }

  /** @param timestamp Time of the document's record, epoch milliseconds. */
  add(document: unknown, timestamp: number): void {
    this.#visit(document, [], undefined, timestamp);
  }

  /** Number of documents, or of the items of an array in all of them. */
  countOf(array: string | undefined): number {
    return this.#counts.get(array) ?? 0;
  }

  /** Paths of arrays that hold objects, outermost first. */
  get arrays(): readonly string[] {
    return [...this.#counts.keys()].filter((path) => path !== undefined);
  }

  at(path: string): Field | undefined {
    return this.#fields.get(path);
  }

  list(): readonly Field[] {
    return [...this.#fields.values()];
  }

  #visit(value: unknown, names: readonly string[], array: string | undefined, timestamp: number): void {
    if (Array.isArray(value)) {
      const path = names.join(".");
      for (const item of (value as readonly unknown[]).slice(0, mostItems)) {
        if (isObject(item)) this.#enter(item, names, path, timestamp);
      }
      return;
    }
    if (isObject(value)) this.#enter(value, names, array, timestamp);
  }

  #enter(value: object, names: readonly string[], array: string | undefined, timestamp: number): void {
    if (names.length === 0 || array === names.join(".")) {
      this.#counts.set(array, this.countOf(array) + 1);
    }
    if (names.length >= deepest) return;
    for (const [name, member] of Object.entries(value) as [string, unknown][]) {
      const path = [...names, name];
      this.#fieldOf(path, array)?.add(member, timestamp, this.#plain);
      this.#visit(member, path, array, timestamp);
    }
  }

  #fieldOf(names: readonly string[], array: string | undefined): Field | undefined {
    const path = names.join(".");
    const known = this.#fields.get(path);
    // Settings take names of 1 to 256 characters.
    const isUsable = path.length <= 256 && !names.includes("") && !names.includes("__proto__");
    if (known !== undefined || this.#fields.size >= mostFields || !isUsable) return known;
    const field = new Field(names, array);
    this.#fields.set(path, field);
    return field;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
