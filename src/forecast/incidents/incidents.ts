/**
 * Joins the alarms of a key to incidents, each opened once, updated a few times and closed. An incident and what is told
 * of it follow from the key's scored values alone.
 *
 * - Unusual is a value whose score is at least 0.4 and that passes the gates. An alarm is one whose score is above 1.
 * - Pending: an alarm begins an incident, which is opened with enough unusual values among the last ones (`confirm`).
 *   One that is not confirmed was none.
 * - Updates: the peak's score grows by a quarter, the kind is settled, or the incident outlasts a quiet time. From 1 to
 *   the largest score there are 24 growths, so an incident has at most 26 updates.
 * - Lasting: an alarm, or an unusual value before which no more values were ordinary than unusual since the last alarm.
 * - Held: not told, because its kind is expected of the key (`expected.ts`). It is told where it is of another kind or lasts
 *   beyond that time.
 * - Closed: after 64 ordinary values. Its end is the last lasting value.
 */
import { logarithm } from "../elementary.js";
import { kinds, type AlarmKind } from "../detection/kind.js";
import type { ExpectedKinds } from "./expected.js";
import type { IncidentKind } from "./kinds.js";
import type { Gates } from "./gates.js";
import { bits, f32At, f32Size, f64At, f64Size, IncidentRows, phase, u16At, u16Size } from "./rows.js";
import type { IncidentSettings } from "./settings.js";

/**
 * Least score of an unusual value. While the detector rests after an alarm, it halves the scores of what does not exceed
 * the rest of the peak, and holds its rest from 0.8 on (`detector.ts`): half of that means the same.
 */
const unusualFrom = 0.4;
/**
 * Ordinary values, less the unusual among them, after which an incident is closed: within so many values `kind.ts` has
 * settled the kind. Of 84 injected faults (`test/bench/detection`), 61 are one incident; 51 with 32 values, 44 with 16.
 */
const closedAfter = 64;
/** Growth of the peak's score that is told. */
const toldGrowth = 1.25;
/** Units of the score as it was last told. */
const toldUnit = 256;
/** Largest score that is kept: so many units fit into 16 bits. The detector's own end at 23. */
const maxScore = 255;
const tenFold = logarithm(10);

const directions = [undefined, "above", "below"] as const;

/** A scored value of a key. One object may be reused for all. */
export interface ScoredValue {
  /** Where the value stands in its input: the offset of a record, the number of a row. */
  readonly position: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly value: number;
  /** What had been forecast, NaN where nothing was. */
  readonly expected: number;
  /** The anomaly score, NaN while the key is not judged. */
  readonly score: number;
  /** From what was usual, in the unit of the values; NaN for an alarm without a direction. */
  readonly deviation: number;
  /** The kind of the key's last alarm, as it is known now. */
  readonly alarm: AlarmKind | undefined;
}

export type { IncidentKind } from "./kinds.js";

/** What a value did to the incident of its key. */
export type IncidentChange = "opened" | "updated" | "closed";

/** The incident of a key. */
export interface Incident {
  /** Position and time of its first unusual value. */
  readonly position: number;
  readonly begin: number;
  /** Time of its last lasting value so far. */
  readonly end: number;
  readonly state: "open" | "closed";
  readonly kind: IncidentKind | undefined;
  readonly direction: "above" | "below" | undefined;
  /** Whether the kind is final. */
  readonly settled: boolean;
  /** Whether all of it lies in quiet times so far. */
  readonly muted: boolean;
  readonly peak: {
    readonly time: number;
    readonly value: number;
    readonly expected: number;
    readonly score: number;
  };
  /** How rare the peak is: -log10 of the tail probability behind its score. A severity of 6 is one value in a million. */
  readonly severity: number;
  /** Lasting values so far. */
  readonly events: number;
  /** Updates so far. */
  readonly updates: number;
}

export interface IncidentTrackerSettings {
  readonly confirm: IncidentSettings["confirm"];
  /** The alarm rate of the detector, which a score of 1 stands for. */
  readonly alarmRate: number;
}

export class IncidentTracker {
  readonly rows = new IncidentRows();
  readonly #gates: Pick<Gates, "passes" | "isQuiet">;
  readonly #expected: Pick<ExpectedKinds, "isExpected"> | undefined;
  readonly #count: number;
  readonly #mask: number;
  /** -log10 of the alarm rate. */
  readonly #decades: number;

