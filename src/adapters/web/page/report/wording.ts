/** Writes the sentences of a report. */
import type { FeaturedKey, Horizon, IncidentReport, ReportData } from "../../report-data.js";
import type { Nullable } from "../../wire.js";
import { formatCount, formatPercent, formatSkill, formatTime, formatValue } from "../format.js";

export const percent = (ratio: Nullable): string => formatPercent(ratio);

export const pointHint = "Point at the chart, or use the arrow keys, to read its numbers.";

/** A ratio with three decimals and its sign, as skills are. */
export function signed(ratio: Nullable): string {
  if (ratio === null) return "–";
  return `${ratio < 0 ? "−" : "+"}${Math.abs(ratio).toFixed(3)}`;
}

/** The files without their folders. */
export function fileNames({ files }: ReportData): string {
  const names = files.map((file) => (file === "-" ? "standard input" : file.replace(/^.*[/\\]/, "")));
  return names.length > 3 ? `${names[0]!} and ${names.length - 1} more files` : names.join(", ");
}

export function lede(data: ReportData): string {
  const { events, keys, overall, level, warmup } = data;
  const [model] = overall;
  const series = keys.key.length === 1 ? "one key" : `${formatCount(keys.key.length)} keys`;
  return (
    `${formatCount(events)} events of ${series}, each value forecast before it was seen` +
    (warmup === 0 ? "" : ` and scored from the ${formatCount(warmup + 1)}th event of its key on`) +
    `. The forecasts are ${against(model!.skill)}. ${formatPercent(model!.coverage, 1)} of the values were inside ` +
    `their ${percent(level)} interval.`
  );
}

export function figures(data: ReportData): { term: string; figure: string; note: string }[] {
  const [model] = data.overall;
  const rate = (1000 * data.anomalies) / Math.max(1, data.scored);
  return [
    {
      term: "Against repeating the last value",
      figure: formatSkill(model!.skill),
      note: data.keys.key.length === 1 ? "mean absolute error" : "geometric mean of the keys",
    },
    {
      term: "Values inside the interval",
      figure: formatPercent(model!.coverage, 1),
      note: `aim: ${percent(data.level)}`,
    },
    {
      term: "Anomalies per 1,000 values",
      figure: rate.toFixed(1),
      note: `expected without anomalies: ${formatValue(1000 * data.alarmRate)}`,
    },
    {
      term: "Forecasts scored",
      figure: formatCount(data.scored),
      note: `${formatCount(data.missing)} missing, ${formatCount(data.rejected)} rejected`,
    },
  ];
}

const experts: Readonly<Record<string, string>> = {
  persistence: "repeats the last value",
  smoothing: "exponential smoothing",
  median: "median of the last values",
  recurrent: "recurrent network, shared by all keys",
  regression: "linear model of the key on the network's state",
  seasonal: "linear model of the rest after the daily and weekly pattern",
};

export const prose = {
  baselines: ({ overall }: ReportData): string => {
    const [model, persistence] = overall;
    const others = overall
      .slice(1)
      .filter(({ mae }) => mae !== null && model!.mae !== null && mae < model!.mae);
    const finding =
      others.length === 0
        ? "No baseline has a smaller error over all values"
        : `Baselines with a smaller error over all values: ${others.map(({ name }) => name.toLowerCase()).join(", ")}`;
    return (
      `The mean absolute error (MAE) of the forecasts is ${formatValue(model!.mae)}; that of persistence, which repeats ` +
      `the last value, is ${formatValue(persistence!.mae)}. ${finding}. MAE and RMSE are over all values, so keys with ` +
      `large numbers weigh most. Skill is 1 − MAE ÷ MAE of persistence, as a geometric mean in which every key counts ` +
      `equally; above 0 is better than persistence.`
    );
  },
  error: ({ progress }: ReportData): string => {
    const better = share(progress.error, progress.persistenceError);
    return (
      `Mean absolute error per ${formatCount(progress.eventsPerPiece)} events, divided, key by key, by the error of ` +
      `persistence over the whole run. Lower is better. The forecasts beat persistence in ${percent(better)} of the pieces.`
    );
  },
  coverage: ({ progress, level }: ReportData): string => {
    const known = progress.coverage.filter((value) => value !== null);
    const range =
      known.length === 0
        ? ""
        : ` It ranged from ${percent(Math.min(...known))} to ${percent(Math.max(...known))}.`;
    return (
      `Share of the values inside their forecast interval, per ${formatCount(progress.eventsPerPiece)} events. ` +
      `The aim is ${percent(level)}.${range}`
    );
  },
  experts: ({ expertNames }: ReportData): string => {
    const known = expertNames.filter((name) => Object.hasOwn(experts, name));
    const what = known.map((name) => `${name} (${experts[name]!})`).join(", ");
    return (
      `Each forecast is a weighted mean of experts; the weights of a key follow the experts' past errors on the key.` +
      `${what === "" ? "" : ` The experts are ${what}.`} The chart shows their weights over the run, as a mean over the keys.`
    );
  },
  featured: ({ featured, keys }: ReportData): string =>
    featured.length < 2
      ? "The first chart shows the last values one by one, the second the whole run."
      : `The ${formatCount(keys.key.length)} keys are ranked by skill. ` +
        `For each, the first chart shows the last values one by one, the second the whole run.`,
  keys: (): string =>
    "Select a column's name to sort by it. MAE and the errors of the baselines are in the key's own unit. " +
    "On a wide screen a bar shows the experts' weights in the last forecast.",
  method: ({ model, warmup, alarmRate }: ReportData): string =>
    `The events were replayed one by one, in the order of the files. The forecaster saw each value only after its ` +
    `forecast was made, and learned from it only after scoring. All forecasters are ` +
    `scored on the same values${warmup === 0 ? "" : `, without the first ${formatCount(warmup)} events of each key`}. ` +
    `An anomaly is a value with an anomaly score above 1; about ${formatValue(1000 * alarmRate)} in 1,000 ordinary values ` +
    `exceed 1 too. The model is ${model}: its name and the number of weight updates. Its settings were:`,
};

