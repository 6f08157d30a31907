/** Watches the groups of a forecaster's keys for incidents, and notes each change of one in the order of events. */
import type { ScoredEvent } from "../../current-event.js";
import type { Gates } from "../gates.js";
import type { Incident, IncidentChange } from "../incidents.js";
import { Groups, type DeviatingMember } from "./groups.js";
import { namingText, patternOfGroup, type GroupSetting } from "./naming.js";

/** A change of a group's incident by an event of a batch. */
export interface GroupNote {
  /** Row of the event in the batch, and its time in epoch milliseconds. */
  readonly row: number;
  readonly time: number;
  readonly group: string;
  readonly change: IncidentChange;
  /** The incident after the change. Its peak's value is the number of members that deviated. */
  readonly incident: Incident;
  /** The members that deviate, the furthest first. */
  readonly members: readonly DeviatingMember[];
}

/** The open incident of a group: the group's name, and the position of the incident's first value. */
export interface OpenGroup {
  readonly name: string;
  readonly position: number;
}

export class GroupWatcher {
  readonly groups: Groups;
  readonly notes: GroupNote[] = [];
  /** The setting that names the groups. */
  readonly naming: string;
  readonly #gates: Gates;

  constructor(setting: GroupSetting, alarmRate: number, gates: Gates) {
    this.naming = namingText(setting);
    this.#gates = gates;
    this.groups = new Groups({ alarmRate, groupOf: patternOfGroup(setting) }, gates);
  }

  /**
   * Takes a scored value of a key. `groups.expired` has the slots that changed beside the key's. A value that does not pass
   * the gates deviates from nothing.
   */
  observe(slot: number, { row, time, value, forecasts, observations }: ScoredEvent, position: number): void {
    const { groups } = this;
    if (groups.isUnknown(slot)) groups.join(slot, observations.groupOf?.(row));
    const expected = forecasts.expected[row]!;
    const score = forecasts.anomalyScore[row]!;
    const passed = this.#gates.passes(slot, value - expected, expected) ? score : Math.min(score, 0);
    const change = groups.observe(slot, position, time, passed);
    if (change === undefined) return;
    this.notes.push({
      row,
      time,
      group: groups.nameOf(slot)!,
      change,
      incident: groups.incidentOf(slot)!,
      members: groups.deviatingMembers(slot),
    });
  }

  /** Returns the open incident of a key's group; undefined where there is none. */
  openOf(slot: number): OpenGroup | undefined {
    const position = this.groups.openPosition(slot);
    return Number.isNaN(position) ? undefined : { name: this.groups.nameOf(slot)!, position };
  }
}
