/** Holds the event in progress in one object, reused for all events. */
import {
  forecastColumns,
  observationColumns,
  type ForecastColumns,
  type ObservationColumns,
} from "./columns.js";

/** What incidents are found from: an event, its forecast and its score. */
export interface ScoredEvent extends Readonly<Pick<CurrentEvent, "row" | "time" | "value">> {
  readonly observations: Pick<ObservationColumns, "groupOf">;
  readonly forecasts: Pick<ForecastColumns, "expected" | "anomalyScore">;
}

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
  /** Whether the value was set aside (`keys/guard.ts`): it is missing for all that learns. */
  setAside: boolean;
  /** The key's last value before it that was not set aside. */
  held: number;
  /** Whether the key began anew with the value before this one. */
  anew: boolean;
  /** How far the key moved as a whole before it took the value. */
  jump: number;
  /** The scaled change that it stands for: of the value, or of the imputation of a missing one. */
  change: number;
}

/** The object before its first event, of columns without rows. */
export const currentEvent = (): CurrentEvent => ({
  observations: observationColumns(0),
  forecasts: forecastColumns(0),
  row: 0,
  time: 0,
  value: 0,
  missing: false,
  setAside: false,
  held: 0,
  anew: false,
  jump: 0,
  change: 0,
});