  constructor(
    { confirm, alarmRate }: IncidentTrackerSettings,
    gates: Pick<Gates, "passes" | "isQuiet">,
    expected?: Pick<ExpectedKinds, "isExpected">,
  ) {
    this.#expected = expected;
    this.#gates = gates;
    this.#count = confirm.count;
    this.#mask = (1 << confirm.of) - 1;
    this.#decades = -logarithm(alarmRate) / tenFold;
  }

  /** Returns whether a value of this score can change anything: no other value needs to be observed. */
  concerns(slot: number, score: number): boolean {
    return score > 1 || this.#isBegun(slot);
  }

  /** Takes the next value of a key and returns what it did to the key's incident. */
  observe(slot: number, scored: ScoredValue): IncidentChange | undefined {
    const { rows } = this;
    // A missing value and a key that is not judged say nothing.
    if (Number.isNaN(scored.score)) return undefined;
    const unusual =
      scored.score >= unusualFrom && this.#gates.passes(slot, scored.deviation, scored.expected);
    const alarm = unusual && scored.score > 1;
    if (!this.#isBegun(slot)) {
      if (!alarm) return undefined;
      this.#begin(slot, scored);
    }
    const at16 = slot * u16Size;
    rows.u16[at16 + u16At.history] =
      ((rows.u16[at16 + u16At.history]! << 1) | (unusual ? 1 : 0)) & this.#mask;
    const settled = this.#adoptKind(slot, scored.alarm);
    const lasting = this.#isLasting(slot, unusual, alarm);
    if (lasting) this.#extend(slot, scored, alarm);
    const heard = lasting && this.#unmute(slot, scored.time);
    if (rows.mark(slot, bits.phase) === phase.pending) return this.#confirm(slot, scored.time);
    if (rows.u16[at16 + u16At.ordinary]! >= closedAfter) {
      return this.close(slot) ? "closed" : undefined;
    }
    if (rows.mark(slot, bits.held) === 1) {
      return lasting || settled ? this.#open(slot, scored.time) : undefined;
    }
    if (!settled && !heard && !this.#hasGrown(slot)) return undefined;
    this.#tell(slot);
    rows.setMark(slot, bits.updates, rows.mark(slot, bits.updates) + 1);
    return "updated";
  }

  /** Closes the key's incident, and returns whether it was open; one that was never told leaves nothing. */
  close(slot: number): boolean {
    const isOpen = this.isOpen(slot);
    if (isOpen) this.rows.setMark(slot, bits.phase, phase.closed);
    else if (this.#isBegun(slot)) this.rows.start(slot);
    return isOpen;
  }

  /** Returns whether the key has an open incident. */
  isOpen(slot: number): boolean {
    return this.rows.mark(slot, bits.phase) === phase.open && this.rows.mark(slot, bits.held) === 0;
  }

  /** Returns the position of the first event of the key's open incident; NaN without one. */
  openPosition(slot: number): number {
    return this.isOpen(slot) ? this.rows.f64[slot * f64Size + f64At.position]! : NaN;
  }

  /** Returns the key's open incident, or its last one until the next begins; undefined where there is none. */
  incidentOf(slot: number): Incident | undefined {
    const { rows } = this;
    const { f64, f32 } = rows;
    const now = rows.mark(slot, bits.phase);
    if ((now !== phase.open && now !== phase.closed) || rows.mark(slot, bits.held) === 1) return undefined;
    const at64 = slot * f64Size;
    const at32 = slot * f32Size;
    const score = f32[at32 + f32At.peakScore]!;
    return {
      position: f64[at64 + f64At.position]!,
      begin: f64[at64 + f64At.begin]!,
      end: f64[at64 + f64At.end]!,
      state: now === phase.open ? "open" : "closed",
      kind: kinds[rows.mark(slot, bits.kind) - 1],
      direction: directions[rows.mark(slot, bits.direction)],
      settled: rows.mark(slot, bits.settled) === 1,
      muted: rows.mark(slot, bits.muted) === 1,
      peak: {
        time: f64[at64 + f64At.peakTime]!,
        value: f64[at64 + f64At.peakValue]!,
        expected: f64[at64 + f64At.peakExpected]!,
        score,
      },
      severity: score * this.#decades,
      events: f32[at32 + f32At.events]!,
      updates: rows.mark(slot, bits.updates),
    };
  }

  #isBegun(slot: number): boolean {
    const now = this.rows.mark(slot, bits.phase);
    return now === phase.pending || now === phase.open;
  }

  #begin(slot: number, { position, time }: ScoredValue): void {
    const { rows } = this;
    rows.start(slot);
    rows.f64[slot * f64Size + f64At.position] = position;
    rows.f64[slot * f64Size + f64At.begin] = time;
    rows.setMark(slot, bits.phase, phase.pending);
    rows.setMark(slot, bits.muted, this.#gates.isQuiet(time) ? 1 : 0);
  }

  /** Takes the kind of the alarm until that is settled, and returns whether it is settled now. */
  #adoptKind(slot: number, alarm: AlarmKind | undefined): boolean {
    const { rows } = this;
    if (alarm === undefined || rows.mark(slot, bits.settled) === 1) return false;
    rows.setMark(slot, bits.kind, 1 + kinds.indexOf(alarm.kind));
    rows.setMark(slot, bits.direction, directions.indexOf(alarm.direction));
    rows.setMark(slot, bits.settled, alarm.settled ? 1 : 0);
    return alarm.settled;
  }

