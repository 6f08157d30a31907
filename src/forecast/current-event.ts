/** Holds the event in progress in one object, reused for all events. */
import type { ForecastColumns, ObservationColumns } from "./columns.js";

export interface CurrentEvent {
  observations: ObservationColumns;
  forecasts: ForecastColumns;
  /** Its row in the columns. */
  row: number;
  /** Epoch milliseconds. */
  time: number;
  /** NaN where it is missing. */
  value: number;
  missing: boolean;
  /** The scaled change that it stands for: of the value, or of the imputation of a missing one. */
  change: number;
}
