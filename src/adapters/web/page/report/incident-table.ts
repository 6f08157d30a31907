/** The table of incidents: a row for each of those with the greatest severity. */
import type { IncidentReport } from "../../report-data.js";
import { create } from "../dom.js";
import { formatCount, formatTime, formatValue } from "../format.js";

const names = ["Begin", "Key", "Kind", "Severity", "Value", "Expected", "Values", "State"];

/** @param keys Names of the report's keys. */
export function incidentTable({ rows }: IncidentReport, keys: readonly string[]): HTMLElement[] {
  const head = create("thead");
  const line = create("tr");
  line.append(
    ...names.map((name) => {
      const cell = create("th", "", name);
      cell.scope = "col";
      return cell;
    }),
  );
  head.append(line);
  const body = create("tbody");
  body.append(
    ...rows.id.map((id, i) => {
      const row = create("tr");
      row.title = `Incident ${id}, until ${formatTime(rows.end[i])} UTC`;
      const first = create("th", "", formatTime(rows.begin[i]));
      first.scope = "row";
      const key = create("td");
      key.append(create("bdi", "", keys[rows.key[i]!] ?? rows.group[i]!));
      const texts = [
        `${rows.kind[i]!} ${rows.direction[i]!}`.trim(),
        formatValue(rows.severity[i]),
        formatValue(rows.peakValue[i]),
        formatValue(rows.peakExpected[i]),
        formatCount(rows.events[i]!),
        rows.state[i]!,
      ];
      row.append(first, key, ...texts.map((text) => create("td", "", text)));
      return row;
    }),
  );
  return [head, body];
}
