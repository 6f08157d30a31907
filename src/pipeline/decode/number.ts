/** Reads numbers: of a document, of a text, and the texts that stand for a missing one. */
import { UndercurrentError, withHint } from "../../errors/errors.js";
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

/** Texts that programs write where they have no value; each must be named to be read as a missing one. */
const likelyMissing: ReadonlySet<string> = new Set([
  ...["unavailable", "unknown", "missing", "undefined", "not available", "no data", "nodata", "no value"],
  ...[
    "offline",
    "bad",
    "error",
    "err",
    "invalid",
    "fault",
    "failed",
    "timeout",
    "not connected",
    "k.a.",
    "k. a.",
  ],
  ...[
    "#n/v",
    "#nv",
    "#value!",
    "#wert!",
    "#ref!",
    "#bezug!",
    "#div/0!",
    "#num!",
    "#zahl!",
    "#null!",
    "#name?",
  ],
  ...["n.a.", "n. a.", "n.v.", "<null>", "(null)", "\\n", "1.#qnan", "-1.#ind"],
]);

/** Returns what reads a text as a missing value, for its error; empty for a text of no such meaning. */
export function missingHint(text: string, optionFor: (word: string) => string): string {
  const word = text.trim();
  if (!likelyMissing.has(word.toLowerCase())) return "";
  return `; if it stands for a missing value, ${optionFor(/^[a-z]+$/i.test(word) ? word : JSON.stringify(word))} reads it`;
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
    read: (found, what) =>
      withHint(
        () => readValue(plain(found), what),
        () => (typeof found === "string" ? missingHint(found, (word) => `decode.missing: [${word}]`) : ""),
      ),
    isNumber: (found) => found === null || typeof plain(found) === "number",
  };
}
