/** The outcome of a backtest, and the data of its report. */
import type {
  FeaturedKey,
  ForecasterScores,
  Horizon,
  KeyColumns,
  ReportData,
} from "../../adapters/web/report-data.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import type { ExpertRecord } from "../../forecast/evaluation/expert-record.js";
import type { KeySummary, OverallSummary, StepSummary } from "../../forecast/evaluation/summary.js";
import type { FoundIncidents } from "../../forecast/evaluation/incident-record.js";
import { incidentReport, spansOf } from "./incidents/report-incidents.js";
import { choose, KeyCourse } from "./report-keys.js";
import { columnOf, short } from "./report-numbers.js";
import { ProgressTotals } from "./report-progress.js";
import type { ReportRecord } from "./report-record.js";

export interface BacktestOutcome {
  readonly files: readonly string[];
  readonly model: string;
  readonly settings: ForecasterSettings;
  readonly warmup: number;
  readonly rejected: number;
  readonly overall: OverallSummary;
  readonly keys: readonly KeySummary[];
  /** Slots of the keys. */
  readonly slots: readonly number[];
  readonly experts: ExpertRecord;
  readonly incidents: FoundIncidents;
}

export function reportData(outcome: BacktestOutcome, record: ReportRecord): ReportData {
  const { settings, overall, experts } = outcome;
  const { progress, anomalies, courses } = scan(outcome, record);
  const names = experts.names;
  return {
    files: outcome.files,
    model: outcome.model,
    settings: settingsOf(settings),
    level: settings.intervalLevels[0]!,
    alarmRate: settings.alarmRate,
    warmup: outcome.warmup,
    events: overall.events,
    missing: overall.missing,
    scored: overall.scored,
    rejected: outcome.rejected,
    anomalies: anomalies.reduce((sum, count) => sum + count, 0),
    ...(settings.detection.enabled && { incidents: incidentReport(outcome.incidents, outcome.slots) }),
    overall: overallOf(outcome),
    ...(overall.horizon === undefined ? {} : { horizon: horizonOf(overall.horizon) }),
    expertNames: names,
    experts: {
      final: names.map((name) => overall.experts[name]!.final),
      mean: names.map((name) => overall.experts[name]!.mean),
    },
    keys: keyColumns(outcome, anomalies),
    progress: progress.read(),
    expertProgress: progress.experts(experts.samples, names.length),
    featured: courses,
  };
}

/** One pass over all events. A value is scored where the scoreboard scored it. */
function scan(
  { keys, slots, warmup, incidents }: BacktestOutcome,
  record: ReportRecord,
): {
  readonly progress: ProgressTotals;
  /** By index of the key. */
  readonly anomalies: readonly number[];
  readonly courses: readonly FeaturedKey[];
} {
  const progress = new ProgressTotals(record.events);
  const indexOf = new Map(slots.map((slot, index) => [slot, index]));
  const featured = choose(keys).map((choice) => ({
    ...choice,
    course: new KeyCourse(keys[choice.index]!.events),
  }));
  const courseOf = new Map(featured.map(({ index, course }) => [index, course]));
  const events = keys.map(() => 0);
  const anomalies = keys.map(() => 0);
  const previous = keys.map(() => NaN);
  for (const event of record) {
    const index = indexOf.get(event.slot)!;
    const { value, expected, anomalyScore } = event;
    const last = previous[index]!;
    events[index]!++;
    if (anomalyScore > 1) anomalies[index]!++;
    courseOf.get(index)?.add(event);
    if (events[index]! > warmup && !Number.isNaN(value + expected + last)) {
      progress.score(event, last, keys[index]!.baselines.persistence.mae ?? NaN);
    } else progress.pass(event);
    if (!Number.isNaN(value)) previous[index] = value;
  }
  const courses = featured.map(({ role, index, course }) => ({
    role,
    index,
    persistenceMae: short(keys[index]!.baselines.persistence.mae),
    ...course.read(),
    incidents: spansOf(incidents.listed, slots[index]!),
  }));
  return { progress, anomalies, courses };
}

function overallOf({ overall }: BacktestOutcome): ForecasterScores[] {
  const { persistence, seasonal_naive, exponential_smoothing } = overall.baselines;
  return [
    { name: "Undercurrent", ...overall },
    { name: "Persistence", ...persistence, coverage: null },
    { name: "Seasonal naive", ...seasonal_naive, coverage: null },
    { name: "Exponential smoothing", ...exponential_smoothing, coverage: null },
  ].map(({ name, mae, rmse, skill, coverage }) => ({
    name,
    mae: short(mae),
    rmse: short(rmse),
    skill: short(skill),
    coverage: short(coverage),
  }));
}

function horizonOf(steps: readonly StepSummary[]): Horizon {
  return {
    mae: columnOf(steps.map(({ mae }) => mae)),
    persistence: columnOf(steps.map(({ baselines }) => baselines.persistence.mae)),
    seasonal: columnOf(steps.map(({ baselines }) => baselines.seasonal_naive.mae)),
  };
}

function keyColumns({ keys, experts, slots }: BacktestOutcome, anomalies: readonly number[]): KeyColumns {
  const column = (pick: (key: KeySummary) => number | null): (number | null)[] => columnOf(keys.map(pick));
  return {
    key: keys.map(({ key }) => key),
    events: keys.map(({ events }) => events),
    scored: keys.map(({ scored }) => scored),
    mae: column(({ mae }) => mae),
    skill: column(({ skill }) => skill),
    coverage: column(({ coverage }) => coverage),
    persistence: column(({ baselines }) => baselines.persistence.mae),
    seasonal: column(({ baselines }) => baselines.seasonal_naive.mae),
    smoothing: column(({ baselines }) => baselines.exponential_smoothing.mae),
    anomalies,
    weights: slots.flatMap((slot) => Array.from(experts.final(slot), (weight) => Number(weight.toFixed(3)))),
  };
}

function settingsOf(settings: ForecasterSettings): [string, string][] {
  const textOf = (value: unknown): string => {
    if (Array.isArray(value)) return value.join(",");
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  const entries: [string, unknown][] = Object.entries(settings);
  return entries.map(([name, value]) => [name, textOf(value)]);
}
