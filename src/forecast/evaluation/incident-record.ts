/** The incidents and alarms of a backtest: kept as they come, counted per day of the stream, and listed. */
import type { ForecastColumns } from "../columns.js";
import type { Incident, IncidentKind } from "../incidents/incidents.js";
import type { GroupNote } from "../incidents/groups/watcher.js";
import { groupSuffix, idSuffix } from "../incidents/update.js";
import type { IncidentNote } from "../incidents/watcher.js";

const day = 86_400_000;

/** An incident as the last of its events left it. */
export interface ListedIncident {
  /** The number of its first event in the stream, from 0. */
  readonly id: string;
  readonly key: string;
  /** That of the key; -1 for a group. */
  readonly slot: number;
  readonly incident: Incident;
  /** Of a group's incident: keys of the members that deviated when most of them did, the furthest first. */
  readonly members?: readonly string[];
  /** The id of the incident of the key's group, where one was open at the last change. */
  readonly groupIncident?: string;
}

/** Returns the kind of an incident in a word or two; empty where it is not known. */
export function kindOf({ incident, members }: ListedIncident): IncidentKind | "group" | "" {
  return members === undefined ? (incident.kind ?? "") : "group";
}

/** Alarms and incidents of a stream, also as they are for each day of its event time. */
export interface IncidentSummary {
  /** From the earliest to the latest event time; null for a stream without a span. */
  readonly days: number | null;
  /** Values whose anomaly score exceeds 1. */
  readonly alarms: number;
  /** Per day of event time; null for a stream without a span. */
  readonly alarms_per_day: number | null;
  /** Incidents that were opened. */
  readonly incidents: number;
  /** Per day of event time; null for a stream without a span. */
  readonly incidents_per_day: number | null;
  /** Incidents that the stream ends with. */
  readonly open: number;
  /** Incidents that lie in quiet times. */
  readonly muted: number;
  /** Numbers of incidents by their kind. */
  readonly kinds: Readonly<Partial<Record<IncidentKind | "group", number>>>;
}

/** The incidents of a backtest. */
export interface FoundIncidents {
  readonly listed: readonly ListedIncident[];
  readonly summary: IncidentSummary;
}

/** What the record asks of a forecaster. */
export interface IncidentSource {
  readonly incidentChanges: readonly IncidentNote[];
  readonly groupChanges: readonly GroupNote[];
  keyOf(slot: number): string;
  /** The open incident of a key, or its last. */
  incidentOf(slot: number): Incident | undefined;
}

export class IncidentRecord {
  readonly #forecaster: IncidentSource;
  /** In the order in which they were opened. */
  readonly #listed = new Map<string, ListedIncident>();
  #alarms = 0;
  #earliest = Infinity;
  #latest = -Infinity;

  constructor(forecaster: IncidentSource) {
    this.#forecaster = forecaster;
  }

  /** Takes the first `count` rows that the forecaster has just made, and the changes of incidents by them. */
  add({ times, anomalyScore }: ForecastColumns, count: number): void {
    for (let row = 0; row < count; row++) {
      if (anomalyScore[row]! > 1) this.#alarms++;
      this.#earliest = Math.min(this.#earliest, times[row]!);
      this.#latest = Math.max(this.#latest, times[row]!);
    }
    const keyOf = (slot: number): string => this.#forecaster.keyOf(slot);
    for (const { group, incident, members } of this.#forecaster.groupChanges) {
      const id = `${incident.position}${groupSuffix}`;
      const { members: before = [] } = this.#listed.get(id) ?? {};
      this.#listed.set(id, {
        ...{ id, key: group, slot: -1, incident },
        members: members.length > before.length ? members.map(({ slot }) => keyOf(slot)) : before,
      });
    }
    for (const { slot, incident, group } of this.#forecaster.incidentChanges) {
      const id = `${incident.position}${idSuffix(incident)}`;
      this.#listed.set(id, {
        ...{ id, key: keyOf(slot), slot, incident },
        ...(group !== undefined && { groupIncident: `${group.position}${groupSuffix}` }),
      });
    }
  }

  /** Returns the incidents in the order in which they were opened, those that are still open as they are now. */
  list(): readonly ListedIncident[] {
    return [...this.#listed.values()].map((listed) => {
      const { state, kind } = listed.incident;
      if (state === "closed" || kind === "silence" || listed.slot < 0) return listed;
      const now = this.#forecaster.incidentOf(listed.slot);
      return now?.position === listed.incident.position ? { ...listed, incident: now } : listed;
    });
  }

  summarise(): IncidentSummary {
    const listed = this.list();
    const all = listed.map(({ incident }) => incident);
    const span = (this.#latest - this.#earliest) / day;
    const days = span > 0 ? span : null;
    const perDay = (count: number): number | null => (days === null ? null : count / days);
    const kinds: Partial<Record<IncidentKind | "group", number>> = {};
    for (const kind of listed.map(kindOf)) if (kind !== "") kinds[kind] = (kinds[kind] ?? 0) + 1;
    return {
      days,
      alarms: this.#alarms,
      alarms_per_day: perDay(this.#alarms),
      incidents: all.length,
      incidents_per_day: perDay(all.length),
      open: all.filter(({ state }) => state === "open").length,
      muted: all.filter(({ muted }) => muted).length,
      kinds,
    };
  }
}
