/** The incidents that `backtest` prints: those of the greatest severity. */
import { plainTable } from "../backtest-table.js";
import { figure, plainText, whole } from "../../shared/text.js";
import {
  kindOf,
  type FoundIncidents,
  type IncidentSummary,
  type ListedIncident,
} from "../../../forecast/evaluation/incident-record.js";

const mostRows = 10;
const longestKey = 32;

/** Returns the counts and, of the incidents with the greatest severity, one row each. */
export function incidentText({ listed, summary }: FoundIncidents): string {
  return listed.length === 0 ? incidentLine(summary) : `${incidentTable(listed)}\n\n${incidentLine(summary)}`;
}

/** Returns one row for each of the incidents with the greatest severity, in the order in which they were opened. */
function incidentTable(listed: readonly ListedIncident[]): string {
  const least = listed.map(({ incident }) => incident.severity).sort((a, b) => b - a)[mostRows - 1] ?? 0;
  const table = plainTable(["incident", "key", "kind", "begin", "severity", "events", "state"], 4);
  for (const one of listed.filter(({ incident }) => incident.severity >= least).slice(0, mostRows)) {
    const { id, key, incident } = one;
    const { direction = "", begin, severity, events, state, muted } = incident;
    table.push([
      id,
      plainText(key, longestKey),
      `${kindOf(one)} ${direction}`.trim(),
      new Date(begin).toISOString(),
      severity.toFixed(1),
      whole(events),
      muted ? `${state}, muted` : state,
    ]);
  }
  return table.toString();
}

/** Returns the counts in one line. */
export function incidentLine({
  alarms,
  incidents,
  alarms_per_day: alarmsPerDay,
  incidents_per_day: perDay,
  open,
}: IncidentSummary): string {
  const rates =
    perDay === null || alarmsPerDay === null
      ? ""
      : ` (${figure(alarmsPerDay)} and ${figure(perDay)} per day)`;
  return `${whole(alarms)} alarms, ${whole(incidents)} incidents${rates}, ${whole(open)} of them open at the end.`;
}
