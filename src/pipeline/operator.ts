/** Declares the user's steps around the forecast in `run`: RxJS operators and asynchronous hooks. */
import type { OperatorFunction } from "rxjs";
import { UndercurrentError } from "../errors/errors.js";
import type { EventForecast } from "../forecast/objects.js";
import type { Reading } from "./decode/decode.js";
import type { RoutedRecord } from "./ports.js";

/** A forecast with its reading as `event`. */
export type RecordForecast = EventForecast<Reading>;

/** Context of a batch hook. */
export interface BatchContext {
  /** Aborted at the time limit, or when the commit can no longer succeed. */
  readonly signal: AbortSignal;
}

/**
 * The user's steps around the forecast. Their results are committed with the input offset, or not at all. A replay passes
 * input through `before` and `beforeBatch` again, so their results must depend on the reading only. `after` and
 * `afterBatch` see each forecast once per attempt to commit it.
 *
 * RxJS operators must emit synchronously. Use `beforeBatch` and `afterBatch` for asynchronous steps (a registry, a database).
 *
 * @example
 * ```ts
 * const operators: Operators = {
 *   before: filter((reading) => reading.key.startsWith("pump-")),
 *   beforeBatch: async (readings, { signal }) => {
 *     const offsets = await registry.offsetsOf(readings.map(({ key }) => key), { signal });
 *     return readings.map((reading, i) => ({ ...reading, value: reading.value - offsets[i] }));
 *   },
 *   after: pipe(
 *     filter((forecast) => forecast.anomalyScore > 1),
 *     map((forecast) => ({ topic: "alerts", record: forecast.event.record })),
 *   ),
 * };
 * ```
 */
export interface Operators {
  /** Filters, changes or multiplies readings before the forecast. */
  readonly before?: OperatorFunction<Reading, Reading>;
  /**
   * Filters, changes or multiplies the readings of one commit asynchronously, after `before`. It must resolve to readings
   * in the order of their records.
   */
  readonly beforeBatch?: (readings: readonly Reading[], context: BatchContext) => Promise<readonly Reading[]>;
  /** Creates records for further topics from forecasts. */
  readonly after?: OperatorFunction<RecordForecast, RoutedRecord>;
  /** Creates records for further topics from the forecasts of one commit asynchronously. They follow those of `after`. */
  readonly afterBatch?: (
    forecasts: readonly RecordForecast[],
    context: BatchContext,
  ) => Promise<readonly RoutedRecord[]>;
}

/** Default time limit of a batch hook, in milliseconds. */
export const defaultHookTimeoutMs = 30_000;
const maxHookTimeoutMs = 3_600_000;

/** Checks the time limit of batch hooks. Throws SETTING_INVALID. */
export function checkHookTimeout(hookTimeoutMs: number): number {
  if (Number.isInteger(hookTimeoutMs) && hookTimeoutMs >= 1 && hookTimeoutMs <= maxHookTimeoutMs) {
    return hookTimeoutMs;
  }
  throw new UndercurrentError(
    "SETTING_INVALID",
    `hookTimeoutMs: expected an integer from 1 to ${maxHookTimeoutMs} (milliseconds), found ${String(hookTimeoutMs)}`,
  );
}
