/** A change of an incident as an object, for users of the library. */
import type { Incident, IncidentChange } from "./incidents.js";
import type { GroupNote } from "./groups/watcher.js";
import type { IncidentNote } from "./watcher.js";

/** An incident as one of its events left it. NaN means "none"; `JSON.stringify` writes NaN as null. */
export interface IncidentUpdate extends Omit<Incident, "position"> {
  /** The same in every change of the incident: the key, and the number of the incident's first event among the key's. */
  readonly id: string;
  readonly key: string;
  /** Epoch milliseconds of the event that made the change. */
  readonly time: number;
  /** What the event did to the incident. */
  readonly change: IncidentChange;
  /** The open incident of the key's group, if there is one. */
  readonly groupIncident?: string;
}

/** What the id of a group's incident has behind the position. */
export const groupSuffix = "-group";

/** What the id of a silence has behind the position: the key's last event may be the first of another incident too. */
export function idSuffix({ kind }: Pick<Incident, "kind">): string {
  return kind === "silence" ? "-silence" : "";
}

/** Returns the id of an incident in the library. */
export function incidentId(key: string, position: number): string {
  return `${key}-${position}`;
}

/** Returns a change as an object. */
export function updateOf(key: string, { time, change, incident, group }: IncidentNote): IncidentUpdate {
  const { position, ...others } = incident;
  return {
    ...{ id: incidentId(key, position) + idSuffix(incident), key, time, change, ...others },
    ...(group !== undefined && { groupIncident: incidentId(group.name, group.position) + groupSuffix }),
  };
}

/** An incident of a group of keys, as one of its events left it. */
export interface GroupIncidentUpdate extends Omit<Incident, "position" | "kind" | "direction" | "settled"> {
  /** The same in every change of the incident: the group, and the number of its first value among those of the group. */
  readonly id: string;
  readonly group: string;
  readonly time: number;
  readonly change: IncidentChange;
  /** The members that deviate, the furthest first, at most 16; and which of them has deviated for longest. */
  readonly members: readonly { readonly key: string; readonly score: number; readonly since: number }[];
  readonly began: string | undefined;
}

/** Returns the member that has deviated for longest, of several the one that deviates most. */
export function beginner(members: GroupNote["members"]): GroupNote["members"][number] | undefined {
  const first = members.reduce((least, each) => Math.min(least, each.since), Infinity);
  return members.find(({ since }) => since === first);
}

/** Returns a change of a group's incident as an object. */
export function groupUpdateOf(
  { group, time, change, incident, members }: GroupNote,
  keyOf: (slot: number) => string,
): GroupIncidentUpdate {
  const { position, begin, end, state, muted, peak, severity, events, updates } = incident;
  const began = beginner(members);
  return {
    id: incidentId(group, position) + groupSuffix,
    group,
    time,
    change,
    begin,
    end,
    state,
    muted,
    peak,
    severity,
    events,
    updates,
    members: members.map(({ slot, score, since }) => ({ key: keyOf(slot), score, since })),
    began: began === undefined ? undefined : keyOf(began.slot),
  };
}
