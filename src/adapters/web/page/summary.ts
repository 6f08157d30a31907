/** Writes the texts and figures of the page: totals, the verdict on a series and the numbers at one value. */
import type { ModelFigures, SeriesScore, Status } from "../wire.js";
import { create, element, setText } from "./dom.js";
import {
  formatCount,
  formatInterval,
  formatPercent,
  formatRate,
  formatSkill,
  formatTime,
  formatValue,
  verdict,
} from "./format.js";
import type { DetailState } from "./store.js";

export function showStatus(status: Status): void {
  setText(element("skill"), formatSkill(status.skill));
  setText(element("coverage"), formatPercent(status.coverage, 1));
  setText(element("coverage-note"), `aim: ${formatPercent(status.level)}`);
  setText(element("interval-name"), `${formatPercent(status.level)} interval`);
  setText(element("rate"), formatRate(status.eventsPerSecond));
  setText(element("events"), `${formatCount(status.events)} so far`);
  setText(element("version"), formatCount(status.version));
  setText(element("model"), `weight updates of ${status.model}`);
  const beside = element("candidate");
  beside.hidden = status.candidate === undefined;
  if (status.candidate !== undefined) {
    setText(beside, `Candidate ${figuresOf(status.candidate)}. Live model ${figuresOf(status)}.`);
  }
  const rejections = Object.entries(status.rejections);
  const total = rejections.reduce((sum, [, count]) => sum + count, 0);
  const codes = rejections.map(([code, count]) => `${code} ${formatCount(count)}`).join(", ");
  const notice = element("rejections");
  notice.hidden = total === 0;
  setText(notice, `${formatCount(total)} ${total === 1 ? "event was" : "events were"} rejected: ${codes}`);
}

function figuresOf({ model, skill, coverage, anomalies }: ModelFigures): string {
  const alarms = `${formatCount(anomalies)} ${anomalies === 1 ? "alarm" : "alarms"}`;
  return `${model}: skill ${formatSkill(skill)}, coverage ${formatPercent(coverage, 1)}, ${alarms}`;
}

export function showVerdict(score: SeriesScore, level: number): void {
  const [finding, grounds] = verdict(score, level);
  element("verdict").replaceChildren(create("strong", "", finding), grounds);
}

/** The numbers at one value, or at the latest. */
export function showReadout(detail: DetailState, pointedAt: number | null): void {
  const at = pointedAt ?? detail.times.length - 1;
  setText(element("at-time"), formatTime(detail.times[at]));
  setText(element("at-value"), formatValue(detail.values[at]));
  setText(element("at-expected"), formatValue(detail.expected[at]));
  setText(element("at-interval"), formatInterval(detail.lower[at], detail.upper[at]));
  setText(element("at-score"), detail.anomalyScores[at]?.toFixed(2) ?? "–");
  setText(element("at-next"), formatValue(detail.next?.yhat));
}