export function horizonProse({ mae, persistence, seasonal }: Horizon): string {
  const last = mae.length;
  return (
    `Mean absolute error of the forecasts 1 to ${formatCount(last)} steps ahead, over all values; a step is one event of ` +
    `the key. At ${formatCount(last)} steps the error is ${formatValue(mae.at(-1))}, that of persistence ` +
    `${formatValue(persistence.at(-1))}, and that of the seasonal naive forecast ${formatValue(seasonal.at(-1))}.`
  );
}

export function incidentProse({ count, perDay, alarmsPerDay, rows }: IncidentReport): string {
  const rates =
    perDay === null
      ? ""
      : ` That is ${formatValue(perDay)} per day of event time, of ${formatValue(alarmsPerDay)} alarms per day.`;
  const shown = rows.id.length;
  const listed =
    shown === 0
      ? ""
      : shown < count
        ? ` The table has the ${formatCount(shown)} with the greatest severity.`
        : " The table has all of them.";
  return (
    `The alarms of one fault are one incident. There ${count === 1 ? "is 1 incident" : `are ${formatCount(count)} incidents`}.` +
    `${rates}${listed} Severity is −log10 of how rare the peak is: 6 stands for one value in a million.`
  );
}

export function featuredHead({ featured }: ReportData): string {
  if (featured.length < 2) return "The key in detail";
  return featured.length === 2 ? "The best and the worst key" : "The best, the median and the worst key";
}

export function role({ role: name }: FeaturedKey): string {
  return { best: "Best: ", median: "Median: ", worst: "Worst: ", only: "" }[name];
}

export function keyVerdict({ keys, level }: ReportData, { index, persistenceMae }: FeaturedKey): string {
  const anomalies = keys.anomalies[index]!;
  return (
    `${capital(against(keys.skill[index]!))}: mean absolute error ${formatValue(keys.mae[index])}, against ` +
    `${formatValue(persistenceMae)} for repeating it. ${formatPercent(keys.coverage[index]!, 1)} of ` +
    `${formatCount(keys.scored[index]!)} values were inside the ${percent(level)} interval, and ` +
    `${formatCount(anomalies)} ${anomalies === 1 ? "was an anomaly" : "were anomalies"}.`
  );
}

/** An entry of a chart's legend: its mark and its name. */
export interface Mark {
  readonly mark: string;
  readonly text: string;
}

export function recentCaption({ level }: ReportData, { recent, incidents }: FeaturedKey): Mark[] {
  const [first, last] = [formatTime(recent.times[0]), formatTime(recent.times.at(-1))];
  const isShown = incidents.ends.some((end) => end >= recent.times[0]!);
  return [
    { mark: "mark-value", text: "Value" },
    { mark: "mark-forecast", text: "Forecast made before it" },
    { mark: "mark-band", text: `${percent(level)} interval` },
    { mark: "mark-ring", text: "Anomaly" },
    ...(isShown ? [{ mark: "mark-span", text: "Incident" }] : []),
    { mark: "", text: `The last ${formatCount(recent.times.length)} values, ${first} to ${last} UTC` },
  ];
}

export function wholeCaption({ whole, anomalies, incidents }: FeaturedKey): Mark[] {
  const bin = formatCount(whole.eventsPerBin);
  const bins =
    whole.eventsPerBin === 1
      ? "The whole run"
      : `The whole run: minimum and maximum of each ${bin} values, with their widest interval bounds`;
  return [
    { mark: "mark-value", text: "Values" },
    { mark: "mark-band", text: "Intervals" },
    ...(anomalies.times.length > 0 ? [{ mark: "mark-ring", text: "Anomaly" }] : []),
    ...(incidents.begins.length > 0 ? [{ mark: "mark-span", text: "Incident" }] : []),
    { mark: "", text: bins },
  ];
}

/** Skill in words: "18 % closer than repeating the last value". */
function against(skill: Nullable): string {
  if (skill === null) return "not comparable with repeating the last value";
  const text = formatSkill(skill);
  return text === "even" ? "as close as repeating the last value" : `${text} than repeating the last value`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns the share of pieces with a smaller error than their counterparts. */
function share(errors: readonly Nullable[], others: readonly Nullable[]): Nullable {
  const pairs = errors.flatMap((error, i) =>
    error === null || others[i] === null ? [] : [[error, others[i]!]],
  );
  return pairs.length === 0 ? null : pairs.filter(([error, other]) => error! < other!).length / pairs.length;
}
