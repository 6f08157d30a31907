/** Fills the page of a backtest from the data in it. */
import type { FeaturedKey, Horizon, IncidentReport, ReportData } from "../../report-data.js";
import { DetailChart } from "../detail-chart.js";
import { create, element, setText } from "../dom.js";
import { ExpertBar } from "../expert-bar.js";
import { formatInterval, formatTime, formatValue } from "../format.js";
import type { DetailState } from "../store.js";
import { CourseChart, LineChart, WeightsChart } from "./charts.js";
import { incidentTable } from "./incident-table.js";
import { overallTable } from "./overall-table.js";
import { KeyTable } from "./key-table.js";
import * as words from "./wording.js";

const data = JSON.parse(element("data").textContent) as ReportData;
/** The charts last as long as the page. */
const { signal } = new AbortController();

document.title = `Backtest of ${words.fileNames(data)} · Undercurrent`;
setText(element("files"), words.fileNames(data));
setText(element("lede"), words.lede(data));
element("figures").append(
  ...words.figures(data).map(({ term, figure, note }) => {
    const entry = create("div");
    const value = create("dd");
    value.append(create("output", "", figure), create("small", "", note));
    entry.append(create("dt", "", term), value);
    return entry;
  }),
);
for (const part of ["baselines", "error", "coverage", "experts", "featured", "keys", "method"] as const) {
  setText(element(`${part}-prose`), words.prose[part](data));
}
element("baselines").append(...overallTable(data.overall));
if (data.horizon !== undefined) showHorizon(data.horizon);
if (data.incidents !== undefined) showIncidents(data.incidents);
showProgress();
showWeights();
setText(element("featured-head"), words.featuredHead(data));
for (const featured of data.featured) showFeatured(featured);
new KeyTable(element("key-table"), data);
element("settings").append(
  ...data.settings.map(([name, value]) => {
    const entry = create("div");
    entry.append(create("dt", "", name), create("dd", "", value));
    return entry;
  }),
);

function showIncidents(incidents: IncidentReport): void {
  element("incidents-section").hidden = false;
  setText(element("incidents-prose"), words.incidentProse(incidents));
  if (incidents.rows.id.length > 0) element("incidents").append(...incidentTable(incidents, data.keys.key));
  else element("incidents").hidden = true;
}

function showHorizon(horizon: Horizon): void {
  element("horizon-section").hidden = false;
  const label = words.horizonProse(horizon);
  setText(element("horizon-prose"), label);
  const at = horizon.mae.map((_, i) => i + 1);
  const lines = [
    { name: "Undercurrent", colour: "forecast", values: horizon.mae },
    { name: "Seasonal naive", colour: "value", values: horizon.seasonal },
    { name: "Persistence", colour: "muted", values: horizon.persistence, dashed: true },
  ] as const;
  new LineChart(element("horizon"), { at, inTime: false, lines, floor: 0, label }, signal);
}

function showProgress(): void {
  const { at, inTime, error, persistenceError, coverage } = data.progress;
  const lines = [
    { name: "Undercurrent", colour: "forecast", values: error },
    { name: "Persistence", colour: "muted", values: persistenceError, dashed: true },
  ] as const;
  new LineChart(element("error"), { at, inTime, lines, floor: 0, label: words.prose.error(data) }, signal);
  const aim = { name: `Aim: ${words.percent(data.level)}`, colour: "muted", dashed: true } as const;
  const covered = [
    { name: "Values inside their interval", colour: "forecast", values: coverage },
    { ...aim, values: coverage.map(() => data.level) },
  ] as const;
  const label = words.prose.coverage(data);
  new LineChart(
    element("coverage"),
    { at, inTime, lines: covered, ceiling: 1, percent: true, label },
    signal,
  );
}

function showWeights(): void {
  const { pieces, weights } = data.expertProgress;
  const at = pieces.map((piece) => data.progress.at[piece]!);
  const label = words.prose.experts(data);
  const { inTime } = data.progress;
  if (at.length > 1) new WeightsChart(element("weights"), { at, inTime, weights, label }, signal);
  else element("weights").hidden = true;
  const shares = (list: readonly number[]) => data.expertNames.map((name, i) => ({ name, weight: list[i]! }));
  new ExpertBar(element("weights-mean")).show(shares(data.experts.mean));
  new ExpertBar(element("weights-final")).show(shares(data.experts.final));
}

function showFeatured(featured: FeaturedKey): void {
  const { index, recent, whole } = featured;
  const key = data.keys.key[index]!;
  const article = create("article", "featured");
  const head = create("h3", "", words.role(featured));
  head.append(create("bdi", "", key));
  const verdict = create("p", "", words.keyVerdict(data, featured));
  const values = figure(words.recentCaption(data, featured));
  const readout = create("p", "at");
  readout.setAttribute("aria-live", "polite");
  const course = figure(words.wholeCaption(featured));
  const experts = create("figure", "experts");
  experts.append(create("figcaption", "", "Experts in the last forecast, by weight"));
  article.append(head, verdict, values.figure, course.figure, experts);
  element("featured").append(article);
  values.figure.insertBefore(readout, values.box.nextSibling);

  const { incidents } = featured;
  const state = { id: index, ...recent, next: null, experts: [], incidents } as unknown as DetailState;
  const show = (at: number | null): void =>
    setText(readout, at === null ? words.pointHint : point(featured, at));
  values.box.tabIndex = 0;
  values.box.setAttribute("role", "group");
  values.box.setAttribute(
    "aria-label",
    `Chart of the last values of ${key}. ${words.keyVerdict(data, featured)}`,
  );
  new DetailChart(values.box, show, signal).show(state, recent.times.length);
  show(null);
  course.box.setAttribute("role", "img");
  course.box.setAttribute("aria-label", `Chart of all values of ${key}`);
  course.figure.hidden = whole.times.length <= recent.times.length;
  if (!course.figure.hidden) new CourseChart(course.box, featured, signal);
  const weights = data.keys.weights.slice(index * data.expertNames.length);
  new ExpertBar(experts).show(data.expertNames.map((name, i) => ({ name, weight: weights[i]! })));
}

/** The numbers at one of the last values. */
function point({ recent }: FeaturedKey, at: number): string {
  const score = recent.anomalyScores[at];
  return [
    formatTime(recent.times[at]),
    `value ${formatValue(recent.values[at])}`,
    `forecast ${formatValue(recent.expected[at])}`,
    `interval ${formatInterval(recent.lower[at], recent.upper[at])}`,
    `anomaly score ${score?.toFixed(2) ?? "–"}`,
  ].join(" · ");
}

function figure(caption: readonly words.Mark[]): { readonly figure: HTMLElement; readonly box: HTMLElement } {
  const made = create("figure");
  const box = create("div", "chart");
  const text = create("figcaption", "legend");
  text.append(...caption.map(({ mark, text: name }) => create("span", mark, name)));
  made.append(box, text);
  return { figure: made, box };
}
