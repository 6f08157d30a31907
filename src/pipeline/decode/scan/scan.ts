/**
 * Reads keys, time, values and features straight from the bytes of a JSON document, without creating its objects. Reads the
 * common forms. Leaves the rest to the decoder: escapes in a field that is read, unusual times, and every error.
 * Where the scan answers, its answer equals the decoder's.
 */
import { isUtf8 } from "node:buffer";
import { maximumTime, maximumValue } from "../../../forecast/input.js";
import { DayStarts, isoTimeAt } from "./iso-scan.js";
import type { InputRecord } from "../../ports.js";
import { schemaIdOf, wirePrefix } from "../format.js";
import type { DecodeSettings } from "../../decode-settings.js";
import { epochTime, type TimeUnit } from "../../times/epoch.js";
import { wordReader } from "../number-text.js";
import {
  firstKeyPart,
  firstNumber,
  jsonFields,
  noField,
  timeField,
  within,
  type FieldName,
  type JsonFields,
} from "./json-fields.js";
import { ScannedKey } from "./scanned-key.js";

const [quote, comma, minus, plus, dot, zero, colon] = [0x22, 0x2c, 0x2d, 0x2b, 0x2e, 0x30, 0x3a];
const [openList, backslash, closeList, open, close] = [0x5b, 0x5c, 0x5d, 0x7b, 0x7d];
/** Nesting beyond it is left to the decoder. */
const deepest = 16;
/** Powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const literals = ["true", "false", "null"].map((text) => Buffer.from(text));
const nothing = new Uint8Array(0);
const noNames: readonly FieldName[] = [];

export class RecordScan {
  /** Number of series of every record that it reads. */
  readonly count: number;
  /** The key of the series that was selected last. */
  readonly key: ScannedKey;
  /** Time of the last record. */
  time = NaN;
  /** Value of the selected series; NaN if missing. */
  value = NaN;
  /** Features of the selected series; NaN if missing. */
  readonly features: Float64Array;

  readonly #fields: JsonFields;
  readonly #settings: DecodeSettings;
  readonly #maxBytes: number;
  readonly #timeUnit: TimeUnit | undefined;
  readonly #readsText: boolean;
  /** Numbers that booleans stand for. */
  readonly #true: number | undefined;
  readonly #false: number | undefined;
  readonly #days = new DayStarts();
  readonly #numbers: Float64Array;
  /** The record in which each number was last found. */
  readonly #found: Float64Array;
  /** The document that is being read. */
  #bytes: Uint8Array = nothing;
  #at = 0;
  /** Of the bytes of all strings. */
  #bits = 0;
  /** Number of the record, which marks the names that were met in it. */
  #turn = 0;
  #hasTime = false;

  private constructor(fields: JsonFields, settings: DecodeSettings) {
    this.#fields = fields;
    this.#settings = settings;
    this.#maxBytes = settings.maxValueBytes;
    this.#timeUnit = settings.timeUnit;
    // A text that stands for a missing value may look like a number.
    this.#readsText = settings.numbersInText && settings.decimal === "." && settings.missing.length === 0;
    const wordOf = wordReader(settings.words);
    [this.#true, this.#false] = [wordOf("true"), wordOf("false")];
    this.#numbers = new Float64Array(fields.numbers);
    this.#found = new Float64Array(fields.numbers);
    this.count = fields.series.length;
    this.key = new ScannedKey(
      settings,
      fields.series.map(({ name }) => name),
    );
    this.features = new Float64Array(fields.series[0]!.features.length);
  }

  /** Undefined where the settings are such that only the decoder can read records. */
  static of(settings: DecodeSettings): RecordScan | undefined {
    const { format, timeFormat, timeZone, each, skip, only, decimals, jsonInText, maxReadings } = settings;
    const isJson = format === "json" || format === "json-schema";
    const isPlain = isJson && timeFormat === undefined && timeZone === undefined;
    const changes = skip.length + only.length + decimals.length + jsonInText.length;
    const fields = isPlain && each === undefined && changes === 0 ? jsonFields(settings) : undefined;
    return fields && fields.series.length <= maxReadings ? new RecordScan(fields, settings) : undefined;
  }

  /** Whether it could read the record; the fields hold nothing of use where not. */
  read({ key, value, timestamp }: InputRecord): boolean {
    if (value === null || value.length > this.#maxBytes) return false;
    if (this.#settings.format === "json-schema" && schemaIdOf(value) === undefined) return false;
    const bytes = this.#settings.format === "json-schema" ? value.subarray(wirePrefix) : value;
    this.#bytes = bytes;
    this.#at = 0;
    this.#bits = 0;
    this.#turn++;
    this.#numbers.fill(NaN);
    if (!this.key.begin(key)) return false;
    this.#hasTime = this.#settings.time === undefined;
    if (this.#hasTime) {
      if (timestamp === -1) return false;
      this.time = timestamp;
    }
    if (this.#space() !== open || !this.#object(this.#fields.names, 0)) return false;
    this.#space();
    return (
      this.#at === bytes.length &&
      this.#hasTime &&
      Math.abs(this.time) <= maximumTime &&
      this.#hasValues() &&
      this.key.join() &&
      (this.#bits < 0x80 || isUtf8(bytes))
    );
  }

  /** Takes key, value and features of a series; returns false if the record lacks the series and it is left out. */
  select(series: number): boolean {
    const { value, features } = this.#fields.series[series]!;
    if (this.#found[value] !== this.#turn && this.#settings.absent === "skip") return false;
    this.value = this.#numbers[value]!;
    for (let i = 0; i < features.length; i++) {
      const number = features[i]!;
      this.features[i] = number < 0 ? NaN : this.#numbers[number]!;
    }
    this.key.select(series);
    return true;
  }

  #hasValues(): boolean {
    const { absent } = this.#settings;
    if (absent === "missing") return true;
    let present = 0;
    for (const { value } of this.#fields.series) if (this.#found[value] === this.#turn) present++;
    return absent === "skip" ? present > 0 : present === this.count;
  }

  /** Skips white space and returns the next byte. */
  #space(): number | undefined {
    const bytes = this.#bytes;
    let byte = bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.#at];
    return byte;
  }

  #object(names: readonly FieldName[], depth: number): boolean {
    this.#at++;
    if (depth === deepest) return false;
    if (this.#space() === close) {
      this.#at++;
      return true;
    }
    for (;;) {
      if (this.#space() !== quote) return false;
      const start = this.#at + 1;
      if (!this.#string()) return false;
      const name = this.#nameAt(names, start, this.#at - 1);
      if (name !== undefined) {
        // Of a name that comes twice the last one counts, with all that is in it.
        if (name.turn === this.#turn) return false;
        name.turn = this.#turn;
      }
      if (this.#space() !== colon) return false;
      this.#at++;
      if (!this.#value(name, depth)) return false;
      const byte = this.#space();
      this.#at++;
      if (byte === close) return true;
      if (byte !== comma) return false;
    }
  }

  #list(depth: number): boolean {
    this.#at++;
    if (depth === deepest) return false;
    if (this.#space() === closeList) {
      this.#at++;
      return true;
    }
    for (;;) {
      if (!this.#value(undefined, depth)) return false;
      const byte = this.#space();
      this.#at++;
      if (byte === closeList) return true;
      if (byte !== comma) return false;
    }
  }

  #value(name: FieldName | undefined, depth: number): boolean {
    const byte = this.#space();
    const field = name === undefined ? noField : name.field;
    if (byte === open) {
      return field < 0 && this.#object(name?.names ?? noNames, depth + 1);
    }
    if (field === within) return false;
    const start = this.#at;
    if (byte === quote) return this.#string() && this.#takeText(field, start + 1, this.#at - 1);
    if (byte === openList) return field === noField && this.#list(depth + 1);
    if (byte === 0x74 || byte === 0x66 || byte === 0x6e) return this.#literal(byte, field);
    return this.#number(field);
  }

  /** Moves over a string without escapes. */
  #string(): boolean {
    const bytes = this.#bytes;
    for (let at = this.#at + 1; ; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        this.#at = at + 1;
        return true;
      }
      if (byte === undefined || byte < 0x20 || byte === backslash) return false;
      this.#bits |= byte;
    }
  }

  #literal(first: number, field: number): boolean {
    const bytes = this.#bytes;
    const literal = literals[first === 0x74 ? 0 : first === 0x66 ? 1 : 2]!;
    for (let i = 0; i < literal.length; i++) if (bytes[this.#at + i] !== literal[i]) return false;
    this.#at += literal.length;
    if (field === noField) return true;
    if (field < firstNumber || field >= firstKeyPart) return false;
    if (first === 0x6e) return this.#take(field, NaN);
    const number = first === 0x74 ? this.#true : this.#false;
    return number !== undefined && this.#take(field, number);
  }

  #number(field: number): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    const negative = bytes[start] === minus;
    let at = negative ? start + 1 : start;
    let digit = bytes[at++]! - zero;
    if (!(digit >= 0 && digit <= 9)) return false;
    let mantissa = digit;
    if (digit !== 0) {
      while ((digit = bytes[at]! - zero) >= 0 && digit <= 9) {
        mantissa = 10 * mantissa + digit;
        at++;
      }
    }
    const integer = at;
    let exponent = 0;
    if (bytes[at] === dot) {
      const fraction = ++at;
      while ((digit = bytes[at]! - zero) >= 0 && digit <= 9) {
        mantissa = 10 * mantissa + digit;
        at++;
      }
      if (at === fraction) return false;
      exponent = fraction - at;
    }
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at++;
      const sign = bytes[at] === minus ? -1 : 1;
      if (bytes[at] === minus || bytes[at] === plus) at++;
      const first = at;
      let size = 0;
      while ((digit = bytes[at]! - zero) >= 0 && digit <= 9) {
        size = 10 * size + digit;
        at++;
      }
      if (at === first) return false;
      exponent += sign * size;
    }
    this.#at = at;
    if (field === noField) return true;
    if (field >= firstKeyPart) {
      // The number's text equals the source only for plain integers.
      if (at !== integer || mantissa > Number.MAX_SAFE_INTEGER || (negative && mantissa === 0)) return false;
      this.key.set(field - firstKeyPart, bytes, start, at);
      return true;
    }
    let size: number;
    if (mantissa <= Number.MAX_SAFE_INTEGER && Math.abs(exponent) <= 22) {
      // Both factors are exact, so that the one rounding of their product or quotient is the right one.
      size = exponent < 0 ? mantissa / powers[-exponent]! : mantissa * powers[exponent]!;
    } else {
      size = Number(textOf(bytes, negative ? start + 1 : start, at));
    }
    const number = negative ? -size : size;
    return this.#take(field, field === timeField ? epochTime(number, this.#timeUnit) : number);
  }

  #takeText(field: number, start: number, end: number): boolean {
    if (field === noField) return true;
    if (field >= firstKeyPart) {
      this.key.set(field - firstKeyPart, this.#bytes, start, end);
      return true;
    }
    if (field === timeField) return this.#take(field, isoTimeAt(this.#bytes, start, end, this.#days));
    if (!this.#readsText) return false;
    this.#at = start;
    const isNumber = this.#number(field) && this.#at === end;
    this.#at = end + 1;
    return isNumber;
  }

  #take(field: number, number: number): boolean {
    if (field === timeField) {
      this.time = number;
      this.#hasTime = true;
      return true;
    }
    if (Math.abs(number) > maximumValue) return false;
    this.#numbers[field - firstNumber] = number;
    this.#found[field - firstNumber] = this.#turn;
    return true;
  }

  #nameAt(names: readonly FieldName[], start: number, end: number): FieldName | undefined {
    for (const name of names) {
      const { bytes } = name;
      if (bytes.length !== end - start) continue;
      let i = 0;
      while (i < bytes.length && bytes[i] === this.#bytes[start + i]) i++;
      if (i === bytes.length) return name;
    }
    return undefined;
  }
}

/** The text of bytes that are ASCII. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString("latin1", start, end);
}
