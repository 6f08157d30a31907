/** Watches the scored values of a forecaster for incidents, and notes each change of one in the order of events. */
import type { ScoredEvent } from "../current-event.js";
import type { DetectionRow } from "../detection/rows.js";
import { readAlarm } from "./alarm-deviation.js";
import { ExpectedKinds } from "./expected.js";
import { Gates } from "./gates.js";
import { IncidentTracker, type Incident, type IncidentChange, type IncidentKind } from "./incidents.js";
import type { IncidentRows } from "./rows.js";
import { GroupWatcher, type OpenGroup } from "./groups/watcher.js";
import type { IncidentSettings } from "./settings.js";
import { Silences, type Silence } from "./silence/silences.js";

/** A change of an incident by an event of a batch. */
export interface IncidentNote {
  /** Row of the event in the batch. */
  readonly row: number;
  /** Slot of the incident's key, which need not be the key of the event: an event may evict other keys. */
  readonly slot: number;
  /** Time of the event, in epoch milliseconds. */
  readonly time: number;
  readonly change: IncidentChange;
  /** The incident after the change. */
  readonly incident: Incident;
  /** The open incident of the key's group. */
  readonly group?: OpenGroup | undefined;
}

/** Incidents that are open: of the values of keys, silences of keys, and of groups; and silences that wait to be told. */
export interface IncidentCounts {
  readonly keys: number;
  readonly silences: number;
  readonly groups: number;
  readonly waitingSilences: number;
}

export interface WatcherSettings extends IncidentSettings {
  readonly alarmRate: number;
  /** IANA zone of the quiet times of day. */
  readonly timeZone: string;
  /** Returns the local time of a time in that zone. */
  readonly localOf: (time: number) => number;
  /** Returns the key of a slot. */
  readonly keyOf: (slot: number) => string;
  /** Returns an exogenous feature of a slot's event. */
  readonly featureOf: (slot: number, feature: number) => number;
}

export class IncidentWatcher {
  /** Keys that do not come any more, where they are watched. */
  readonly silences: Silences | undefined;
  /** Groups of keys, where the settings name them. */
  readonly groups: GroupWatcher | undefined;
  /** What users said is fine. */
  readonly expected = new ExpectedKinds();
  /** Returns whether a time is a quiet one; undefined without quiet times. */
  readonly isQuiet: ((time: number) => boolean) | undefined;
  readonly #tracker: IncidentTracker;
  readonly #notes: IncidentNote[] = [];

  constructor(settings: WatcherSettings) {
    const gates = new Gates(settings, settings);
    if (gates.hasQuiet) this.isQuiet = (time) => gates.isQuiet(time);
    this.#tracker = new IncidentTracker(settings, gates, this.expected);
    const { group, alarmRate } = settings;
    this.groups = group === undefined ? undefined : new GroupWatcher(group, alarmRate, gates);
    this.silences = settings.silence ? new Silences(settings, gates, this.expected) : undefined;
  }

  get rows(): IncidentRows {
    return this.#tracker.rows;
  }

  /** The changes noted since `clear`, in order. The array is reused. */
  get notes(): readonly IncidentNote[] {
    return this.#notes;
  }

  /** Forgets the notes of the batch before. */
  clear(): void {
    this.#notes.length = 0;
    if (this.groups !== undefined) this.groups.notes.length = 0;
  }

  /** Returns whether a value of this score can change anything: no other value needs to be observed. */
  concerns(slot: number, score: number): boolean {
    return this.#tracker.concerns(slot, score);
  }

  /** Takes a scored value of a key. `alarm` are the key's rows of the detector after the score. */
  observe(slot: number, alarm: DetectionRow, now: ScoredEvent, position: number): void {
    const { row, time, value, forecasts } = now;
    const expected = forecasts.expected[row]!;
    const score = forecasts.anomalyScore[row]!;
    const reading = readAlarm(alarm, value - expected);
    const change = this.#tracker.observe(slot, { position, time, value, expected, score, ...reading });
    if (change !== undefined) this.#note(slot, now, change);
  }

  /**
   * Takes an event of a key, scored or not: it ends a silence of the key, and may begin some of other keys, of which
   * `silences` has the slots.
   */
  arrive(slot: number, now: ScoredEvent, position: number): void {
    const silences = this.silences!;
    silences.observe(slot, position, now.time);
    if (silences.ended !== undefined) this.#noteSilence(slot, now, "closed", silences.ended);
    for (let i = 0; i < silences.begun; i++) {
      const silent = silences.slots[i]!;
      this.#noteSilence(silent, now, "opened", silences.silenceOf(silent)!);
    }
  }

  /** From now on, incidents of a kind are not told of a key before a time. */
  expect(slot: number, kind: IncidentKind, until: number): void {
    this.expected.expect(slot, kind, until);
  }

  /** Closes the incidents of a key that is forgotten at an event. */
  forget(slot: number, now: ScoredEvent): void {
    const silence = this.silences?.silenceOf(slot);
    if (silence !== undefined) this.#noteSilence(slot, now, "closed", silence);
    if (this.#tracker.close(slot)) this.#note(slot, now, "closed");
  }

  /** Forgets the incidents of a key without a note: users were told of none of them. */
  drop(slot: number): void {
    this.#tracker.rows.start(slot);
    this.silences?.hold(slot);
  }

  /** Incidents that are open now, and silences that wait to be told. */
  get counts(): IncidentCounts {
    return {
      keys: this.#tracker.rows.open,
      silences: this.silences?.open ?? 0,
      groups: this.groups?.groups.open ?? 0,
      waitingSilences: this.silences?.ready ?? 0,
    };
  }

  /** Returns the position of the first event of the key's open incident; NaN without one. */
  openPosition(slot: number): number {
    return this.#tracker.openPosition(slot);
  }

  /** Returns the key's open incident, or its last one until the next begins; undefined where there is none. */
  incidentOf(slot: number): Incident | undefined {
    return this.#tracker.incidentOf(slot);
  }

  /** Returns the incident of `incidentOf`, and the key's open silence. */
  incidentsOf(slot: number): readonly Incident[] {
    const incident = this.incidentOf(slot);
    const silence = this.silences?.silenceOf(slot);
    return [
      ...(incident === undefined ? [] : [incident]),
      ...(silence === undefined ? [] : [incidentOfSilence(silence, "open")]),
    ];
  }

  #noteSilence(
    slot: number,
    { row, time }: ScoredEvent,
    change: "opened" | "closed",
    silence: Silence,
  ): void {
    const incident = incidentOfSilence(silence, change === "opened" ? "open" : "closed");
    this.#notes.push({ row, slot, time, change, incident, group: this.groups?.openOf(slot) });
  }

  #note(slot: number, { row, time }: ScoredEvent, change: IncidentChange): void {
    const incident = this.#tracker.incidentOf(slot)!;
    this.#notes.push({ row, slot, time, change, incident, group: this.groups?.openOf(slot) });
  }
}

function incidentOfSilence(
  { position, begin, end, severity, muted }: Silence,
  state: "open" | "closed",
): Incident {
  return {
    position,
    begin,
    end,
    state,
    kind: "silence",
    direction: undefined,
    settled: true,
    muted,
    peak: { time: end, value: NaN, expected: NaN, score: 1 },
    severity,
    events: 0,
    updates: 0,
  };
}
