/** Finds the incidents of one alarm rate, with every choice of gates, beside a forecaster that replays a sample. */
import type { CurrentEvent, ScoredEvent } from "../../forecast/current-event.js";
import { Detection, type DetectedEvent } from "../../forecast/detection/detection.js";
import type { DetectionRow } from "../../forecast/detection/rows.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import type { Incident } from "../../forecast/incidents/incidents.js";
import type { IncidentSettings } from "../../forecast/incidents/settings.js";
import { groupSuffix, idSuffix } from "../../forecast/incidents/update.js";
import { IncidentWatcher } from "../../forecast/incidents/watcher.js";
import { LocalClock } from "../../forecast/keys/local-clock.js";

/** An incident of the sample, as it was last known. */
export interface FoundIncident {
  /** That of the key, or of the member of the group whose value told of it. */
  readonly slot: number;
  /** The group, of a group's incident, and its members that have deviated. */
  readonly group?: { readonly name: string; readonly members: Set<number> };
  /** Event time at which the incident was opened, in epoch milliseconds: not before its begin. */
  readonly toldAt: number;
  incident: Incident;
}

export interface WatchSettings {
  readonly alarmRate: number;
  readonly recurring: boolean;
  readonly timeZone: string;
  /** Returns the key of a slot. */
  readonly keyOf: (slot: number) => string;
  /** Returns an exogenous feature of a slot's event. */
  readonly featureOf: (slot: number, feature: number) => number;
}

/** An event that is watched. */
type WatchedEvent = DetectedEvent & Pick<CurrentEvent, "observations">;

/** The incidents with one choice of gates. */
class GatedWatch {
  readonly watcher: IncidentWatcher;
  readonly found: FoundIncident[] = [];
  /** By key or group and place: incidents that are open. */
  readonly #open = new Map<string, FoundIncident>();

  constructor(
    settings: WatchSettings & { readonly localOf: (time: number) => number },
    gates: IncidentSettings,
  ) {
    this.watcher = new IncidentWatcher({ ...gates, ...settings });
  }

  begin(slot: number, key: string): void {
    this.watcher.silences?.start(slot);
    this.watcher.groups?.groups.begin(slot, key);
  }

  reserve(keys: number): void {
    this.watcher.rows.reserve(keys);
    this.watcher.silences?.reserve(keys);
    this.watcher.groups?.groups.reserve(keys);
  }

  /** Takes a scored value, in the order in which a forecaster does. */
  observe(slot: number, alarm: DetectionRow, event: ScoredEvent, position: number): void {
    const { watcher } = this;
    watcher.groups?.observe(slot, event, position);
    if (watcher.concerns(slot, event.forecasts.anomalyScore[event.row]!)) {
      watcher.observe(slot, alarm, event, position);
    }
  }

  arrive(slot: number, event: ScoredEvent, position: number): void {
    if (this.watcher.silences !== undefined) this.watcher.arrive(slot, event, position);
  }

  /** Takes the changes that the last event made. */
  take(slot: number): void {
    const { watcher } = this;
    const groupNotes = watcher.groups?.notes;
    if (watcher.notes.length === 0 && (groupNotes === undefined || groupNotes.length === 0)) return;
    groupNotes?.forEach(({ group: name, time, incident, members }) => {
      const found = this.#take(`${name} ${incident.position}${groupSuffix}`, time, incident, () => ({
        slot,
        group: { name, members: new Set() },
      }));
      for (const member of members) found.group!.members.add(member.slot);
    });
    for (const { slot: own, time, incident } of watcher.notes) {
      this.#take(`${own} ${incident.position}${idSuffix(incident)}`, time, incident, () => ({ slot: own }));
    }
    watcher.clear();
  }

  /** Takes what open incidents have become since they were last told. */
  finish(): void {
    for (const found of this.#open.values()) {
      const { slot, group, incident } = found;
      const now =
        group === undefined
          ? this.watcher.incidentsOf(slot).find((each) => idSuffix(each) === idSuffix(incident))
          : this.watcher.groups!.groups.incidentOf(slot);
      found.incident = now!;
    }
  }

  #take(
    id: string,
    toldAt: number,
    incident: Incident,
    of: () => Pick<FoundIncident, "slot" | "group">,
  ): FoundIncident {
    let found = this.#open.get(id);
    if (found === undefined) {
      found = { ...of(), toldAt, incident };
      this.found.push(found);
      this.#open.set(id, found);
    }
    found.incident = incident;
    if (incident.state === "closed") this.#open.delete(id);
    return found;
  }
}

