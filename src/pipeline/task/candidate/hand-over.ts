/**
 * Hands the incidents over where another model becomes the live one: those that it has not are closed, and those that only it has
 * are opened. So no reader of the incidents waits for the end of one that nobody tells any more.
 */
import type { Forecaster } from "../../../forecast/forecaster.js";
import type { Incident } from "../../../forecast/incidents/incidents.js";
import type { Origin } from "../../decode/dead-letter.js";
import { groupIncidentId, incidentId } from "../../encode/incident-id.js";
import { IncidentMessages } from "../../encode/incident-message.js";
import { JsonText } from "../../encode/json-text.js";
import type { OutputRecord } from "../../ports.js";

type Change = "opened" | "closed";

/** An open incident of a model. */
interface OpenIncident {
  readonly id: string;
  readonly key: string;
  readonly incident: Incident;
  /** Appends the message of a change of it. */
  readonly write: (change: Change) => void;
}

/**
 * Returns the records of the incidents topic, in the order of the first events of incidents. Changes neither model. A record has the
 * time of the incident's last event so far.
 */
export function handOver(former: Forecaster, next: Forecaster, origin: Origin): OutputRecord[] {
  const [before, after] = [openIncidents(former, origin), openIncidents(next, origin)];
  const lacking = (all: readonly OpenIncident[], others: readonly OpenIncident[]): OpenIncident[] => {
    const names = new Set(others.map(nameOf));
    return all.filter((one) => !names.has(nameOf(one))).sort(byPosition);
  };
  return [
    ...lacking(before, after).map((one) => recordOf(one, "closed")),
    ...lacking(after, before).map((one) => recordOf(one, "opened")),
  ];
}

function openIncidents(forecaster: Forecaster, origin: Origin): OpenIncident[] {
  const messages = new IncidentMessages(origin);
  const ofKeys = forecaster.openKeyIncidents().map(({ slot, incident }): OpenIncident => {
    const key = forecaster.keyOf(slot);
    return {
      ...{ id: incidentId(origin, incident), key, incident },
      write: (change) =>
        messages.write(key, { row: 0, slot, time: incident.end, change, incident: as(incident, change) }),
    };
  });
  const keyOf = (slot: number): string => forecaster.keyOf(slot);
  const ofGroups = forecaster.openGroupIncidents().map(({ group, incident, members }): OpenIncident => {
    const note = { row: 0, time: incident.end, group, members };
    return {
      ...{ id: groupIncidentId(origin, incident.position), key: group, incident },
      write: (change) => messages.writeGroup({ ...note, change, incident: as(incident, change) }, keyOf),
    };
  });
  return [...ofKeys, ...ofGroups];
}

const as = (incident: Incident, change: Change): Incident => ({
  ...incident,
  state: change === "opened" ? "open" : "closed",
});

const nameOf = ({ id, key }: OpenIncident): string => JSON.stringify([id, key]);

function byPosition(a: OpenIncident, b: OpenIncident): number {
  return a.incident.position - b.incident.position || (nameOf(a) < nameOf(b) ? -1 : 1);
}

function recordOf({ key, incident, write }: OpenIncident, change: Change): OutputRecord {
  write(change);
  const timestamp = Math.max(-1, Math.floor(incident.end));
  return { key: Buffer.from(key), value: JsonText.shared().take(), headers: [], timestamp };
}
