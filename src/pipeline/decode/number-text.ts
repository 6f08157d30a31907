/** Reads texts as numbers: decimal marks, units, texts that stand for a missing value, and what an error proposes. */

import { isBase64 } from "./formats/decimal.js";

// Stricter than Number(), which takes "", " " and "0x1f".
const numberText = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** How numbers in texts are written. */
export interface NumberForm {
  /** Decimal mark of numbers; the point without it. */
  readonly decimal?: "." | "," | undefined;
  /** Units that values may carry, before or after the number; they are left out. */
  readonly valueUnit?: readonly string[] | undefined;
}

/** What messages call the settings that read a text. */
export interface NumberOptionNames {
  readonly missing: (word: string) => string;
  readonly unit: (unit: string) => string;
  readonly decimalComma: string;
  /** The setting without which no text is a number; none where all input is text. */
  readonly inText?: string;
  /** The setting of words that stand for numbers; none where there is no such setting. */
  readonly words?: string;
}

/** The settings of `decode`. */
export const decodeNumberNames: NumberOptionNames = {
  // YAML reads some words as no text.
  missing: (word) => `decode.missing: [${/^(?:null|true|false)$/i.test(word) ? JSON.stringify(word) : word}]`,
  unit: (unit) => `decode.valueUnit: [${JSON.stringify(unit)}]`,
  decimalComma: 'decode.decimal: ","',
  inText: "decode.numbersInText: true",
  words: "decode.words",
};
/** The options of commands that read cells. */
export const cellNumberNames: NumberOptionNames = {
  missing: (word) => `--missing ${word}`,
  unit: (unit) => `--value-unit ${JSON.stringify(unit)}`,
  decimalComma: "--decimal ,",
};
/** The options of commands that read members of JSON lines. */
export const lineNumberNames: NumberOptionNames = { ...cellNumberNames, inText: "--numbers-in-text" };

/** Whether a text is one number. */
export function isNumberText(text: string): boolean {
  return numberText.test(text);
}

/** Returns a reader of texts: their number, NaN for the text NaN, undefined for any other text. */
export function textNumberReader({
  decimal,
  valueUnit = [],
}: NumberForm): (text: string) => number | undefined {
  const withoutUnit = valueUnit.length === 0 ? undefined : unitRemover(valueUnit);
  return (given) => {
    let text = withoutUnit === undefined ? given : withoutUnit(given);
    if (decimal === ",") {
      // A point would be a separator of thousands.
      if (text.includes(".")) return undefined;
      text = text.replace(",", ".");
    }
    if (numberText.test(text)) return Number(text);
    return text.trim() === "NaN" ? NaN : undefined;
  };
}

/** Returns a test for texts that stand for a missing value, in any case and with surrounding blanks. */
export function missingTexts(texts: readonly string[]): (value: unknown) => boolean {
  if (texts.length === 0) return () => false;
  const known = new Set(texts.map((text) => text.trim().toLowerCase()));
  return (value) => typeof value === "string" && known.has(value.trim().toLowerCase());
}

/** Returns a reader of words that stand for numbers: undefined for any other text. */
export function wordReader(words: Readonly<Record<string, number>>): (text: string) => number | undefined {
  const known = new Map(Object.entries(words).map(([word, number]) => [word.trim().toLowerCase(), number]));
  if (known.size === 0) return () => undefined;
  return (text) => known.get(text.trim().toLowerCase());
}

/** Words of states that come in pairs, which devices write for 1 and 0. */
const likelyPairs: readonly (readonly [string, string])[] = [
  ["on", "off"],
  ["true", "false"],
  ["yes", "no"],
  ["open", "closed"],
  ["open", "close"],
  ["up", "down"],
  ["online", "offline"],
  ["running", "stopped"],
  ["active", "inactive"],
  ["enabled", "disabled"],
  ["high", "low"],
  ["home", "not_home"],
  ["home", "away"],
  ["locked", "unlocked"],
  ["detected", "clear"],
  ["occupied", "unoccupied"],
  ["connected", "disconnected"],
  ["ok", "error"],
  ["ok", "nok"],
  ["pass", "fail"],
  ["success", "failure"],
  ["success", "failed"],
  ["ja", "nein"],
  ["ein", "aus"],
  ["an", "aus"],
];

/** Returns the numbers that words of a pair are likely to stand for; undefined for other words. */
export function likelyWords(words: readonly string[]): Readonly<Record<string, number>> | undefined {
  const own = new Set(words.map((word) => word.trim().toLowerCase()));
  if (own.size === 0 || own.size > 2) return undefined;
  const pair = likelyPairs.find((one) => [...own].every((word) => one.includes(word)));
  if (pair === undefined) return undefined;
  const isUpper = words.every((word) => word === word.toUpperCase());
  const as = (word: string): string =>
    words.find((given) => given.trim().toLowerCase() === word)?.trim() ??
    (isUpper ? word.toUpperCase() : word);
  return { [as(pair[0])]: 1, [as(pair[1])]: 0 };
}

