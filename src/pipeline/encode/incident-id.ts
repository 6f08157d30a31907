/** Positions of readings in a partition, and the ids of incidents that are made of them. */
import type { Incident } from "../../forecast/incidents/incidents.js";
import { groupSuffix, idSuffix } from "../../forecast/incidents/update.js";
import type { Origin } from "../decode/dead-letter.js";

/** Readings of one record that are told apart. A position holds offsets up to 2^37 beside them. */
const readings = 65_536;

/** Returns the position of a reading: the record's offset, and how many readings of the record were taken before. */
export function readingPosition(offset: number, before: number): number {
  return offset + Math.min(before, readings - 1) / readings;
}

/**
 * Returns the id of an incident: topic, partition and offset of its first event. Where that is not the first reading of its
 * record, the number of readings before it follows after a point. A silence has the last event before it, and a suffix.
 *
 * @example
 * ```ts
 * const origin = { topic: "readings", partition: 0 };
 * incidentId(origin, { position: readingPosition(1234, 0) }); // "readings-0-1234"
 * incidentId(origin, { position: readingPosition(1234, 2) }); // "readings-0-1234.2"
 * ```
 */
export function incidentId(
  { topic, partition }: Origin,
  { position, kind }: Pick<Incident, "position"> & Partial<Pick<Incident, "kind">>,
  suffix: string = idSuffix({ kind }),
): string {
  const offset = Math.floor(position);
  const before = Math.round((position - offset) * readings);
  return `${topic}-${partition}-${offset}${before === 0 ? "" : `.${before}`}${suffix}`;
}

/** Returns the id of a group's incident: that of the first value that it was opened with, and a suffix. */
export function groupIncidentId(origin: Origin, position: number): string {
  return incidentId(origin, { position }, groupSuffix);
}
