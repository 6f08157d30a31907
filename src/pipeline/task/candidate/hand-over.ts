/**
 * Hands the incidents over where another model becomes the live one: those that it has not are closed, and those that only it has
 * are opened. So no reader of the incidents waits for the end of one that nobody tells any more. The candidate's incidents change
 * hands the other way round.
 */
import type { Forecaster } from "../../../forecast/forecaster.js";
import type { Incident } from "../../../forecast/incidents/incidents.js";
import type { Origin } from "../../decode/dead-letter.js";
import { CloudEventHeaders } from "../../encode/cloudevents.js";
import { withRoleHeader, type EncoderOptions } from "../../encode/encode.js";
import { groupIncidentId, incidentId } from "../../encode/incident-id.js";
import { IncidentMessages } from "../../encode/incident-message.js";
import { IncidentFormat } from "../../encode/incidents/format.js";
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

/** A JSON record, with the text of its key and its time. */
interface HandedOver extends OutputRecord {
  readonly value: Buffer;
  readonly text: string;
  readonly time: number;
}

/** How the records are written, and where the roles change. */
export interface HandOverOutput extends EncoderOptions {
  /** Input offset before which the roles change, and how many changes there were at this offset, with this one. */
  readonly at: number;
  readonly changes: number;
}

/**
 * Returns the records of the incidents topic, in the order of the first events of incidents. Changes neither model. A record has the
 * time of the incident's last event so far. Without an output, values are flat JSON.
 */
export function handOver(
  former: Forecaster,
  next: Forecaster,
  origin: Origin,
  output?: HandOverOutput,
): OutputRecord[] {
  const [before, after] = [openIncidents(former, origin), openIncidents(next, origin)];
  const lacking = (all: readonly OpenIncident[], others: readonly OpenIncident[]): OpenIncident[] => {
    const names = new Set(others.map(nameOf));
    return all.filter((one) => !names.has(nameOf(one))).sort(byPosition);
  };
  const records: readonly HandedOver[] = [
    ...lacking(before, after).map((one) => recordOf(one, "closed")),
    ...lacking(after, before).map((one) => recordOf(one, "opened")),
  ];
  if (output !== undefined) return inFormat(records, origin, output);
  return records.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }));
}

/** Gives JSON records the format and the headers of the output. */
function inFormat(
  records: readonly HandedOver[],
  origin: Origin,
  { encode, application, isCandidate, at, changes }: HandOverOutput,
): OutputRecord[] {
  const format = new IncidentFormat(encode);
  const events =
    encode.headers === "cloudevents"
      ? new CloudEventHeaders(application, origin, {
          kind: "incident",
          format: format.format,
          prefix: `${isCandidate === true ? "candidate/" : ""}promotion/${changes}/`,
        })
      : undefined;
  return records.map(({ key, value, headers, timestamp, text, time }) => ({
    key,
    value: format.encode(value),
    headers: withRoleHeader(events?.of({ offset: at, headers: [] }, text, time) ?? headers, isCandidate),
    timestamp,
  }));
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

function recordOf({ key, incident, write }: OpenIncident, change: Change): HandedOver {
  write(change);
  const timestamp = Math.max(-1, Math.floor(incident.end));
  const value = JsonText.shared().take();
  return { key: Buffer.from(key), value, headers: [], timestamp, text: key, time: incident.end };
}