/** Returns words and their numbers as YAML on one line. */
function wordsText(words: Readonly<Record<string, number>>): string {
  const members = Object.entries(words).map(([word, number]) => `${word}: ${number}`);
  return `{${members.join(", ")}}`;
}

/** Returns what reads booleans as numbers, for the error of one. */
export function booleanHint({ words }: NumberOptionNames): string {
  return words === undefined ? "" : `; ${words}: {true: 1, false: 0} reads booleans as numbers`;
}

/** Texts that programs write where they have no value; each must be named to be read as a missing one. */
const likelyMissing: ReadonlySet<string> = new Set([
  ...["unavailable", "unknown", "missing", "undefined", "not available", "no data", "nodata", "no value"],
  ...["nan", "null", "none", "nil", "na", "n/a", "#n/a", "-", ""],
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

/** Whether a text is one that programs write where they have no value. */
export function isLikelyMissing(text: string): boolean {
  return likelyMissing.has(text.trim().toLowerCase());
}

/**
 * Returns what reads a text that was refused, for its error; empty if nothing is known.
 *
 * @param decimal The mark that numbers have by the settings.
 * @param takesText Whether numbers in texts are read at all.
 */
export function numberTextHint(
  text: string,
  decimal: "." | ",",
  names: NumberOptionNames,
  takesText = true,
): string {
  const word = text.trim();
  const pair = names.words === undefined ? undefined : likelyWords([word]);
  if (pair !== undefined && !likelyMissing.has(word.toLowerCase())) {
    return `; if it stands for a number, ${names.words!} reads it, such as ${wordsText(pair)}`;
  }
  if (likelyMissing.has(word.toLowerCase())) {
    const option = names.missing(/^[a-z]+$/i.test(word) ? word : JSON.stringify(word));
    return `; if it stands for a missing value, ${option} reads it`;
  }
  if (!takesText && names.inText !== undefined && isNumberText(text)) {
    return `; ${names.inText} reads numbers in texts`;
  }
  if (names.inText === decodeNumberNames.inText && looksLikeDecimal(word)) {
    return "; a decimal in base64, as Debezium and Kafka Connect write it, needs decode.decimals with its scale, or decode.format: connect-json";
  }
  return numberHint(word, decimal, names);
}

/** Whether a text looks like the few bytes of a decimal in base64, and not like a word or a number. */
function looksLikeDecimal(text: string): boolean {
  if (text.length > 24 || !isBase64(text) || isNumberText(text)) return false;
  return text.endsWith("=") || (/[a-z]/.test(text) && /.[A-Z]/.test(text));
}

/** What keeps a text from being a number; empty if nothing is known. */
function numberHint(text: string, decimal: "." | ",", names: NumberOptionNames): string {
  if (text.length > 40) return "";
  const number = /^[^\d+-]*([+-]?\d[\d.,' ]*)(.*)$/.exec(text)?.[1]?.trim();
  if (number === undefined) return "";
  if (/^\(.*\)$/.test(text)) return "; a negative number needs a minus sign, and no brackets";
  const rest =
    number === text ? "" : unitHint(text.slice(0, text.indexOf(number)), text.split(number)[1]!, names);
  const hasGroups = decimal === "." ? /\d[,' ]\d{3}(?!\d)/.test(number) : /\d[.' ]\d{3}(?!\d)/.test(number);
  const isComma = decimal === "." && /^[+-]?[\d.]+,\d+$/.test(number);
  const comma = isComma ? `a decimal comma needs ${names.decimalComma}` : "";
  const groups =
    hasGroups || (isComma && number.includes(".")) ? "separators of thousands must be removed" : "";
  const marks = [groups, comma].filter((part) => part !== "").join(", ");
  return `${marks === "" ? "" : `; ${marks}`}${rest}`;
}

/** What is before or after a number: a unit has an option. */
function unitHint(before: string, after: string, names: NumberOptionNames): string {
  const unit = `${before}${after}`.trim();
  const isUnit = before === "" ? /^[\p{L}\p{Sc}%‰°][^\s"'`\\!;,]{0,11}$/u : /^(?:\p{Sc}|[A-Z]{3})$/u;
  return isUnit.test(unit)
    ? `; ${names.unit(unit)} leaves out the unit`
    : "; write the number alone, without unit or sign of currency";
}

/** Returns a text without the unit before or after its number; the text itself if it is no number with a unit. */
export function unitRemover(units: readonly string[]): (text: string) => string {
  const names = units.map((unit) => unit.trim()).filter((unit) => unit !== "");
  return (text) => {
    // A number has no unit, whatever the units are.
    if (Number.isFinite(Number(text))) return text;
    const whole = text.trim();
    for (const unit of names) {
      const number = whole.endsWith(unit)
        ? whole.slice(0, -unit.length)
        : whole.startsWith(unit)
          ? whole.slice(unit.length)
          : "";
      if (/^\s*[+-]?[.,]?\d(?:[\d.,]|[eE][+-]?\d)*\s*$/.test(number)) return number;
    }
    return text;
  };
}
