/** What every forecaster of this bench is asked for: 24 steps of one series at some rows of it. */

/** Steps of each forecast: a day of hours. */
export const horizon = 24;
/** Rows that a model is fitted on which is fitted anew at each origin: 30 days. */
export const window = 720;
/** Rows before the first origin, by which values are scaled and from which networks learn. */
export const history = 10_800;

export interface Peer {
  readonly name: string;
  /** @returns For each origin the forecasts of rows origin, origin + 1, … from the rows before. */
  forecasts(series: Float64Array, origins: readonly number[]): Promise<ArrayLike<number>[]>;
}
