/**
 * Joins the deviations of keys that belong together: one incident of their group, with its members ranked.
 *
 * - A member's last value counts as long as twice as many values of the group as it has members have not come since.
 * - The members' rarities are combined by Simes' test (`combined.ts`), and judged by the group's own past
 *   (`novelty.ts`), of which four samples are taken for each round of the members.
 * - The group's scores become incidents as those of a key do.
 *
 * An event costs a walk over 64 and one over 48 counts, whatever the number of members.
 */
import { logarithm } from "../../elementary.js";
import type { Gates } from "../gates.js";
import { IncidentTracker, type Incident, type IncidentChange } from "../incidents.js";
import type { SlabRows } from "../../keys/slabs.js";
import { IncidentRows } from "../rows.js";
import { binOf, bins, combinedRarity } from "./combined.js";
import { historySize, novelty, remember } from "./novelty.js";
import { f32At, f64At, MemberRows, u16At, u16Size } from "./rows.js";

/** Most groups of a state; keys of further groups are judged by themselves. */
export const mostGroups = 4096;
const bytesPerGroup = 4 * bins + 2 * historySize + 200;
/** Members that an incident names. */
export const mostNamed = 16;
/** Least score of a member that deviates: with the default rate, one value in four of those of an ordinary member. */
const deviatesFrom = 0.2;
/** Rounds of a group for which a member's last value counts, and samples of its past that a round gives. */
const rounds = 2;
const samples = 4;
const word = 2 ** 32;
/** In place of 1 + the number of a group: the key's group is not known yet. */
const unknown = 65_535;

/** A member that deviates. */
export interface DeviatingMember {
  readonly slot: number;
  readonly score: number;
  /** Time of the first of its last values in a row that were unusual. */
  readonly since: number;
}

/** The open incident of a group, and the members that deviate, the furthest first. */
export interface OpenGroupIncident {
  readonly group: string;
  readonly incident: Incident;
  readonly members: readonly DeviatingMember[];
}

/** What a group keeps, as a snapshot holds it. */
export interface GroupState {
  readonly name: string;
  /** Values of the group so far. */
  readonly count: number;
  readonly history: Uint16Array;
  /** Its rows of the tracker of incidents. */
  readonly incident: SlabRows;
  /** Time until which its incidents are expected; none without. */
  readonly expected?: number | undefined;
}

class Group {
  readonly name: string;
  /** Its number, which is its slot in the tracker. */
  readonly index: number;
  count = 0;
  /** Time until which its incidents are fine. */
  expected = -Infinity;
  readonly history = new Uint16Array(historySize);
  /** Members whose last values count, by the bin of their rarity, and the first and last of them by age. */
  readonly counts = new Uint32Array(bins);
  members = 0;
  oldest = -1;
  newest = -1;

  constructor(name: string, index: number) {
    this.name = name;
    this.index = index;
  }
}

export interface GroupSettings {
  readonly alarmRate: number;
  /** Returns the group of a key; undefined for a key without one. Without it, `join` names the group of each key. */
  readonly groupOf?: ((key: string) => string | undefined) | undefined;
}

/** A key of a restored state. */
export interface RestoredMember {
  readonly slot: number;
  readonly key: string;
  /** What `joined` had of the key. */
  readonly joined: string | undefined;
}

export class Groups {
  readonly rows = new MemberRows();
  /** Slots whose rows changed with the last event, beside its own: their values count no more. */
  readonly expired: number[] = [];
  /** Score of the group of the last event; NaN where it has none. */
  score = NaN;
  readonly #groupOf: GroupSettings["groupOf"];
  readonly #depth: number;
  readonly #tracker: IncidentTracker;
  readonly #groups: Group[] = [];
  readonly #byName = new Map<string, Group>();
  /** Of each slot: 1 + the number of its group, and its neighbours by age, or -1. */
  #group = new Uint16Array(0);
  #older = new Int32Array(0);
  #newer = new Int32Array(0);

