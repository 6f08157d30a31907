/** The last points of one key for the live page, in a ring of columns, and its running scores. */
import type { ForecastColumns } from "../../forecast/columns.js";
import { RunningScore } from "../../forecast/evaluation/score.js";
import type { ForecastBatch } from "../../pipeline/telemetry.js";
import type {
  DetailUpdate,
  ExpertShare,
  NextForecast,
  Nullable,
  OverviewUpdate,
  Picture,
  SeriesScore,
} from "./wire.js";

/** Remembers about the last 500 values of the key. */
const scoreDecay = 1 - 1 / 500;

/** Points of an incident's picture, and those of them that lie before it. */
const picturePoints = 120;
const pointsBefore = 40;

/** JSON has no NaN. */
export function nullable(value: number): Nullable {
  return Number.isFinite(value) ? value : null;
}

/** The new points of a ring: rows `start` .. `total - 1`, counted from the first point ever. */
interface Range {
  readonly start: number;
  readonly reset: boolean;
}

export class Series {
  readonly id: number;
  readonly key: string;
  readonly score = new RunningScore(scoreDecay);
  /** Points ever appended. */
  total = 0;
  anomalies = 0;
  /** Whether the detail was read since the experts' shares were last set: shares that nobody reads are not computed. */
  watched = false;
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #expected: Float64Array;
  readonly #lower: Float64Array;
  readonly #upper: Float64Array;
  readonly #anomalyScores: Float64Array;
  #next: NextForecast | null = null;
  #experts: readonly ExpertShare[] = [];

  constructor(id: number, key: string, capacity: number) {
    const column = (): Float64Array => new Float64Array(capacity);
    this.id = id;
    this.key = key;
    this.#capacity = capacity;
    this.#times = column();
    this.#values = column();
    this.#expected = column();
    this.#lower = column();
    this.#upper = column();
    this.#anomalyScores = column();
  }

  /** Copies one row. */
  append(columns: ForecastColumns, row: number): void {
    const at = this.total % this.#capacity;
    const value = columns.values[row]!;
    const expected = columns.expected[row]!;
    const lower = columns.expectedLower[row]!;
    const upper = columns.expectedUpper[row]!;
    this.#times[at] = columns.times[row]!;
    this.#values[at] = value;
    this.#expected[at] = expected;
    this.#lower[at] = lower;
    this.#upper[at] = upper;
    this.#anomalyScores[at] = columns.anomalyScore[row]!;
    if (columns.anomalyScore[row]! > 1) this.anomalies++;
    this.score.add(value, { expected, previous: columns.previous[row]!, lower, upper });
    this.total++;
  }

  /** Keeps the forecast of the key's next value: that of the last row of a batch is enough. */
  setNext(columns: ForecastColumns, row: number): void {
    const time = columns.yhatTime[row]!;
    const yhat = columns.yhat[row]!;
    const known = Number.isFinite(yhat) && Number.isFinite(time);
    this.#next = known
      ? { time, yhat, lower: nullable(columns.yhatLower[row]!), upper: nullable(columns.yhatUpper[row]!) }
      : null;
  }

  /** Keeps the experts' shares in the forecast of the key's next value. */
  setExperts(experts: NonNullable<ForecastBatch["experts"]>, slot: number): void {
    const weights = experts.expertWeights(slot);
    this.#experts = experts.expertNames.map((name, i) => ({ name, weight: weights[i]! }));
    this.watched = false;
  }

  /** The points after the first `seen` ones, at most `limit`, for the small chart. */
  overview(seen: number, limit: number): OverviewUpdate {
    const { start, reset } = this.#range(seen, limit);
    return {
      id: this.id,
      ...(seen === 0 ? { key: this.key } : {}),
      reset,
      times: this.#read(this.#times, start),
      values: this.#read(this.#values, start).map(nullable),
      anomalous: this.#read(this.#anomalyScores, start).map((score) => (score > 1 ? 1 : 0)),
      score: this.#scores(),
    };
  }

  /** The points after the first `seen` ones, as far as the ring still has them. */
  detail(seen: number): DetailUpdate {
    const { start, reset } = this.#range(seen, this.#capacity);
    this.watched = true;
    return {
      id: this.id,
      reset,
      times: this.#read(this.#times, start),
      values: this.#read(this.#values, start).map(nullable),
      expected: this.#read(this.#expected, start).map(nullable),
      lower: this.#read(this.#lower, start).map(nullable),
      upper: this.#read(this.#upper, start).map(nullable),
      anomalyScores: this.#read(this.#anomalyScores, start).map(nullable),
      next: this.#next,
      experts: this.#experts,
    };
  }

  /**
   * The values from some before a time to the last one, at most `picturePoints`. Of more values each group is shown by the
   * one that is farthest from its forecast.
   */
  picture(from: number): Picture {
    const first = Math.max(0, this.total - this.#capacity);
    let begin = first;
    while (begin < this.total && this.#times[begin % this.#capacity]! < from) begin++;
    const start = Math.max(first, begin - pointsBefore);
    const group = Math.ceil((this.total - start) / picturePoints);
    const rows: number[] = [];
    for (let at = start; at < this.total; at += group) {
      let farthest = at;
      for (let i = at + 1; i < Math.min(at + group, this.total); i++) {
        if (this.#error(i) > this.#error(farthest)) farthest = i;
      }
      rows.push(farthest % this.#capacity);
    }
    return {
      times: rows.map((row) => this.#times[row]!),
      values: rows.map((row) => nullable(this.#values[row]!)),
      expected: rows.map((row) => nullable(this.#expected[row]!)),
    };
  }

  #error(index: number): number {
    const at = index % this.#capacity;
    const error = Math.abs(this.#values[at]! - this.#expected[at]!);
    return Number.isNaN(error) ? -1 : error;
  }

  #scores(): SeriesScore {
    const { score } = this;
    return {
      count: score.count,
      skill: nullable(score.skill),
      coverage: nullable(score.coverage),
      mae: nullable(score.mae),
      persistenceMae: nullable(score.persistenceMae),
      anomalies: this.anomalies,
    };
  }

  /** A page that falls behind by more than the limit restarts with the newest points, so it never has a gap. */
  #range(seen: number, limit: number): Range {
    const start = Math.max(seen, this.total - Math.min(limit, this.#capacity), 0);
    return { start, reset: seen === 0 || start > seen };
  }

  #read(column: Float64Array, start: number): number[] {
    const rows: number[] = [];
    for (let i = start; i < this.total; i++) rows.push(column[i % this.#capacity]!);
    return rows;
  }
}
