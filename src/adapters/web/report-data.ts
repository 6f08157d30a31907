/** The data of a backtest's report, as columns for JSON. Times are epoch milliseconds; null is "none". */
import type { Nullable, ScoredPoints } from "./wire.js";

/** Scores of one forecaster over all keys. */
export interface ForecasterScores {
  readonly name: string;
  readonly mae: Nullable;
  readonly rmse: Nullable;
  readonly skill: Nullable;
  readonly coverage: Nullable;
}

/** A row for each key, in the order of their first events. */
export interface KeyColumns {
  readonly key: readonly string[];
  readonly events: readonly number[];
  readonly scored: readonly number[];
  readonly mae: readonly Nullable[];
  readonly skill: readonly Nullable[];
  readonly coverage: readonly Nullable[];
  /** MAE of the baselines on the same values. */
  readonly persistence: readonly Nullable[];
  readonly seasonal: readonly Nullable[];
  readonly smoothing: readonly Nullable[];
  /** Values whose anomaly score exceeded 1. */
  readonly anomalies: readonly number[];
  /** Weights of the experts after the last value, those of one key side by side. */
  readonly weights: readonly number[];
}

/** The stream cut into pieces of equally many events. */
export interface Progress {
  readonly eventsPerPiece: number;
  /** The end of each piece: a time where these ascend, else the number of events so far. */
  readonly at: readonly number[];
  readonly inTime: boolean;
  /** MAE over the piece, each error divided by its key's MAE of persistence over the whole run. */
  readonly error: readonly Nullable[];
  readonly persistenceError: readonly Nullable[];
  /** Share of the values that lay inside their interval. */
  readonly coverage: readonly Nullable[];
}

/** Mean weights of the experts over pieces of the stream. */
export interface ExpertProgress {
  /** Indices into the pieces of the progress. */
  readonly pieces: readonly number[];
  /** For each expert, a weight for each piece. */
  readonly weights: readonly (readonly number[])[];
}

/** Errors by the steps that a value was ahead, from 1 on, over all keys. */
export interface Horizon {
  readonly mae: readonly Nullable[];
  /** MAE of the baselines on the same values. */
  readonly persistence: readonly Nullable[];
  readonly seasonal: readonly Nullable[];
}

/** Spans of time, in epoch milliseconds: span i lasts from `begins[i]` to `ends[i]`. */
export interface Spans {
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/** The incidents of all keys. */
export interface IncidentReport {
  readonly count: number;
  /** By days of event time; null for a stream without a span. */
  readonly perDay: Nullable;
  readonly alarmsPerDay: Nullable;
  /** A row for each of the incidents with the greatest severity, in the order of their begins. */
  readonly rows: {
    readonly id: readonly string[];
    /** Index into the columns of the keys; -1 for a group. */
    readonly key: readonly number[];
    /** The group, or empty for a key. */
    readonly group: readonly string[];
    /** Kind, direction and state in words; empty where there is none. */
    readonly kind: readonly string[];
    readonly direction: readonly string[];
    readonly state: readonly string[];
    readonly begin: readonly number[];
    readonly end: readonly number[];
    readonly peakValue: readonly Nullable[];
    readonly peakExpected: readonly Nullable[];
    readonly severity: readonly Nullable[];
    /** Unusual values. */
    readonly events: readonly number[];
  };
}

/** One key in detail. */
export interface FeaturedKey {
  readonly role: "best" | "median" | "worst" | "only";
  /** Index into the columns of the keys. */
  readonly index: number;
  readonly persistenceMae: Nullable;
  /** The last values, every one. */
  readonly recent: ScoredPoints;
  /** All values in bins of equally many: the least and the greatest value, and the outermost bounds of the interval. */
  readonly whole: {
    readonly eventsPerBin: number;
    readonly times: readonly number[];
    readonly least: readonly Nullable[];
    readonly greatest: readonly Nullable[];
    readonly lower: readonly Nullable[];
    readonly upper: readonly Nullable[];
  };
  /** Those with the greatest scores, in the order of time. */
  readonly anomalies: { readonly times: readonly number[]; readonly values: readonly number[] };
  /** Its incidents. */
  readonly incidents: Spans;
}

export interface ReportData {
  readonly files: readonly string[];
  /** Name and version of the model, such as `lstm32@1841`. */
  readonly model: string;
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Nominal coverage of the intervals, and rate of anomalies among ordinary values, 0 to 1. */
  readonly level: number;
  readonly alarmRate: number;
  readonly warmup: number;
  readonly events: number;
  readonly missing: number;
  readonly scored: number;
  readonly rejected: number;
  readonly anomalies: number;
  /** There where anomalies were detected. */
  readonly incidents?: IncidentReport;
  /** The model first, then the baselines. */
  readonly overall: readonly ForecasterScores[];
  /** There where more than the next value was forecast. */
  readonly horizon?: Horizon;
  readonly expertNames: readonly string[];
  /** Means over the keys, after the last value and over the run. */
  readonly experts: { readonly final: readonly number[]; readonly mean: readonly number[] };
  readonly keys: KeyColumns;
  readonly progress: Progress;
  readonly expertProgress: ExpertProgress;
  readonly featured: readonly FeaturedKey[];
}
