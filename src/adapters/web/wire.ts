/** The messages from the server to the page, shared by both. Times are epoch milliseconds; null is "none". */

export type Nullable = number | null;

/** Running scores of one series, over about its last few hundred values. */
export interface SeriesScore {
  /** Values scored since the start. */
  readonly count: number;
  /** Share of the error of persistence that the forecasts remove. */
  readonly skill: Nullable;
  /** Share of values inside their interval, 0 to 1. */
  readonly coverage: Nullable;
  readonly mae: Nullable;
  readonly persistenceMae: Nullable;
  /** Values since the start whose anomaly score exceeded 1. */
  readonly anomalies: number;
}

/** New points of one series for its small chart. */
export interface OverviewUpdate {
  readonly id: number;
  /** The key; sent once, with the series' first update. */
  readonly key?: string;
  /** Whether the points replace those that the page has; otherwise they follow them. */
  readonly reset: boolean;
  readonly times: readonly number[];
  readonly values: readonly Nullable[];
  /** 1 where the anomaly score exceeds 1. */
  readonly anomalous: readonly (0 | 1)[];
  readonly score: SeriesScore;
}

/** The forecast of a value that has not come yet. */
export interface NextForecast {
  readonly time: number;
  readonly yhat: number;
  readonly lower: Nullable;
  readonly upper: Nullable;
}

/** The share that an expert has in the forecast of a series' next value. */
export interface ExpertShare {
  readonly name: string;
  /** 0 to 1; the shares of a series sum to 1. */
  readonly weight: number;
}

/** Values of a series with their forecasts. */
export interface ScoredPoints {
  readonly times: readonly number[];
  readonly values: readonly Nullable[];
  /** Forecasts of these values, made before they came, and their intervals. */
  readonly expected: readonly Nullable[];
  readonly lower: readonly Nullable[];
  readonly upper: readonly Nullable[];
  readonly anomalyScores: readonly Nullable[];
}

/** New points of the series whose detail the page shows. */
export interface DetailUpdate extends ScoredPoints {
  readonly id: number;
  readonly reset: boolean;
  readonly next: NextForecast | null;
  /** In the order of the forecaster; none until the batch after the series was first looked at. */
  readonly experts: readonly ExpertShare[];
}

/** The whole training loss so far, thinned to a bounded number of points. */
export interface LossUpdate {
  /** Model version at the end of each point. */
  readonly versions: readonly number[];
  /** Mean loss of the updates in each point. */
  readonly losses: readonly number[];
}

/** An observation whose anomaly score exceeded 1. */
export interface Anomaly {
  readonly id: number;
  readonly time: number;
  readonly value: number;
  readonly expected: number;
  readonly score: number;
}

/** Values of a series around an incident, for its picture. */
export interface Picture {
  readonly times: readonly number[];
  readonly values: readonly Nullable[];
  readonly expected: readonly Nullable[];
}

/** An incident of a series that is kept, or of a group with such a member, as it was last told. */
export interface PageIncident {
  /** The series; of a group that of the member which deviates most. */
  readonly id: number;
  /** Of a group's incident: the group, and the keys of the members that deviate, the furthest first. */
  readonly group?: { readonly name: string; readonly members: readonly string[] };
  /** Place of its first event; with the series or the group it names the incident. */
  readonly position: number;
  readonly state: "open" | "closed";
  readonly kind: string | null;
  readonly direction: "above" | "below" | null;
  readonly muted: boolean;
  readonly begin: number;
  /** Time of its last lasting value so far. */
  readonly end: number;
  readonly severity: number;
  readonly peak: { readonly value: Nullable; readonly expected: Nullable };
  readonly picture: Picture;
}

/** What a model has come to. */
export interface ModelFigures {
  readonly model: string;
  readonly events: number;
  /** Median skill of the series that are kept, and their mean coverage. */
  readonly skill: Nullable;
  readonly coverage: Nullable;
  /** Values of these series whose anomaly score exceeded 1, since the start. */
  readonly anomalies: number;
}

/** Totals over all series. */
export interface Status extends ModelFigures {
  /** Nominal coverage of the interval, 0 to 1. */
  readonly level: number;
  readonly eventsPerSecond: number;
  /** Updates of the weights so far. */
  readonly version: number;
  /** Series that are kept for the page. */
  readonly series: number;
  /** Observations of keys that came after the last series that is kept. */
  readonly unkeptEvents: number;
  /** Rejected events by error code. */
  readonly rejections: Readonly<Record<string, number>>;
  /** The candidate, where one runs beside this model. */
  readonly candidate?: ModelFigures;
}

/** One message: everything that is new since the last one to the same page. */
export interface Frame {
  /** Title of the page; only in the first message. */
  readonly title?: string;
  readonly status: Status;
  readonly series: readonly OverviewUpdate[];
  readonly detail: DetailUpdate | null;
  /** There if it changed. */
  readonly loss?: LossUpdate;
  /** The latest anomalies, newest first; there if they changed. */
  readonly anomalies?: readonly Anomaly[];
  /** The latest incidents, newest first; there if they changed. */
  readonly incidents?: readonly PageIncident[];
}

/** Points of a series that the page keeps for its small chart: no more are sent at once. */
export const overviewPoints = 120;

/** Points that the page keeps for the detail chart. */
export const detailPoints = 600;
