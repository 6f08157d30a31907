/**
 * Reads key, time, value and features straight from the bytes of a JSON document, without making its objects. It takes
 * on what is common and leaves the rest (escapes in a field that is read, long numbers, unusual times, whatever is wrong) to
 * the decoder: where it answers, the answer is the decoder's.
 */
import { isUtf8 } from "node:buffer";
import { maximumKeyLength, maximumTime, maximumValue } from "../../forecast/input.js";
import { DayStarts, isoTimeAt } from "./iso-scan.js";
import type { InputRecord } from "../ports.js";
import type { DecodeSettings } from "../settings.js";
import { epochTime, type TimeUnit } from "../times/epoch.js";
import {
  keyField,
  timeField,
  noField,
  valueField,
  fieldNames,
  within,
  type FieldName,
} from "./json-fields.js";

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
  /**
   * What the last record said; `keyBytes.subarray(keyStart, keyEnd)` is the key, not empty and not yet known to be UTF-8
   * where it is the record's.
   */
  keyBytes: Uint8Array = nothing;
  keyStart = 0;
  keyEnd = 0;
  time = NaN;
  /** NaN where it is missing. */
  value = NaN;
  readonly features: Float64Array;

  readonly #names: readonly FieldName[];
  readonly #keyOfRecord: boolean;
  readonly #timeOfRecord: boolean;
  readonly #maxBytes: number;
  readonly #timeUnit: TimeUnit | undefined;
  readonly #days = new DayStarts();
  #bytes: Uint8Array = nothing;
  #at = 0;
  /** Of the bytes of all strings. */
  #bits = 0;
  /** Number of the record, which marks the names that were met in it. */
  #turn = 0;
  #found = 0;

  private constructor(names: readonly FieldName[], settings: DecodeSettings) {
    this.#names = names;
    this.#keyOfRecord = settings.key === undefined;
    this.#timeOfRecord = settings.time === undefined;
    this.#maxBytes = settings.maxValueBytes;
    this.#timeUnit = settings.timeUnit;
    this.features = new Float64Array(settings.features.length);
  }

  /** Undefined where the settings are such that only the decoder can read records. */
  static of(settings: DecodeSettings): RecordScan | undefined {
    const { format, timeFormat, timeZone } = settings;
    const isPlain = format === "json" && timeFormat === undefined && timeZone === undefined;
    const names = isPlain ? fieldNames(settings) : undefined;
    return names && new RecordScan(names, settings);
  }

  /** Whether it could read the record; the fields hold nothing of use where not. */
  read({ key, value, timestamp }: InputRecord): boolean {
    if (value === null || value.length > this.#maxBytes) return false;
    this.#bytes = value;
    this.#at = 0;
    this.#bits = 0;
    this.#turn++;
    this.#found = 0;
    this.features.fill(NaN);
    if (this.#keyOfRecord) {
      if (key === null) return false;
      this.#found |= 1 << keyField;
      this.#setKey(key, 0, key.length);
    }
    if (this.#timeOfRecord) {
      if (timestamp === -1) return false;
      this.#found |= 1 << timeField;
      this.time = timestamp;
    }
    if (this.#space() !== open || !this.#object(this.#names, 0)) return false;
    this.#space();
    return (
      this.#at === value.length &&
      this.#found === 7 &&
      this.keyEnd > this.keyStart &&
      this.keyEnd - this.keyStart <= maximumKeyLength &&
      Math.abs(this.time) <= maximumTime &&
      (this.#bits < 0x80 || isUtf8(value))
    );
  }

  /** Moves over white space; the byte behind it. */
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
    return first === 0x6e && field >= valueField && this.#take(field, NaN);
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
    // Both factors are exact up to here, so that the one rounding of their product or quotient is the right one.
    if (mantissa > Number.MAX_SAFE_INTEGER || !(Math.abs(exponent) <= 22)) return false;
    const size = exponent < 0 ? mantissa / powers[-exponent]! : mantissa * powers[exponent]!;
    if (field === keyField) {
      // As text the number is what was written only where that is a plain integer.
      return at === integer && !(negative && mantissa === 0) && this.#setKey(bytes, start, at);
    }
    const number = negative ? -size : size;
    return this.#take(field, field === timeField ? epochTime(number, this.#timeUnit) : number);
  }

  #takeText(field: number, start: number, end: number): boolean {
    if (field === noField) return true;
    if (field === keyField) return this.#setKey(this.#bytes, start, end);
    return field === timeField && this.#take(field, isoTimeAt(this.#bytes, start, end, this.#days));
  }

  #setKey(bytes: Uint8Array, start: number, end: number): boolean {
    this.#found |= 1 << keyField;
    this.keyBytes = bytes;
    this.keyStart = start;
    this.keyEnd = end;
    return true;
  }

  #take(field: number, number: number): boolean {
    if (field === timeField) this.time = number;
    else if (Math.abs(number) > maximumValue) return false;
    else if (field === valueField) this.value = number;
    else this.features[field - valueField - 1] = number;
    if (field <= valueField) this.#found |= 1 << field;
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
