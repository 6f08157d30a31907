/** The incidents of a backtest as its report holds them. */
import type { IncidentReport, Spans } from "../../../adapters/web/report-data.js";
import { columnOf, short } from "../report-numbers.js";
import {
  kindOf,
  type FoundIncidents,
  type ListedIncident,
} from "../../../forecast/evaluation/incident-record.js";

/** Most incidents that the table of a report has: those with the greatest severity. */
const mostRows = 200;

/** Returns the counts and the table. `slots` are those of the report's keys. */
export function incidentReport(
  { listed, summary }: FoundIncidents,
  slots: readonly number[],
): IncidentReport {
  const indexOf = new Map(slots.map((slot, index) => [slot, index]));
  const rows = listed
    .toSorted((a, b) => b.incident.severity - a.incident.severity)
    .slice(0, mostRows)
    .sort((a, b) => a.incident.begin - b.incident.begin);
  const of = <T>(pick: (one: ListedIncident) => T): T[] => rows.map(pick);
  return {
    count: summary.incidents,
    perDay: short(summary.incidents_per_day),
    alarmsPerDay: short(summary.alarms_per_day),
    rows: {
      id: of(({ id }) => id),
      key: of(({ slot }) => indexOf.get(slot) ?? -1),
      group: of(({ slot, key }) => (slot < 0 ? key : "")),
      kind: of(kindOf),
      direction: of(({ incident }) => incident.direction ?? ""),
      state: of(({ incident }) => (incident.muted ? `${incident.state}, muted` : incident.state)),
      begin: of(({ incident }) => incident.begin),
      end: of(({ incident }) => incident.end),
      peakValue: columnOf(of(({ slot, incident }) => (slot < 0 ? NaN : incident.peak.value))),
      peakExpected: columnOf(of(({ incident }) => incident.peak.expected)),
      severity: columnOf(of(({ incident }) => incident.severity)),
      events: of(({ incident }) => incident.events),
    },
  };
}

/** Returns from when to when a key had incidents. */
export function spansOf(listed: readonly ListedIncident[], slot: number): Spans {
  const own = listed.filter((one) => one.slot === slot);
  return { begins: own.map(({ incident }) => incident.begin), ends: own.map(({ incident }) => incident.end) };
}
