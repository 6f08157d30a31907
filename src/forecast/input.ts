/** Validates keys, times, values and symbols before they reach the forecaster. */
import { UndercurrentError, type ErrorCode } from "../errors/library.js";
import { namesMissingDay, parseIsoTime } from "./iso-time.js";

/** Codes of `readKey`, `readTime`, `readValue`, `readSymbol` and of windows; each rejects a single event. */
export const inputFaults: ReadonlySet<ErrorCode> = new Set([
  "KEY_INVALID",
  "TIME_INVALID",
  "VALUE_NOT_A_NUMBER",
  "VALUE_OUT_OF_RANGE",
  "SYMBOL_INVALID",
  "EVENT_LATE",
]);

/** Returns an error that rejects a single event; rethrows any other error. */
export function inputFault(error: unknown): UndercurrentError {
  if (error instanceof UndercurrentError && inputFaults.has(error.code)) return error;
  throw error;
}

/** Longest symbol, in UTF-16 code units. Memory holds thousands of symbols. */
export const maximumSymbolLength = 256;

/** Longest key, in UTF-16 code units. Memory and every snapshot hold the key. */
export const maximumKeyLength = 1024;

/** Largest absolute value. Squares of larger differences would overflow the state. */
export const maximumValue = 1e30;

/** Largest absolute time, in milliseconds: the range of a Date, ± 100 million days around 1970. */
export const maximumTime = 8.64e15;

/** An event time: epoch milliseconds, a Date, or an ISO 8601 string (UTC if it has no zone). */
export type TimeLike = number | Date | string;

/** A value; null, undefined and NaN are missing values. */
export type ValueLike = number | null | undefined;

/** Returns the key. Throws KEY_INVALID. Numbers and bigints become their decimal text. */
export function readKey(key: unknown): string {
  return readName(key, "key", "KEY_INVALID", maximumKeyLength);
}

/** Returns the symbol. Throws SYMBOL_INVALID. Numbers and bigints become their decimal text. */
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

/** Returns epoch milliseconds. Throws TIME_INVALID. */
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
 * Returns the value, NaN if it is missing. Throws VALUE_NOT_A_NUMBER or VALUE_OUT_OF_RANGE with `name` in the message.
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

/** A rejected event. It changed no state. */
export interface RejectedEvent<T> {
  readonly event: T;
  readonly error: UndercurrentError;
}

/** Returns a listener that emits a process warning for the first rejected event of each code, so that no log is flooded. */
export function warnOncePerCode(): (rejected: RejectedEvent<unknown>) => void {
  const warned = new Set<string>();
  return ({ error }) => {
    if (warned.has(error.code)) return;
    warned.add(error.code);
    warn(`${error.message}; further events of this kind are refused silently. ${error.action}`, error.code);
  };
}

/** Emits a warning: that of the process or, where there is none, on the console. */
export function warn(message: string, code: string): void {
  const host = globalThis as { readonly process?: Partial<Pick<typeof process, "emitWarning">> };
  if (host.process?.emitWarning === undefined) console.warn(`[${code}] UndercurrentWarning: ${message}`);
  else host.process.emitWarning(message, { type: "UndercurrentWarning", code });
}

/** Seconds since 1970 of the years 2001 to 2100: as milliseconds they lie in the first weeks of 1970. */
const secondsFrom = 1e9;
const secondsUntil = 4.2e9;

/**
 * Returns the unit that a time in milliseconds is far more likely in, and how to convert it; undefined for a time that may
 * be in milliseconds.
 */
export function likelyUnit(time: unknown): readonly [unit: string, conversion: string] | undefined {
  if (typeof time !== "number") return undefined;
  if (time >= secondsFrom && time < secondsUntil) return ["seconds", "1000 * event.time"];
  const isMicroseconds = time >= 1e6 * secondsFrom && time < 1e6 * secondsUntil;
  return isMicroseconds ? ["microseconds", "event.time / 1000"] : undefined;
}
