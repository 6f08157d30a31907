/** Encodes a change of an incident as a JSON message. */
import type { GroupNote } from "../../forecast/incidents/groups/watcher.js";
import type { Incident } from "../../forecast/incidents/incidents.js";
import { beginner } from "../../forecast/incidents/update.js";
import type { IncidentNote } from "../../forecast/incidents/watcher.js";
import type { Origin } from "../decode/dead-letter.js";
import { groupIncidentId, incidentId } from "./incident-id.js";
import { JsonText, longestAppend } from "./json-text.js";

/**
 * Writes the messages of a partition's incidents. Numbers and times are written as in forecast messages; null stands for
 * what there is not.
 *
 * @example
 * ```ts
 * const messages = new IncidentMessages({ topic: "readings", partition: 0 });
 * for (const note of forecaster.incidentChanges) messages.write(forecaster.keyOf(note.slot), note);
 * JsonText.shared().take().toString(); // {"id":"readings-0-1234","key":"pump-7","change":"opened", …}
 * ```
 */
export class IncidentMessages {
  readonly #origin: Origin;
  readonly #text = JsonText.shared();
  readonly #time = this.#text.piece(',"time":');
  readonly #begin = this.#text.piece(',"begin":');
  readonly #end = this.#text.piece(',"end":');
  readonly #peakTime = this.#text.piece(',"peak_time":');
  readonly #peakValue = this.#text.piece(',"peak_value":');
  readonly #peakExpected = this.#text.piece(',"peak_expected":');
  readonly #anomalyScore = this.#text.piece(',"anomaly_score":');
  readonly #severity = this.#text.piece(',"severity":');
  readonly #events = this.#text.piece(',"events":');
  readonly #updates = this.#text.piece(',"updates":');
  readonly #since = this.#text.piece(',"since":');
  readonly #deviating = this.#text.piece(',"members_deviating":');
  readonly #members = Buffer.from(',"members":[');

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Appends the message of a change to the process's text, without a line break. Throws MEMORY_EXHAUSTED. */
  write(key: string, { time, change, incident, group }: IncidentNote): void {
    const { state, kind = null, direction = null, settled, muted } = incident;
    const names = {
      id: incidentId(this.#origin, incident),
      key,
      change,
      state,
      kind,
      direction,
      settled,
      muted,
      ...(group !== undefined && {
        group: group.name,
        group_incident: groupIncidentId(this.#origin, group.position),
      }),
    };
    this.#write(names, time, incident);
    this.#append(close);
  }

  /**
   * Appends the message of a change of a group's incident, as `write` does. Its key is the group. The members are those that
   * deviate, the furthest first; `began` is the one that has deviated for longest.
   */
  writeGroup({ time, change, incident, group, members }: GroupNote, keyOf: (slot: number) => string): void {
    const began = beginner(members);
    const { state, muted, peak } = incident;
    const names = {
      id: groupIncidentId(this.#origin, incident.position),
      key: group,
      change,
      state,
      kind: "group",
      direction: null,
      settled: true,
      muted,
      began: began === undefined ? null : keyOf(began.slot),
    };
    this.#write(names, time, { ...incident, peak: { ...peak, value: NaN, expected: NaN } });
    const text = this.#text;
    text.integer(this.#deviating, peak.value);
    this.#append(this.#members);
    members.forEach(({ slot, score, since }, i) => {
      this.#append(Buffer.from(`${i === 0 ? "" : ","}{"key":${JSON.stringify(keyOf(slot))}`));
      text.number(this.#anomalyScore, score);
      text.time(this.#since, since);
      this.#append(close);
    });
    this.#append(closeMembers);
  }

  /** Appends bytes, for which room is made with room for numbers behind them. */
  #append(bytes: Uint8Array): void {
    this.#text.reserve(bytes.length + 4 * longestAppend);
    this.#text.bytes(bytes, 0, bytes.length);
  }

  #write(names: object, time: number, incident: Incident): void {
    const text = this.#text;
    const { peak } = incident;
    const head = Buffer.from(JSON.stringify(names).slice(0, -1));
    text.reserve(head.length + 11 * longestAppend);
    text.bytes(head, 0, head.length);
    text.time(this.#time, time);
    text.time(this.#begin, incident.begin);
    text.time(this.#end, incident.end);
    text.time(this.#peakTime, peak.time);
    text.number(this.#peakValue, peak.value);
    text.number(this.#peakExpected, peak.expected);
    text.number(this.#anomalyScore, peak.score);
    text.number(this.#severity, incident.severity);
    text.integer(this.#events, incident.events);
    text.integer(this.#updates, incident.updates);
  }
}

const close = Buffer.from("}");
const closeMembers = Buffer.from("]}");