  /** Of `gates` only the quiet times concern a group: members are to be judged by the others before. */
  constructor({ alarmRate, groupOf }: GroupSettings, gates: Pick<Gates, "isQuiet">) {
    this.#groupOf = groupOf;
    this.#depth = -logarithm(alarmRate);
    this.#tracker = new IncidentTracker(
      { confirm: { count: 1, of: 1 }, alarmRate },
      { passes: () => true, isQuiet: (time) => gates.isQuiet(time) },
      { isExpected: (index, _, time) => time < this.#groups[index]!.expected },
    );
  }

  reserve(keys: number): void {
    this.rows.reserve(keys);
    if (keys <= this.#group.length) return;
    const group = new Uint16Array(keys);
    const older = new Int32Array(keys);
    const newer = new Int32Array(keys);
    group.set(this.#group);
    older.set(this.#older);
    newer.set(this.#newer);
    this.#group = group;
    this.#older = older;
    this.#newer = newer;
  }

  /** Groups whose incident is open. */
  get open(): number {
    return this.#tracker.rows.open;
  }

  /** The key of a slot begins: finds its group, or leaves that to `join`. */
  begin(slot: number, key: string): void {
    this.forget(slot);
    if (this.#groupOf === undefined) this.#group[slot] = unknown;
    else this.join(slot, this.#groupOf(key));
  }

  /** Forgets the incidents of all groups. */
  dropIncidents(): void {
    for (const { index } of this.#groups) this.#tracker.rows.start(index);
  }

  /** Whether the group of a slot is still to be named by `join`. */
  isUnknown(slot: number): boolean {
    return this.#group[slot] === unknown;
  }

  /** Names the group of a slot; undefined for none. */
  join(slot: number, name: string | undefined): void {
    this.#group[slot] = name === undefined ? 0 : this.#indexOf(name) + 1;
  }

  /** From now on, incidents of a group are not told before a time. A group that has not begun takes no notice. */
  expect(name: string, until: number): void {
    const group = this.#byName.get(name);
    if (group !== undefined) group.expected = Math.max(group.expected, until);
  }

  /** What a snapshot keeps of the group that `join` named: its name, empty for none; undefined where it follows from the key. */
  joined(slot: number): string | undefined {
    if (this.#groupOf !== undefined || this.isUnknown(slot)) return undefined;
    return this.#of(slot)?.name ?? "";
  }

  /** The key of a slot is forgotten. */
  forget(slot: number): void {
    const group = this.#of(slot);
    if (group !== undefined && this.#binOf(slot) >= 0) this.#leave(group, slot);
    this.rows.start(slot);
    this.#group[slot] = 0;
  }

  /**
   * Takes a scored value of a key and returns what it did to the incident of its group.
   *
   * @param position Where the value stands in its input; NaN for its number in the group.
   */
  observe(slot: number, position: number, time: number, score: number): IncidentChange | undefined {
    this.expired.length = 0;
    this.score = NaN;
    const group = this.#of(slot);
    if (group === undefined || Number.isNaN(score)) return undefined;
    this.#enter(group, slot, time, score);
    this.#expire(group);
    const rarity = combinedRarity(group.counts, 0, group.members);
    const novel = novelty(group.history, rarity);
    this.score = group.members < 2 ? NaN : novel / this.#depth;
    this.#remember(group, rarity);
    if (Number.isNaN(this.score)) return undefined;
    if (!this.#tracker.concerns(group.index, this.score)) return undefined;
    return this.#tracker.observe(group.index, {
      position: Number.isNaN(position) ? group.count : position,
      time,
      value: this.#deviating(group),
      expected: NaN,
      score: this.score,
      deviation: NaN,
      alarm: undefined,
    });
  }

  /** Returns the position of the first value of the open incident of a slot's group; NaN without one. */
  openPosition(slot: number): number {
    const group = this.#of(slot);
    return group === undefined ? NaN : this.#tracker.openPosition(group.index);
  }

  /** Returns the name of a slot's group. */
  nameOf(slot: number): string | undefined {
    return this.#of(slot)?.name;
  }

  /** Returns the open or last incident of a slot's group; its peak's value is the number of members that deviated. */
  incidentOf(slot: number): Incident | undefined {
    const group = this.#of(slot);
    return group === undefined ? undefined : this.#tracker.incidentOf(group.index);
  }

  /** Returns the members of a slot's group that deviate, the furthest first, at most 16. */
  deviatingMembers(slot: number): DeviatingMember[] {
    const group = this.#of(slot);
    return group === undefined ? [] : this.#deviatingOf(group);
  }

  /** Returns the groups whose incidents are open, as they are now. */
  openGroups(): OpenGroupIncident[] {
    return this.#groups
      .filter(({ index }) => this.#tracker.isOpen(index))
      .map((group) => ({
        group: group.name,
        incident: this.#tracker.incidentOf(group.index)!,
        members: this.#deviatingOf(group),
      }));
  }

  #deviatingOf(group: Group): DeviatingMember[] {
    const found: DeviatingMember[] = [];
    // From the oldest on: members of the same score are in the order of their values.
    for (let member = group.oldest; member >= 0; member = this.#newer[member]!) {
      const score = this.rows.f32[member]!;
      if (score >= deviatesFrom) found.push({ slot: member, score, since: this.rows.f64[member]! });
    }
    return found.sort((a, b) => b.score - a.score).slice(0, mostNamed);
  }

  /** Bytes of the rows of members, and of what groups keep. */
  get bytes(): number {
    const links = this.#group.byteLength + this.#older.byteLength + this.#newer.byteLength;
    return this.rows.bytes + links + this.#tracker.rows.bytes + bytesPerGroup * this.#groups.length;
  }

  get bytesPerKey(): number {
    return this.rows.bytesPerKey + 10;
  }

  /** Returns a member's rows as a snapshot holds them; undefined for a key that is in no group. */
  readOf(slot: number): SlabRows | undefined {
    return this.#of(slot) === undefined ? undefined : this.rows.read(slot);
  }

  /** Gives the memory back. */
  dispose(): void {
    this.restore([]);
    this.rows.clear();
    this.#tracker.rows.clear();
  }

  /** Whether arrays are those of a group. */
  static fits({ history, incident }: GroupState): boolean {
    const { f64, f32, u16 } = new IncidentRows().sizes;
    const rows = incident.f64.length === f64 && incident.f32.length === f32 && incident.u16.length === u16;
    return rows && history.length === historySize;
  }

  /** What all groups keep, for a snapshot. */
  states(): GroupState[] {
    return this.#groups.map(({ name, index, count, history, expected }) => ({
      ...{ name, count, history: history.slice(), incident: this.#tracker.rows.read(index) },
      ...(expected > -Infinity && { expected }),
    }));
  }

  /** Takes over what groups kept, before the keys are resumed. */
  restore(states: readonly GroupState[]): void {
    this.#groups.length = 0;
    this.#byName.clear();
    this.#group.fill(0);
    for (const { name, count, history, incident, expected = -Infinity } of states) {
      const group = this.#groups[this.#indexOf(name)]!;
      group.expected = expected;
      group.count = count;
      group.history.set(history);
      this.#tracker.rows.write(group.index, incident);
    }
  }

  /** The rows of these slots were restored: their values count in the order in which they came. */
  resume(restored: readonly RestoredMember[]): void {
    const members: { readonly slot: number; readonly group: Group; readonly since: number }[] = [];
    for (const { slot, key, joined } of restored) {
      if (this.#groupOf !== undefined) this.join(slot, this.#groupOf(key));
      else if (joined === undefined) this.#group[slot] = unknown;
      else this.join(slot, joined === "" ? undefined : joined);
      const group = this.#of(slot);
      if (group !== undefined && this.#binOf(slot) >= 0) {
        members.push({ slot, group, since: this.#valuesSince(group, slot) });
      }
    }
    members.sort((a, b) => b.since - a.since);
    for (const { slot, group } of members) this.#append(group, slot);
  }

  /** The group's past takes samples; of alarms one a round for all, so that the first of a round do not make the next ordinary. */
  #remember({ count, members, history }: Group, rarity: number): void {
    const step = Math.max(Math.floor(members / samples), 1);
    const isAlarm = this.score > 1;
    if (count % (isAlarm ? members : step) !== 0) return;
    remember(history, rarity, isAlarm ? Math.floor(members / step) : 1);
  }

  #of(slot: number): Group | undefined {
    return this.#groups[this.#group[slot]! - 1];
  }

  /** The number of a group, -1 where there are too many. */
  #indexOf(name: string): number {
    let group = this.#byName.get(name);
    if (group === undefined) {
      if (this.#groups.length === mostGroups) return -1;
      group = new Group(name, this.#groups.length);
      this.#groups.push(group);
      this.#byName.set(name, group);
      const room = this.#tracker.rows.bytes / this.#tracker.rows.bytesPerKey;
      if (this.#groups.length > room) this.#tracker.rows.reserve(2 * this.#groups.length);
      this.#tracker.rows.start(group.index);
    }
    return group.index;
  }

  /** The bin of a member's last value, -1 where it does not count. */
  #binOf(slot: number): number {
    return this.rows.u16[slot * u16Size + u16At.bin]! - 1;
  }

  #valuesSince({ count }: Group, slot: number): number {
    const at = slot * u16Size;
    const last = this.rows.u16[at + u16At.countLow]! + 65536 * this.rows.u16[at + u16At.countHigh]!;
    const since = (count % word) - last;
    return since < 0 ? since + word : since;
  }

  #enter(group: Group, slot: number, time: number, score: number): void {
    const { f64, f32, u16 } = this.rows;
    const at = slot * u16Size;
    const counted = this.#binOf(slot) >= 0;
    if (counted) this.#leave(group, slot);
    const deviated = counted && f32[slot + f32At.score]! >= deviatesFrom;
    if (score >= deviatesFrom && !deviated) f64[slot + f64At.since] = time;
    f32[slot + f32At.score] = score;
    group.count++;
    const low = group.count % word;
    u16[at + u16At.countLow] = low % 65536;
    u16[at + u16At.countHigh] = Math.floor(low / 65536);
    u16[at + u16At.bin] = 1 + binOf(score * this.#depth);
    this.#append(group, slot);
  }

  #expire(group: Group): void {
    for (let slot = group.oldest; slot >= 0; slot = group.oldest) {
      if (this.#valuesSince(group, slot) <= rounds * group.members) return;
      this.#leave(group, slot);
      this.rows.u16[slot * u16Size + u16At.bin] = 0;
      this.expired.push(slot);
    }
  }

  #append(group: Group, slot: number): void {
    group.counts[this.#binOf(slot)]!++;
    group.members++;
    this.#older[slot] = group.newest;
    this.#newer[slot] = -1;
    if (group.newest >= 0) this.#newer[group.newest] = slot;
    else group.oldest = slot;
    group.newest = slot;
  }

  #leave(group: Group, slot: number): void {
    group.counts[this.#binOf(slot)]!--;
    group.members--;
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (older >= 0) this.#newer[older] = newer;
    else group.oldest = newer;
    if (newer >= 0) this.#older[newer] = older;
    else group.newest = older;
  }

  /** Members that deviate, by their bins. */
  #deviating({ counts }: Group): number {
    let count = 0;
    for (let bin = binOf(deviatesFrom * this.#depth); bin < bins; bin++) count += counts[bin]!;
    return count;
  }
}
