/** What the main thread and a worker thread say to each other: plain data that can be cloned. */
import type { KafkaLogEntry } from "../adapters/kafka/options.js";
import type { KeptKeys } from "../adapters/web/live-view.js";
import type { Config } from "../config/schema.js";
import { UndercurrentError, type ErrorCode } from "../errors.js";
import type { ForecastColumns } from "../forecast/columns.js";
import type { Restarting, TaskEvent } from "../pipeline/events.js";
import type { UpdateReport } from "../forecast/learning.js";
import type { Rejection } from "../pipeline/telemetry.js";

/** What a worker is started with. */
export interface WorkerData {
  readonly settings: Config;
  /** Keys whose rows it passes on for the live page; undefined where there is none. */
  readonly keysShown: KeptKeys | undefined;
  readonly metrics: boolean;
}

/** Rows of a batch for the live page, those of other keys counted only. */
export interface ShownRows {
  readonly count: number;
  /** Slots are places in `keys`. */
  readonly columns: ForecastColumns;
  readonly keys: readonly string[];
  readonly others: number;
  readonly expertNames: readonly string[];
  /** Of each key with a row, the weights of its experts. */
  readonly expertWeights: readonly (Float64Array | undefined)[];
}

/** An error as plain data: ours by its code, any other with its stack. */
export interface PlainError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

type PlainTaskEvent =
  Exclude<TaskEvent, Restarting> | (Omit<Restarting, "error"> & { readonly error: PlainError });

export type FromWorker =
  | { readonly type: "task"; readonly event: PlainTaskEvent }
  | { readonly type: "kafka"; readonly entry: KafkaLogEntry }
  | { readonly type: "engine"; readonly line: string }
  | { readonly type: "joined" }
  | { readonly type: "rejection"; readonly rejection: Rejection }
  | { readonly type: "update"; readonly update: UpdateReport }
  | { readonly type: "rows"; readonly rows: ShownRows }
  | { readonly type: "metrics"; readonly request: number; readonly metrics: readonly object[] }
  | { readonly type: "ended"; readonly error: PlainError | undefined };

export type ToWorker = { readonly type: "stop" } | { readonly type: "metrics"; readonly request: number };

export function plainError(error: unknown): PlainError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: error instanceof UndercurrentError ? error.code : undefined, message, stack };
}

export function errorOf({ code, message, stack }: PlainError): Error {
  if (code !== undefined) return new UndercurrentError(code, message);
  return Object.assign(new Error(message), { stack });
}

export function plainTaskEvent(event: TaskEvent): PlainTaskEvent {
  return event.type === "restarting" ? { ...event, error: plainError(event.error) } : event;
}

export function taskEventOf(event: PlainTaskEvent): TaskEvent {
  if (event.type !== "restarting") return event;
  const { code = "COMMIT_UNCERTAIN", message } = event.error;
  return { ...event, error: new UndercurrentError(code, message) };
}

/** The entry without what cannot be cloned: the client puts into its fields whatever it has at hand. */
export function plainEntry({ level, message, fields }: KafkaLogEntry): KafkaLogEntry {
  try {
    return { level, message, fields: JSON.parse(JSON.stringify(fields)) as Record<string, unknown> };
  } catch {
    return { level, message, fields: {} };
  }
}