  /** Counts the value, and returns whether the incident lasts to it: one unusual value among ordinary ones is chance. */
  #isLasting(slot: number, unusual: boolean, alarm: boolean): boolean {
    const { u16 } = this.rows;
    const at = slot * u16Size + u16At.ordinary;
    if (!unusual) u16[at] = u16[at]! + 1;
    else u16[at] = alarm ? 0 : Math.max(u16[at]! - 1, 0);
    return unusual && u16[at] === 0;
  }

  /** The incident lasts to this value, which may be its peak. */
  #extend(slot: number, { time, value, expected, score }: ScoredValue, alarm: boolean): void {
    const { f64, f32 } = this.rows;
    const at64 = slot * f64Size;
    const at32 = slot * f32Size;
    f64[at64 + f64At.end] = time;
    f32[at32 + f32At.events] = f32[at32 + f32At.events]! + 1;
    const single = Math.fround(Math.min(score, maxScore));
    if (!alarm || single <= f32[at32 + f32At.peakScore]!) return;
    f32[at32 + f32At.peakScore] = single;
    f64[at64 + f64At.peakTime] = time;
    f64[at64 + f64At.peakValue] = value;
    f64[at64 + f64At.peakExpected] = expected;
  }

  /** Returns whether a muted incident is heard from now on: it has outlasted the quiet time. */
  #unmute(slot: number, time: number): boolean {
    const { rows } = this;
    if (rows.mark(slot, bits.muted) === 0 || this.#gates.isQuiet(time)) return false;
    rows.setMark(slot, bits.muted, 0);
    return true;
  }

  /** Opens a pending incident with enough unusual values, and drops one that was none. */
  #confirm(slot: number, time: number): IncidentChange | undefined {
    const { rows } = this;
    const history = rows.u16[slot * u16Size + u16At.history]!;
    let count = 0;
    for (let rest = history; rest > 0; rest &= rest - 1) count++;
    if (count >= this.#count) {
      rows.setMark(slot, bits.phase, phase.open);
      return this.#open(slot, time);
    }
    const ordinary = rows.u16[slot * u16Size + u16At.ordinary]!;
    if (count === 0 || ordinary >= closedAfter) rows.start(slot);
    return undefined;
  }

  /** Tells of an incident for the first time, unless it is expected. */
  #open(slot: number, time: number): IncidentChange | undefined {
    const { rows } = this;
    const kind = kinds[rows.mark(slot, bits.kind) - 1];
    const held = this.#expected?.isExpected(slot, kind, time) === true;
    rows.setMark(slot, bits.held, held ? 1 : 0);
    if (held) return undefined;
    this.#tell(slot);
    return "opened";
  }

  #hasGrown(slot: number): boolean {
    const score = this.rows.f32[slot * f32Size + f32At.peakScore]!;
    return score * toldUnit >= toldGrowth * this.rows.u16[slot * u16Size + u16At.told]!;
  }

  #tell(slot: number): void {
    const { u16, f32 } = this.rows;
    const score = f32[slot * f32Size + f32At.peakScore]!;
    u16[slot * u16Size + u16At.told] = Math.round(score * toldUnit);
  }
}