/**
 * Watches the forecasts of one forecaster. The alarm rate changes no forecast, so a detector of another rate beside the
 * forecaster finds what a forecaster with this rate would find, to the bit.
 */
export class RateWatch {
  readonly #settings: WatchSettings;
  readonly #detection: Detection;
  readonly #gated: readonly GatedWatch[];
  /** The event with the score of this rate; reused. */
  readonly #event: { -readonly [Name in keyof ScoredEvent]: ScoredEvent[Name] };
  #scores = new Float64Array(0);
  #begun = new Uint8Array(0);

  constructor(settings: WatchSettings, gates: readonly IncidentSettings[]) {
    const clock = new LocalClock(settings.timeZone);
    const { alarmRate, recurring } = settings;
    const localOf = (time: number): number => clock.localOf(time);
    this.#settings = settings;
    this.#gated = gates.map((each) => new GatedWatch({ ...settings, localOf }, each));
    // All choices have the quiet times of the given settings.
    const isQuiet = this.#gated.find(({ watcher }) => watcher.isQuiet !== undefined)?.watcher.isQuiet;
    this.#detection = new Detection({
      ...{ alarmRate, recurring, localOf },
      ...(isQuiet !== undefined && { isQuiet }),
    });
    const forecasts = { expected: this.#scores, anomalyScore: this.#scores };
    this.#event = { observations: {}, forecasts, row: 0, time: 0, value: 0 };
  }

  /** Takes an event of a key; `position` is its number in the sample. Returns the score, NaN where there is none. */
  observe(slot: number, event: WatchedEvent, position: number): number {
    if (slot >= this.#begun.length) this.#reserve(slot);
    if (this.#begun[slot] === 0) this.#begin(slot);
    const scored = this.#turnTo(event);
    let score = NaN;
    if (!Number.isNaN(event.value)) {
      score = this.#scores[event.row] = this.#detection.score(slot, event);
      const alarm = this.#detection.rowOf(slot);
      for (const gated of this.#gated) gated.observe(slot, alarm, scored, position);
    }
    for (const gated of this.#gated) {
      gated.arrive(slot, scored, position);
      gated.take(slot);
    }
    return score;
  }

  /** Returns the incidents by the choice of gates, each in the order in which they were opened. */
  finish(): readonly (readonly FoundIncident[])[] {
    for (const gated of this.#gated) gated.finish();
    return this.#gated.map(({ found }) => found);
  }

  #turnTo({ observations, forecasts, row, time, value }: WatchedEvent): ScoredEvent {
    if (row >= this.#scores.length) this.#scores = new Float64Array(2 * row + 16);
    const event = this.#event;
    if (event.forecasts.expected !== forecasts.expected || event.forecasts.anomalyScore !== this.#scores) {
      event.forecasts = { expected: forecasts.expected, anomalyScore: this.#scores };
    }
    event.observations = observations;
    event.row = row;
    event.time = time;
    event.value = value;
    this.#scores[row] = NaN;
    return event;
  }

  #begin(slot: number): void {
    this.#begun[slot] = 1;
    const key = this.#settings.keyOf(slot);
    for (const gated of this.#gated) gated.begin(slot, key);
  }

  #reserve(slot: number): void {
    const capacity = Math.max(2 * this.#begun.length, slot + 1, 16);
    const begun = new Uint8Array(capacity);
    begun.set(this.#begun);
    this.#begun = begun;
    this.#detection.rows.reserve(capacity);
    for (const gated of this.#gated) gated.reserve(capacity);
  }
}

/** Lets watches see what a forecaster observes. Returns the function that tells the number of the batch's first event. */
export function watchForecaster(
  forecaster: Forecaster,
  watches: readonly RateWatch[],
): (first: number) => void {
  let first = 0;
  forecaster.watch((slot, event) => {
    for (const watch of watches) watch.observe(slot, event, first + event.row);
  });
  return (position) => {
    first = position;
  };
}
