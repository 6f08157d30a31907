/** Incidents as rows of CSV, one for each. */
import { numberCell, TextCells } from "../../../adapters/files/csv/csv-writer.js";
import { TextOutput } from "../../../adapters/files/text-output.js";
import { warnOfFormula } from "../replay.js";
import {
  kindOf,
  type IncidentRecord,
  type ListedIncident,
} from "../../../forecast/evaluation/incident-record.js";

const head =
  "id,key,kind,direction,begin,end,peak_time,peak_value,peak_expected,anomaly_score,severity,events,state,muted,group_incident,members";

/** Writes the incidents to a file. */
export async function writeIncidents(file: string, incidents: IncidentRecord): Promise<void> {
  const output = TextOutput.toFile(file);
  const cells = new TextCells();
  output.write(incidentCsv(incidents.list(), cells));
  await output.close();
  warnOfFormula(file, cells.formula);
}

/**
 * Returns the text of a CSV file: times are ISO 8601 in UTC, and what there is not is an empty cell.
 *
 * @param cells Remembers the first key that a spreadsheet would run as a formula.
 */
export function incidentCsv(listed: readonly ListedIncident[], cells: TextCells): string {
  const rows = listed.map((one) => {
    const { id, key, incident, members, groupIncident = "" } = one;
    const { direction = "", begin, end, peak, severity, events, state, muted } = incident;
    return [
      id,
      cells.of(key),
      kindOf(one),
      direction,
      timeCell(begin),
      timeCell(end),
      timeCell(peak.time),
      members === undefined ? numberCell(peak.value) : "",
      numberCell(peak.expected),
      numberCell(peak.score),
      numberCell(severity),
      numberCell(events),
      state,
      String(muted),
      groupIncident,
      members === undefined ? "" : cells.of(members.join(" ")),
    ].join(",");
  });
  return [head, ...rows, ""].join("\n");
}

function timeCell(time: number): string {
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
}
