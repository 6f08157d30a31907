/** The sentences of a report. */
import type { FeaturedKey, Horizon, ReportData } from "../../report-data.js";
import type { Nullable } from "../../wire.js";
import { formatCount, formatPercent, formatSkill, formatTime, formatValue } from "../format.js";

export const percent = (ratio: Nullable): string => formatPercent(ratio);

export const pointHint = "Point at the chart, or step through it with the arrow keys, to read its numbers.";

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
    `. The forecasts are ${against(model!.skill)}; ${formatPercent(model!.coverage, 1)} of the values lay inside ` +
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
      term: "Anomalies in 1,000 values",
      figure: rate.toFixed(1),
      note: `of ordinary ones: ${formatValue(1000 * data.alarmRate)}`,
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
  smoothing: "smooths exponentially",
  median: "is the middle of the last values",
  recurrent: "is the recurrent network that all keys share",
  regression: "is a linear model of the key's own on top of it",
  seasonal: "is a linear model of what the day and the week do not explain",
};

export const prose = {
  baselines: ({ overall }: ReportData): string => {
    const [model, persistence] = overall;
    const others = overall
      .slice(1)
      .filter(({ mae }) => mae !== null && model!.mae !== null && mae < model!.mae);
    const finding =
      others.length === 0
        ? "no baseline is closer over all values"
        : `closer over all values: ${others.map(({ name }) => name.toLowerCase()).join(", ")}`;
    return (
      `The forecasts are off by ${formatValue(model!.mae)} on average, where repeating the last value is off by ` +
      `${formatValue(persistence!.mae)}; ${finding}. MAE and RMSE are over all values, so keys of large numbers weigh ` +
      `most; skill is 1 − MAE ÷ MAE of persistence as a geometric mean over the keys, each counting alike, and above 0 is better.`
    );
  },
  error: ({ progress }: ReportData): string => {
    const better = share(progress.error, progress.persistenceError);
    return (
      `The mean absolute error over each ${formatCount(progress.eventsPerPiece)} events, in units of what persistence ` +
      `is off by over the whole run, key by key: lower is better. The forecasts are closer than repeating the last ` +
      `value in ${percent(better)} of the stretches.`
    );
  },
  coverage: ({ progress, level }: ReportData): string => {
    const known = progress.coverage.filter((value) => value !== null);
    const range =
      known.length === 0
        ? ""
        : ` It ranged from ${percent(Math.min(...known))} to ${percent(Math.max(...known))}.`;
    return (
      `The share of the values, over each ${formatCount(progress.eventsPerPiece)} events, that lay inside the interval ` +
      `given beforehand; the aim is ${percent(level)}.${range}`
    );
  },
  experts: ({ expertNames }: ReportData): string => {
    const known = expertNames.filter((name) => Object.hasOwn(experts, name));
    const what = known.map((name) => `${name} ${experts[name]!}`).join("; ");
    return (
      `Each forecast is a mixture of experts, weighed for each key by how they did on it so far` +
      `${what === "" ? "" : `: ${what}`}. The chart stacks their weights over the run, as a mean over the keys at hand.`
    );
  },
  featured: ({ featured, keys }: ReportData): string =>
    featured.length < 2
      ? "Its last values one by one, and the whole run."
      : `Of ${formatCount(keys.key.length)} keys, ranked by how much closer than persistence their forecasts are. ` +
        `Each with its last values one by one, and the whole run.`,
  keys: (): string =>
    "Choose a column's name to sort by it. MAE and those of the baselines are in the key's own unit; " +
    "where there is room, a bar shows the experts' weights in the last forecast.",
  method: ({ model, warmup, alarmRate }: ReportData): string =>
    `The events were replayed one by one, in the order of the files. Each forecast was made before its value was seen ` +
    `and learned from only after it was scored, so nothing here was fitted to what it is scored on. All forecasters are ` +
    `scored on the same values${warmup === 0 ? "" : `, without the first ${formatCount(warmup)} events of each key`}. ` +
    `An anomaly is a value whose score exceeds 1, which about ${formatValue(1000 * alarmRate)} in 1,000 ordinary values do. ` +
    `The model is ${model}: its name and the number of updates of its weights. Its settings were:`,
};

export function horizonProse({ mae, persistence, seasonal }: Horizon): string {
  const last = mae.length;
  return (
    `The mean absolute error of the forecasts made 1 to ${formatCount(last)} events of the key before the value, over all ` +
    `values. ${formatCount(last)} steps ahead they are off by ${formatValue(mae.at(-1))}, where repeating the last value is ` +
    `off by ${formatValue(persistence.at(-1))} and repeating the season by ${formatValue(seasonal.at(-1))}.`
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
    `${capital(against(keys.skill[index]!))}: off by ${formatValue(keys.mae[index])} on average, where repeating ` +
    `the last value is off by ${formatValue(persistenceMae)}. ${formatPercent(keys.coverage[index]!, 1)} of ` +
    `${formatCount(keys.scored[index]!)} values lay inside the ${percent(level)} interval, and ` +
    `${formatCount(anomalies)} ${anomalies === 1 ? "was an anomaly" : "were anomalies"}.`
  );
}

/** A part of a chart's legend: how it is marked, and its name. */
export interface Mark {
  readonly mark: string;
  readonly text: string;
}

export function recentCaption({ level }: ReportData, { recent }: FeaturedKey): Mark[] {
  const [first, last] = [formatTime(recent.times[0]), formatTime(recent.times.at(-1))];
  return [
    { mark: "mark-value", text: "Value" },
    { mark: "mark-forecast", text: "Forecast made before it" },
    { mark: "mark-band", text: `${percent(level)} interval` },
    { mark: "mark-ring", text: "Anomaly" },
    { mark: "", text: `The last ${formatCount(recent.times.length)} values, ${first} to ${last} UTC` },
  ];
}

export function wholeCaption({ whole, anomalies }: FeaturedKey): Mark[] {
  const bin = formatCount(whole.eventsPerBin);
  const bins =
    whole.eventsPerBin === 1
      ? "The whole run"
      : `The whole run: least to greatest of each ${bin} values, and the outermost bounds of their intervals`;
  return [
    { mark: "mark-value", text: "Values" },
    { mark: "mark-band", text: "Intervals" },
    ...(anomalies.times.length > 0 ? [{ mark: "mark-ring", text: "Anomaly" }] : []),
    { mark: "", text: bins },
  ];
}

/** Skill in words: "18 % closer than repeating the last value". */
function against(skill: Nullable): string {
  if (skill === null) return "not to be compared with repeating the last value";
  const text = formatSkill(skill);
  return text === "even" ? "as close as repeating the last value" : `${text} than repeating the last value`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How many of the pieces have a smaller error than their counterparts. */
function share(errors: readonly Nullable[], others: readonly Nullable[]): Nullable {
  const pairs = errors.flatMap((error, i) =>
    error === null || others[i] === null ? [] : [[error, others[i]!]],
  );
  return pairs.length === 0 ? null : pairs.filter(([error, other]) => error! < other!).length / pairs.length;
}
