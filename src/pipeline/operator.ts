/** A user's own steps around the forecast, as `run` takes them: RxJS operators, and functions that wait. */
import type { OperatorFunction } from "rxjs";
import { UndercurrentError } from "../errors/errors.js";
import type { EventForecast } from "../forecast/objects.js";
import type { Reading } from "./decode/decode.js";
import type { RoutedRecord } from "./ports.js";

/** A forecast, and as its `event` the reading that it was made from. */
export type RecordForecast = EventForecast<Reading>;

/** What a batch hook is given beside its batch. */
export interface BatchContext {
  /** Aborted when the time limit is over, or when the commit can no longer land. */
  readonly signal: AbortSignal;
}

/**
 * A user's own steps around the forecast. The steps run inside the commit: their results land with the input's offset, or
 * not at all. After a crash some input passes through `before` and `beforeBatch` again, so that their result must depend
 * on the reading alone. `after` and `afterBatch` see each forecast once for each attempt to commit it.
 *
 * An RxJS operator has to emit at once. Steps that wait (for a registry, a database) are `beforeBatch` and `afterBatch`.
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
   * Filters, changes or multiplies the readings of one commit, behind `before`, and may wait. The readings that it
   * resolves to are in the order of their records.
   */
  readonly beforeBatch?: (readings: readonly Reading[], context: BatchContext) => Promise<readonly Reading[]>;
  /** Makes records for further topics from forecasts. */
  readonly after?: OperatorFunction<RecordForecast, RoutedRecord>;
  /** Makes records for further topics from the forecasts of one commit, and may wait. They follow those of `after`. */
  readonly afterBatch?: (
    forecasts: readonly RecordForecast[],
    context: BatchContext,
  ) => Promise<readonly RoutedRecord[]>;
}

/** Default and greatest time limit of a batch hook, in milliseconds. */
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
