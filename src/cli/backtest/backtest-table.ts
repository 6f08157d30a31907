/** The tables that `backtest` prints. */
import Table from "cli-table3";
import type { ComparedCell } from "./backtest-compare.js";
import type {
  ExpertsSummary,
  KeySummary,
  OverallSummary,
  StepSummary,
} from "../../forecast/evaluation/summary.js";
import { figure, plainText, ratio, signedRatio, whole } from "../shared/text.js";

/** Rows of the table of keys; of more keys the best and the worst are shown. */
const mostRows = 20;
const longestKey = 32;

/** One row for each key: the model, and the MAE of the baselines on the same values. */
export function keyTable(keys: readonly KeySummary[]): string {
  const table = plainTable(
    ["key", "events", "scored", "MAE", "RMSE", "skill", "coverage", "persistence", "seasonal", "smoothing"],
    1,
  );
  for (const row of shown(keys)) table.push(row === null ? ["…"] : keyRow(row));
  return table.toString();
}

/** One row for each key: the experts' weights after the last value and, in brackets, on average. */
export function expertTable(keys: readonly KeySummary[], overall: OverallSummary): string {
  const names = Object.keys(overall.experts);
  const cells = (experts: ExpertsSummary): string[] =>
    names.map((name) => `${experts[name]!.final.toFixed(2)} (${experts[name]!.mean.toFixed(2)})`);
  const table = plainTable(["experts", ...names], 1);
  for (const row of shown(keys)) {
    table.push(row === null ? ["…"] : [plainText(row.key, longestKey), ...cells(row.experts)]);
  }
  if (keys.length > 1) table.push(["mean", ...cells(overall.experts)]);
  return table.toString();
}

/** One row for each forecaster, over all keys; the candidate's behind the model's. */
export function overallTable(
  model: string,
  overall: OverallSummary,
  candidate?: { readonly model: string; readonly overall: OverallSummary },
): string {
  const table = plainTable(["overall", "MAE", "RMSE", "skill", "coverage"], 1);
  const { persistence, seasonal_naive, exponential_smoothing } = overall.baselines;
  const rows = [
    [model, overall, ratio(overall.coverage ?? NaN)],
    ...(candidate === undefined
      ? []
      : ([
          [`candidate ${candidate.model}`, candidate.overall, ratio(candidate.overall.coverage ?? NaN)],
        ] as const)),
    ["persistence", persistence, ""],
    ["seasonal naive", seasonal_naive, ""],
    ["exponential smoothing", exponential_smoothing, ""],
  ] as const;
  for (const [name, { mae, rmse, skill }, coverage] of rows) {
    table.push([name, figure(mae ?? NaN), figure(rmse ?? NaN), signedRatio(skill ?? NaN), coverage]);
  }
  return table.toString();
}

/** One row for each cell of a comparison, over all keys. */
export function comparisonTable(cells: readonly ComparedCell[]): string {
  const table = plainTable(
    ["cell", "model", "MAE", "RMSE", "skill", "coverage", "CPU µs per event", "bytes per key"],
    2,
  );
  for (const { cell, model, overall, microsecondsPerEvent, bytesPerKey } of cells) {
    table.push([
      cell,
      model,
      figure(overall.mae ?? NaN),
      figure(overall.rmse ?? NaN),
      signedRatio(overall.skill ?? NaN),
      ratio(overall.coverage ?? NaN),
      microsecondsPerEvent.toFixed(1),
      whole(bytesPerKey),
    ]);
  }
  return table.toString();
}

/** Of long horizons these steps and the last are shown. */
const shownSteps: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 96];

/** One row for each step ahead, over all keys, with the MAE of the baselines on the same values. */
export function horizonTable(steps: readonly StepSummary[]): string {
  const table = plainTable(["step", "MAE", "RMSE", "skill", "coverage", "persistence", "seasonal"], 1);
  for (const { step, mae, rmse, skill, coverage, baselines } of steps) {
    if (steps.length > shownSteps.length && step !== steps.length && !shownSteps.includes(step)) continue;
    table.push([
      whole(step),
      figure(mae ?? NaN),
      figure(rmse ?? NaN),
      signedRatio(skill ?? NaN),
      ratio(coverage ?? NaN),
      figure(baselines.persistence.mae ?? NaN),
      figure(baselines.seasonal_naive.mae ?? NaN),
    ]);
  }
  return table.toString();
}

function keyRow(key: KeySummary): string[] {
  const { persistence, seasonal_naive, exponential_smoothing } = key.baselines;
  const period = seasonal_naive.period === null ? "" : ` (${seasonal_naive.period})`;
  return [
    plainText(key.key, longestKey),
    whole(key.events),
    whole(key.scored),
    figure(key.mae ?? NaN),
    figure(key.rmse ?? NaN),
    signedRatio(key.skill ?? NaN),
    ratio(key.coverage ?? NaN),
    figure(persistence.mae ?? NaN),
    `${figure(seasonal_naive.mae ?? NaN)}${period}`,
    `${figure(exponential_smoothing.mae ?? NaN)} (${exponential_smoothing.alpha})`,
  ];
}

/** All keys in the order of their first event; of too many the best and the worst by skill, null between them. */
function shown(keys: readonly KeySummary[]): readonly (KeySummary | null)[] {
  if (keys.length <= mostRows) return keys;
  const scored = keys.filter((key) => key.skill !== null).sort((a, b) => b.skill! - a.skill!);
  if (scored.length <= mostRows) return [...scored, null];
  return [...scored.slice(0, mostRows / 2), null, ...scored.slice(-mostRows / 2)];
}

/** A table without rules, its numbers flush right. */
export function plainTable(head: string[], textColumns: number): Table.Table {
  const none = Object.fromEntries(
    ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
      .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid"])
      .map((part) => [part, ""]),
  );
  return new Table({
    head,
    chars: { ...none, middle: "  " },
    colAligns: head.map((_, column) => (column < textColumns ? "left" : "right")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
}
