/** Connects the parts of the live page: frames of the server go into the store, and from there to the screen. */
import type { Frame, Status } from "../wire.js";
import { AnomalyList } from "./anomaly-list.js";
import { DetailChart } from "./detail-chart.js";
import { element, setText } from "./dom.js";
import { ExpertBar } from "./expert-bar.js";
import { IncidentList } from "./incident-list.js";
import { Overview } from "./overview.js";
import { LossChart } from "./small-charts.js";
import { Store } from "./store.js";
import { FrameStream, type Connection } from "./stream.js";
import { showReadout, showStatus, showVerdict } from "./summary.js";

const connectionTexts: Record<Connection, string> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost, trying again",
};

const store = new Store();
/** These charts last as long as the page. */
const { signal } = new AbortController();
const lossChart = new LossChart(element("loss"), signal);
const detailChart = new DetailChart(element("chart"), pointAt, signal);
const overview = new Overview(select);
const incidentList = new IncidentList(select);
const anomalyList = new AnomalyList(select);
const expertBar = new ExpertBar(element("experts"));
const stream = new FrameStream({ frame: receive, connection: showConnection });

/** The key that the reader chose; it outlives a restart of the server, where ids may change. */
let chosenKey: string | null = null;
let pointedAt: number | null = null;
let level: Status["level"] = 0;

for (const input of rangeInputs()) {
  input.checked = input.value === (innerWidth < 760 ? "120" : "300");
  input.addEventListener("change", showDetail);
}

function receive(frame: Frame, snapshot: boolean): void {
  const touched = store.apply(frame, snapshot);
  if (snapshot) {
    overview.renew(store.series);
    if (frame.title !== undefined) showTitle(frame.title);
  }
  level = frame.status.level;
  showStatus(frame.status);
  overview.show(touched, frame.status.unkeptEvents);
  if (frame.loss !== undefined) lossChart.show(frame.loss);
  if (frame.anomalies !== undefined) {
    anomalyList.show(frame.anomalies, store.series);
  }
  if (frame.incidents !== undefined) incidentList.show(frame.incidents, store.series);
  const chosen = chosenKey === null ? undefined : store.byKey(chosenKey);
  if (chosen !== undefined && store.detail !== null && store.detail.id !== chosen.id)
    stream.select(chosen.id);
  else if (frame.detail !== null) showDetail();
}

function select(key: string): void {
  const series = store.byKey(key);
  if (series === undefined) return;
  chosenKey = key;
  pointedAt = null;
  if (store.detail?.id !== series.id) stream.select(series.id);
  element("detail-key").scrollIntoView({ block: "nearest" });
}

function showDetail(): void {
  const { detail } = store;
  const series = detail === null ? undefined : store.series[detail.id];
  if (detail === null || series === undefined) return;
  setText(element("detail-key"), series.key);
  element("detail-key").title = series.key;
  element("chart").setAttribute("aria-label", `Chart of ${series.key}`);
  overview.press(series.id);
  showVerdict(series.score, level);
  detailChart.show(detail, Number(rangeInputs().find((input) => input.checked)?.value));
  showReadout(detail, pointedAt);
  element("experts").hidden = detail.experts.length === 0;
  expertBar.show(detail.experts);
}

function pointAt(index: number | null): void {
  pointedAt = index;
  if (store.detail !== null) showReadout(store.detail, index);
}

function showTitle(title: string): void {
  setText(element("title"), title);
  document.title = `${title} · Undercurrent`;
}

function showConnection(state: Connection): void {
  element("connection").dataset["state"] = state;
  setText(element("connection"), connectionTexts[state]);
}

function rangeInputs(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("#range input")];
}
