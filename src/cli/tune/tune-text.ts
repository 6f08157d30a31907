/** The text that `tune` prints. */
import { plainTable } from "../backtest/backtest-table.js";
import { figure, plainText, signedRatio, whole } from "../shared/text.js";
import type { ChoiceSummary, ToldIncident, TuneSummary } from "./summary.js";

/** Rows of the table of incidents. */
const mostRows = 25;
const longestKey = 32;

export function tuneText(summary: TuneSummary): string {
  const { choices, cautions } = summary;
  const incidents = rowsOf(choices);
  const hidden = incidents.length - mostRows;
  return [
    headline(summary),
    "",
    `# ${choices[0]!.name}: ${described(choices[0]!)}`,
    summary.configuration.trimEnd(),
    "",
    certainty(summary),
    ...cautions,
    "",
    choiceTable(choices),
    "",
    `Incidents that the choices tell, severest first${hidden > 0 ? ` (${mostRows} of ${whole(incidents.length)}; --json prints all)` : ""}:`,
    incidentTable(choices, incidents.slice(0, mostRows)),
    "",
  ].join("\n");
}

function headline({ sample, goal, choices }: TuneSummary): string {
  const asked = [
    ...(goal.incidentsPerDay === null ? [] : [`at most ${rate(goal.incidentsPerDay)} incidents a day`]),
    ...(goal.labels ? [`the best F1 score on ${whole(sample.windows!)} labelled windows`] : []),
  ].join(", and ");
  const { told } = choices[0]!;
  return (
    `${whole(sample.events)} events of ${whole(sample.keys)} keys, ${sample.days.toFixed(1)} days scored. Asked for: ${asked}.\n` +
    `Recommended, which tells ${whole(told)} incidents in the sample:`
  );
}

function described({ alarmRate, gates, recurring }: ChoiceSummary): string {
  return `alarm rate ${alarmRate}, gates ${gates}${recurring ? ", recurring" : ""}`;
}

function certainty({ heldOut, sample }: TuneSummary): string {
  const { perDayInterval, f1, f1Interval, of, folds } = heldOut;
  const share = `${Math.round(100 * heldOut.level)} % interval`;
  const perDay = `${rate(heldOut.perDay)} incidents a day (${share} ${rate(perDayInterval.low)} to ${rate(perDayInterval.high)})`;
  const score =
    f1 === null
      ? ""
      : `F1 ${f1.toFixed(2)} (${share} ${f1Interval!.low.toFixed(2)} to ${f1Interval!.high.toFixed(2)}), `;
  const parts = of === "keys" ? "groups of keys" : `blocks of ${(sample.days / folds).toFixed(1)} days`;
  return `Held out: ${score}${perDay}, chosen on ${folds - 1} of ${folds} ${parts} and counted on the other.`;
}

/** Formats a number of incidents a day, also of few a year. */
function rate(value: number): string {
  return value >= 100 ? whole(Math.round(value)) : String(Number(value.toPrecision(2)));
}

function choiceTable(choices: readonly ChoiceSummary[]): string {
  const labelled = choices[0]!.f1 !== null;
  const table = plainTable(
    [
      ...["", "cell", "read-out", "gates", "skill", "alarm rate", "incidents", "a day"],
      ...(labelled ? ["recurring", "F1", "found", "missed", "false"] : []),
      "kinds",
    ],
    4,
  );
  for (const choice of choices) {
    table.push([
      ...[choice.name, choice.cell, choice.readout, choice.gates, signedRatio(choice.skill)],
      ...[String(choice.alarmRate), whole(choice.told), rate(choice.perDay)],
      ...(labelled
        ? [
            choice.recurring ? "yes" : "no",
            choice.f1!.toFixed(2),
            whole(choice.right!),
            whole(choice.missed!),
            whole(choice.wrong!),
          ]
        : []),
      kindsOf(choice.incidents),
    ]);
  }
  return table.toString();
}

function kindsOf(incidents: readonly ToldIncident[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of incidents) counts.set(kind ?? "unknown", (counts.get(kind ?? "unknown") ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ");
}

/** An incident, and which choices tell it or one at the same time. */
interface Row {
  readonly incident: ToldIncident;
  readonly tellers: Set<string>;
}

function rowsOf(choices: readonly ChoiceSummary[]): readonly Row[] {
  /** By key, its silences apart, and by group. */
  const byOwner = new Map<string, Row[]>();
  for (const { name, incidents } of choices) {
    for (const incident of incidents) {
      const { kind } = incident;
      const of = JSON.stringify([incident.key, kind === "group" || kind === "silence" ? kind : ""]);
      const rows = byOwner.get(of) ?? [];
      byOwner.set(of, rows);
      const same = rows.filter(
        (row) => row.incident.begin <= incident.end && incident.begin <= row.incident.end,
      );
      for (const { tellers } of same) tellers.add(name);
      if (same.length === 0) rows.push({ incident, tellers: new Set([name]) });
    }
  }
  return [...byOwner.values()].flat().sort((a, b) => b.incident.severity - a.incident.severity);
}

function incidentTable(choices: readonly ChoiceSummary[], rows: readonly Row[]): string {
  const labelled = choices[0]!.f1 !== null;
  const table = plainTable(
    [
      ...["key", "begin", "kind", "told by", ...(labelled ? ["window"] : [])],
      ...["severity", "peak", "expected", "values"],
    ],
    labelled ? 5 : 4,
  );
  for (const { incident, tellers } of rows) {
    const { key, begin, kind, direction, severity, peak, events, right } = incident;
    table.push([
      ...[plainText(key, longestKey), begin, [kind ?? "unknown", direction ?? ""].join(" ").trim()],
      choices.map(({ name }) => (tellers.has(name) ? name : "·")).join(""),
      ...(labelled ? [right === true ? "yes" : "no"] : []),
      ...[severity.toFixed(1), figure(peak.value ?? NaN), figure(peak.expected ?? NaN), whole(events)],
    ]);
  }
  return table.toString();
}
