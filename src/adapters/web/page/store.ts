/** Holds the points of the page by series: the sum of the server's snapshots and increments. */
import type { Spans } from "../report-data.js";
import {
  detailPoints,
  overviewPoints,
  type DetailUpdate,
  type ExpertShare,
  type Frame,
  type NextForecast,
  type Nullable,
  type OverviewUpdate,
  type PageIncident,
  type SeriesScore,
} from "../wire.js";

export interface SeriesState {
  readonly id: number;
  readonly key: string;
  readonly times: number[];
  readonly values: Nullable[];
  readonly anomalous: (0 | 1)[];
  score: SeriesScore;
}

export interface DetailState {
  readonly id: number;
  readonly times: number[];
  readonly values: Nullable[];
  readonly expected: Nullable[];
  readonly lower: Nullable[];
  readonly upper: Nullable[];
  readonly anomalyScores: Nullable[];
  next: NextForecast | null;
  experts: readonly ExpertShare[];
  /** From when to when the key had incidents, of those that the page lists. */
  incidents: Spans;
}

const noSpans: Spans = { begins: [], ends: [] };

export class Store {
  /** By id, which counts from 0. */
  series: SeriesState[] = [];
  detail: DetailState | null = null;
  /** The latest incidents, newest first. */
  incidents: readonly PageIncident[] = [];

  /** A snapshot replaces everything, an increment adds to it. Returns the series with new points. */
  apply(frame: Frame, snapshot: boolean): readonly SeriesState[] {
    if (snapshot) {
      this.series = [];
      this.detail = null;
    }
    const touched = frame.series.map((update) => this.#applySeries(update));
    if (frame.incidents !== undefined) this.incidents = frame.incidents;
    if (frame.detail !== null) this.#applyDetail(frame.detail);
    if (this.detail !== null) this.detail.incidents = this.#spansOf(this.detail.id);
    return touched;
  }

  byKey(key: string): SeriesState | undefined {
    return this.series.find((series) => series.key === key);
  }

  #applySeries(update: OverviewUpdate): SeriesState {
    const { id, score } = update;
    const known = this.series[id];
    const state = known ?? { id, key: update.key ?? "", times: [], values: [], anomalous: [], score };
    this.series[id] = state;
    state.score = score;
    extend(state.times, update.times, update.reset, overviewPoints);
    extend(state.values, update.values, update.reset, overviewPoints);
    extend(state.anomalous, update.anomalous, update.reset, overviewPoints);
    return state;
  }

  #spansOf(id: number): Spans {
    const own = this.incidents.filter((incident) => incident.id === id && incident.group === undefined);
    return { begins: own.map(({ begin }) => begin), ends: own.map(({ end }) => end) };
  }

  #applyDetail(update: DetailUpdate): void {
    const empty = { times: [], values: [], expected: [], lower: [], upper: [], anomalyScores: [] };
    const state = (this.detail ??= { id: update.id, ...empty, next: null, experts: [], incidents: noSpans });
    for (const column of ["times", "values", "expected", "lower", "upper", "anomalyScores"] as const) {
      extend<Nullable>(state[column] as Nullable[], update[column], update.reset, detailPoints);
    }
    state.next = update.next;
    state.experts = update.experts;
  }
}

/** Appends to, or replaces, a column that keeps its last `limit` entries. */
function extend<T>(column: T[], news: readonly T[], reset: boolean, limit: number): void {
  if (reset) column.length = 0;
  column.push(...news);
  if (column.length > limit) column.splice(0, column.length - limit);
}
