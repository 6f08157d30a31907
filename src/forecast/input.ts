/** What counts as a key, a time, a value and a symbol: the one gate between a user's data and the forecaster. */
import { UndercurrentError, type ErrorCode } from "../errors/errors.js";
import { namesMissingDay, parseIsoTime } from "./iso-time.js";

/** What `readKey`, `readTime`, `readValue` and `readSymbol` throw: codes that refuse one event, and nothing beyond it. */
export const inputFaults: ReadonlySet<ErrorCode> = new Set([
  "KEY_INVALID",
  "TIME_INVALID",
  "VALUE_NOT_A_NUMBER",
  "VALUE_OUT_OF_RANGE",
  "SYMBOL_INVALID",
]);

/** The error where it refuses one event and nothing beyond it; rethrows any other. */
export function inputFault(error: unknown): UndercurrentError {
  if (error instanceof UndercurrentError && inputFaults.has(error.code)) return error;
  throw error;
}

/** Longest symbol, in UTF-16 code units: thousands of them are kept. */
export const maximumSymbolLength = 256;

/** Longest key, in UTF-16 code units: a key is kept in memory and in every snapshot. */
export const maximumKeyLength = 1024;

/** Largest size of a value; beyond it squares of differences would leave the range of the state. */
export const maximumValue = 1e30;

/** Largest size of a time, the range of a Date: ± 100 million days around 1970. */
export const maximumTime = 8.64e15;

/** A time as users have it: epoch milliseconds, a Date, or an ISO 8601 string (UTC where it names no zone). */
export type TimeLike = number | Date | string;

/** A value as users have it; null, undefined and NaN stand for a missing one. */
export type ValueLike = number | null | undefined;

/** The key, or throws KEY_INVALID. Numbers and bigints are taken as their decimal text. */
export function readKey(key: unknown): string {
  return readName(key, "key", "KEY_INVALID", maximumKeyLength);
}

/** The symbol, or throws SYMBOL_INVALID. Numbers and bigints are taken as their decimal text. */
export function readSymbol(symbol: unknown): string {
  return readName(symbol, "symbol", "SYMBOL_INVALID", maximumSymbolLength);
}

function readName(value: unknown, what: string, code: ErrorCode, longest: number): string {
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string") throw new UndercurrentError(code, `the ${what} is ${describe(value)}`);
  if (text.length === 0) throw new UndercurrentError(code, `the ${what} is empty`);
  if (text.length > longest) {
    throw new UndercurrentError(
      code,
      `the ${what} is ${text.length} characters long, at most ${longest} are taken: ${excerpt(text)}`,
    );
  }
  // Snapshots keep names as UTF-8, where half a surrogate pair has no form: two such names would become one.
  if (!text.isWellFormed()) throw new UndercurrentError(code, `the ${what} is not well-formed Unicode`);
  return text;
}

/** Epoch milliseconds, or throws TIME_INVALID. */
export function readTime(time: unknown): number {
  let milliseconds = NaN;
  if (typeof time === "number") milliseconds = time;
  else if (time instanceof Date) milliseconds = time.getTime();
  else if (typeof time === "string") milliseconds = parseIsoTime(time);
  if (!(Math.abs(milliseconds) <= maximumTime)) {
    const reason =
      typeof time === "string" && namesMissingDay(time) ? ", a day that the calendar does not have" : "";
    throw new UndercurrentError("TIME_INVALID", `the time is ${describe(time)}${reason}`);
  }
  return milliseconds;
}

/**
 * The value, NaN where it is missing; throws VALUE_NOT_A_NUMBER or VALUE_OUT_OF_RANGE. An error calls it by `name`.
 */
export function readValue(value: unknown, name = "the value"): number {
  if (value === null || value === undefined) return NaN;
  if (typeof value !== "number") {
    throw new UndercurrentError("VALUE_NOT_A_NUMBER", `${name} is ${describe(value)}`);
  }
  if (Math.abs(value) > maximumValue) {
    throw new UndercurrentError("VALUE_OUT_OF_RANGE", `${name} is ${value}`);
  }
  return value;
}

function describe(value: unknown): string {
  if (typeof value === "string") return `the text ${excerpt(value)}`;
  if (typeof value === "number") return String(value);
  if (value instanceof Date) return "an invalid Date";
  if (value === null || value === undefined) return "missing";
  return `of type ${typeof value}`;
}

/** A short, printable form of hostile text: JSON-quoted and cut. */
function excerpt(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** An event that was refused; it changed nothing. */
export interface RejectedEvent<T> {
  readonly event: T;
  readonly error: UndercurrentError;
}

/** A process warning for the first refused event of each code: nothing is refused in silence, nor a log flooded. */
export function warnOncePerCode(): (rejected: RejectedEvent<unknown>) => void {
  const warned = new Set<string>();
  return ({ error }) => {
    if (warned.has(error.code)) return;
    warned.add(error.code);
    process.emitWarning(
      `${error.message}; further events of this kind are refused silently. ${error.action}`,
      {
        type: "UndercurrentWarning",
        code: error.code,
      },
    );
  };
}
