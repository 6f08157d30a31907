/** Prints the rows of the cases as they come, or all of them as JSON. */
import type { CaseRow } from "./cases.js";

const widths = [42, 7, 7, 5, 9, 7, 7, 10, 7, 15, 7, 15, 7, 7, 5] as const;
const head = [
  "series",
  "alarms",
  "early",
  "mode",
  "coverage",
  "below",
  "above",
  "MAE",
  "ratio",
  "best rule",
  "at 24",
  "best rule",
  "clean",
  "at 24",
  "found",
  "breaks",
];

export function printCases(rows: Iterable<CaseRow>, json: boolean): void {
  if (json) {
    const all = [...rows];
    process.stdout.write(`${JSON.stringify({ cases: all, ...summaryOf(all) }, undefined, 2)}\n`);
    return;
  }
  printLine(head);
  const all: CaseRow[] = [];
  for (const row of rows) {
    all.push(row);
    printLine([
      row.name,
      short(row.alarms),
      short(row.earlyAlarms),
      String(row.alarmsOnMode),
      row.coverage.toFixed(3),
      row.below.toFixed(3),
      row.above.toFixed(3),
      row.mae.toPrecision(3),
      short(row.ratio),
      row.best,
      short(row.aheadRatio),
      row.aheadBest,
      short(row.clean),
      short(row.aheadClean),
      short(row.found),
      row.breaks.join(" "),
    ]);
  }
  const { worstRatio, worstName, broken, breaks } = summaryOf(all);
  const kinds = Object.entries(breaks).map(([kind, count]) => `${kind} ${count}`);
  process.stdout.write(`worst ratio ${short(worstRatio)}: ${worstName}\n`);
  process.stdout.write(`${broken} of ${all.length} rows break: ${kinds.join(", ") || "none"}\n`);
}

interface Summary {
  readonly worstRatio: number;
  readonly worstName: string;
  readonly broken: number;
  /** How many rows break, by what. */
  readonly breaks: Readonly<Record<string, number>>;
}

function summaryOf(rows: readonly CaseRow[]): Summary {
  const breaks: Record<string, number> = {};
  for (const kind of rows.flatMap((row) => row.breaks)) breaks[kind] = (breaks[kind] ?? 0) + 1;
  let worstRatio = 0;
  let worstName = "";
  for (const { name, ratio, aheadRatio } of rows) {
    for (const each of [ratio, aheadRatio]) {
      if (!(each > worstRatio)) continue;
      worstRatio = each;
      worstName = name;
    }
  }
  return { worstRatio, worstName, broken: rows.filter((row) => row.breaks.length > 0).length, breaks };
}

function printLine(cells: readonly string[]): void {
  const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  process.stdout.write(`${padded.join(" ").trimEnd()}\n`);
}

function short(value: number): string {
  if (Number.isNaN(value)) return "";
  return value >= 1000 ? value.toExponential(1) : value.toFixed(2);
}
