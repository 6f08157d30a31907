/** Forecasts for tests, made by a plain rule from made-up series, in the columns that the telemetry port takes. */
import { forecastColumns } from "../../../src/forecast/columns.js";
import type { ForecastBatch } from "../../../src/pipeline/telemetry.js";

export interface SyntheticSeries {
  readonly key: string;
  /** Value of step i; `noise()` is roughly normal with unit variance. */
  readonly value: (i: number, noise: () => number) => number;
  /** What can be known of step i one step before it, beyond its predecessor. */
  readonly drift?: (i: number) => number;
  /** Milliseconds between two steps. */
  readonly period: number;
  readonly start: number;
}

interface KeyState {
  step: number;
  previous: number;
  expected: number;
  width: number;
}

/** Steps through all series in turn, one row for each; the same numbers on every run. */
export class SyntheticForecasts {
  readonly #series: readonly SyntheticSeries[];
  readonly #states: KeyState[];
  #seed = 1;

  constructor(series: readonly SyntheticSeries[]) {
    this.#series = series;
    this.#states = series.map(() => ({ step: 0, previous: NaN, expected: NaN, width: 0 }));
  }

  /** The next `steps` steps of every series as one batch. */
  batch(steps: number): ForecastBatch {
    const count = steps * this.#series.length;
    const columns = forecastColumns(count);
    for (let row = 0; row < count; row++) this.#write(columns, row, row % this.#series.length);
    const experts = {
      expertNames: ["persistence", "recurrent"],
      expertWeights: (slot: number) => Float64Array.of(1 / (slot + 2), 1 - 1 / (slot + 2)),
    };
    return { count, columns, keyOf: (slot) => this.#series[slot]!.key, experts };
  }

  #write(columns: ForecastBatch["columns"], row: number, slot: number): void {
    const series = this.#series[slot]!;
    const state = this.#states[slot]!;
    const time = series.start + state.step * series.period;
    const value = series.value(state.step, () => this.#noise());
    const error = Math.abs(value - state.expected);
    columns.slots[row] = slot;
    columns.times[row] = time;
    columns.values[row] = value;
    columns.expected[row] = state.expected;
    columns.previous[row] = state.previous;
    columns.expectedLower[row] = state.step < 3 ? NaN : state.expected - state.width;
    columns.expectedUpper[row] = state.step < 3 ? NaN : state.expected + state.width;
    columns.anomalyScore[row] = state.step < 20 ? NaN : error / (state.width * 2.2);
    if (!Number.isNaN(error)) {
      state.width = Math.max(
        1e-6,
        state.width + (error > state.width ? 0.45 : -0.05) * (state.width || error) * 0.3,
      );
    }
    state.step++;
    state.previous = value;
    state.expected = value + (series.drift?.(state.step) ?? 0);
    columns.yhat[row] = state.expected;
    columns.yhatLower[row] = state.expected - state.width;
    columns.yhatUpper[row] = state.expected + state.width;
    columns.yhatTime[row] = time + series.period;
    columns.version[row] = state.step;
  }

  /** Sum of four uniform numbers of a linear congruential generator. */
  #noise(): number {
    let sum = -2;
    for (let i = 0; i < 4; i++) {
      this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
      sum += this.#seed / 2 ** 32;
    }
    return sum * Math.sqrt(3);
  }
}

const day = 86_400_000;

/** A walk through its own past values: what stock prices look like. */
function walk(start: number, volatility: number): SyntheticSeries["value"] {
  let level = start;
  return (_, noise) => (level *= 1 + volatility * noise());
}

function seasonal(
  mean: number,
  swing: number,
  steps: number,
  spread: number,
): Pick<SyntheticSeries, "value" | "drift"> {
  const season = (i: number): number => mean + swing * Math.sin((2 * Math.PI * i) / steps);
  return { value: (i, noise) => season(i) + spread * noise(), drift: (i) => season(i) - season(i - 1) };
}

/** Series like those of the demo: weather, an index and its volume, and a host. */
export const demoLikeSeries: readonly SyntheticSeries[] = [
  {
    key: "Seattle hourly temperature °F",
    period: 3_600_000,
    start: Date.UTC(2010, 0, 1),
    ...seasonal(48, 9, 24, 0.7),
  },
  { key: "Seattle daily maximum °C", period: day, start: Date.UTC(2012, 0, 1), ...seasonal(16, 9, 365, 2.4) },
  {
    key: "Seattle daily wind m/s",
    period: day,
    start: Date.UTC(2012, 0, 1),
    ...seasonal(3.2, 0.6, 365, 1.1),
  },
  { key: "New York daily maximum °C", period: day, start: Date.UTC(2012, 0, 1), ...seasonal(18, 12, 365, 3) },
  { key: "S&P 500 close", period: day, start: Date.UTC(2000, 0, 3), value: walk(1455, 0.011) },
  { key: "S&P 500 volume", period: day, start: Date.UTC(2000, 0, 3), value: walk(1.2e9, 0.08) },
  { key: "host cpu", period: 1000, start: Date.UTC(2026, 2, 1, 10), ...seasonal(0.3, 0.12, 40, 0.04) },
  { key: "host memory", period: 1000, start: Date.UTC(2026, 2, 1, 10), value: walk(0.42, 0.002) },
];
