/** Messages between the main thread and a worker thread: plain data that can be cloned. */
import type { KeptKeys } from "../../adapters/web/live-view.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError, type ErrorCode } from "../../errors/errors.js";
import type { ForecastColumns } from "../../forecast/columns.js";
import type { GroupNote } from "../../forecast/incidents/groups/watcher.js";
import type { IncidentNote } from "../../forecast/incidents/watcher.js";
import type { UpdateReport } from "../../forecast/learning/schedule.js";
import type { KeyAnswer } from "../../pipeline/query/key-queries.js";
import type { Rejection } from "../../pipeline/telemetry.js";
import type { MemberStanding } from "./readiness.js";

/** The data that a worker starts with. */
export interface WorkerData {
  readonly settings: Config;
  /** Keys whose rows the worker sends for the live page; undefined without a page. */
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
  /** Changes of incidents of these keys. */
  readonly incidents: readonly IncidentNote[];
  /** Changes of the incidents of groups, with those of their members that are among these keys. */
  readonly groupIncidents: readonly GroupNote[];
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

/** Which of the two models a report is about. */
export type ModelRole = "live" | "candidate";

/** Messages of a worker; the main thread answers each with `taken`. */
export type Report =
  | { readonly type: "rows"; readonly role: ModelRole; readonly rows: ShownRows }
  /** Observations that the page has no rows of. */
  | { readonly type: "others"; readonly role: ModelRole; readonly count: number }
  | { readonly type: "update"; readonly update: UpdateReport }
  /** Rejections of one code; the first one is included. */
  | { readonly type: "rejections"; readonly rejection: Rejection; readonly count: number }
  | { readonly type: "standing"; readonly standing: MemberStanding };

/** What the main thread asks a worker, and what the worker answers. */
export type WorkerQuestion =
  | { readonly about: "metrics" }
  | {
      readonly about: "key";
      readonly key: string;
      readonly partition: number | undefined;
      readonly topic: string | undefined;
    };

export type WorkerAnswer =
  | { readonly about: "metrics"; readonly metrics: readonly object[] }
  | { readonly about: "key"; readonly answer: KeyAnswer };

export type FromWorker =
  | Report
  | { readonly type: "answer"; readonly request: number; readonly answer: WorkerAnswer }
  | { readonly type: "ended"; readonly error: PlainError | undefined; readonly forecasts: number };

export type ToWorker =
  | { readonly type: "stop" }
  | { readonly type: "taken" }
  | { readonly type: "reload"; readonly settings: Config; readonly keysShown: KeptKeys | undefined }
  | { readonly type: "question"; readonly request: number; readonly question: WorkerQuestion };

export function plainError(error: unknown): PlainError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: error instanceof UndercurrentError ? error.code : undefined, message, stack };
}

export function errorOf({ code, message, stack }: PlainError): Error {
  if (code !== undefined) return new UndercurrentError(code, message);
  return Object.assign(new Error(message), { stack });
}
