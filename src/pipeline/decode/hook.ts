/** Reads records by a function of the user's. */
import { UndercurrentError } from "../../errors/errors.js";
import type { TimeLike, ValueLike } from "../../forecast/input.js";
import type { InputRecord } from "../ports.js";
import type { ValueFormat } from "./format.js";

/** A reading of a record, as a function gives it. It may have further fields, for the paths of `decode`. */
export interface HookReading {
  /** Key of the series. Default: the record's key as UTF-8 text. */
  readonly key?: string | number;
  /** Event time, as `decode.time` is read. Default: the record's timestamp. */
  readonly time?: TimeLike;
  /** The value; null for a missing one. */
  readonly value?: ValueLike;
  readonly [field: string]: unknown;
}

/**
 * Reads the value of a record. The same record must give the same readings, at once and without a promise: replays call it
 * again. What it throws makes the record a dead letter with the message as its reason. No reading, null or undefined: the
 * record is skipped and counted.
 */
export type DecodeHook = (
  value: Uint8Array,
  record: InputRecord,
) => HookReading | readonly HookReading[] | null | undefined;

/**
 * Returns the format `module`: records are read by a function.
 *
 * @param hook Reads the value of a record.
 * @throws SETTING_INVALID if it is no function.
 *
 * @example
 * ```ts
 * const format = decodeWith((value) => {
 *   const [key, celsius] = Buffer.from(value).toString().split("=");
 *   return { key, value: Number(celsius) };
 * });
 * run(source, committer, { decode: { format: "module" }, format }).subscribe();
 * ```
 */
export function decodeWith(hook: DecodeHook): ValueFormat {
  const given: unknown = hook;
  if (typeof given !== "function") {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "decode.module: expected a function such as (value, record) => ({ key, time, value })",
    );
  }
  return {
    prepare: () => undefined,
    parse: (value, record) => readingsOf(called(hook, value, record!)),
  };
}

function called(hook: DecodeHook, value: Uint8Array, record: InputRecord): unknown {
  try {
    return hook(value, record);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UndercurrentError("RECORD_UNREADABLE", `decode.module: ${message}`, { cause });
  }
}

/** Throws RECORD_UNREADABLE for what is no list of readings. */
function readingsOf(result: unknown): readonly unknown[] {
  if (result === null || result === undefined) return [];
  const readings: readonly unknown[] = Array.isArray(result) ? result : [result];
  for (const reading of readings) {
    const isPromise = typeof (reading as { readonly then?: unknown } | null)?.then === "function";
    if (typeof reading === "object" && reading !== null && !Array.isArray(reading) && !isPromise) continue;
    const found = isPromise ? "a promise" : Array.isArray(reading) ? "a list" : String(reading);
    throw new UndercurrentError(
      "RECORD_UNREADABLE",
      `decode.module returned ${found}, expected readings such as { key, time, value }`,
    );
  }
  return readings;
}
