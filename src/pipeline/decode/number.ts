/** Reads numbers: of a document, of a text, and the texts that stand for a missing one. */
import { UndercurrentError } from "../../errors/errors.js";
import { readValue } from "../../forecast/input.js";
import type { DecodeSettings } from "../decode-settings.js";

// Stricter than Number(), which takes "", " " and "0x1f".
const numberText = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** Whether a text is one number. */
export function isNumberText(text: string): boolean {
  return numberText.test(text);
}

/** Returns a parser of texts that are one number. Throws VALUE_NOT_A_NUMBER. */
export function numberParser(isMissing: (value: unknown) => boolean): (text: string) => number {
  return (text) => {
    if (isMissing(text)) return NaN;
    if (numberText.test(text)) return Number(text);
    if (text.trim() === "NaN") return NaN;
    throw new UndercurrentError("VALUE_NOT_A_NUMBER", "the record's value is not a number");
  };
}

/** Returns a test for texts that stand for a missing value, in any case and with surrounding blanks. */
export function missingTexts(texts: readonly string[]): (value: unknown) => boolean {
  if (texts.length === 0) return () => false;
  const known = new Set(texts.map((text) => text.trim().toLowerCase()));
  return (value) => typeof value === "string" && known.has(value.trim().toLowerCase());
}

/** Reads numbers of a document. */
export interface NumberReader {
  /** Throws VALUE_NOT_A_NUMBER or VALUE_OUT_OF_RANGE, and calls the number `what` then. */
  readonly read: (found: unknown, what: string) => number;
  /** Whether something is meant as a number, or as a missing one. */
  readonly isNumber: (found: unknown) => boolean;
}

export function numberReader({ missing, numbersInText, format }: DecodeSettings): NumberReader {
  const takesText = numbersInText || format === "text";
  const isMissing = missingTexts(missing);
  const plain = (found: unknown): unknown => {
    if (typeof found !== "string") return found;
    if (isMissing(found)) return NaN;
    if (!takesText) return found;
    return numberText.test(found) ? Number(found) : found.trim() === "NaN" ? NaN : found;
  };
  return {
    read: (found, what) => readValue(plain(found), what),
    isNumber: (found) => found === null || typeof plain(found) === "number",
  };
}
