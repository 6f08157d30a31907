/** The detector of a forecaster: one more reader of each event, with rows of its own for each key. */
import type { CurrentEvent } from "../current-event.js";
import { exponential } from "../elementary.js";
import { Detector, scoredAfter, type DetectorSettings, type ScoredValue } from "./detector.js";
import { kindOf, type AlarmKind } from "./kind.js";
import { detectionLayout, f32At, rarities, u16At, type Magnitude } from "./layout.js";
import { DetectionRows, type DetectionRow } from "./rows.js";

/** Why a key's last value has its score. */
export interface Rarity {
  /** What about the value was rarest. */
  readonly magnitude: Magnitude;
  /** Share of the key's values that were as extreme by this magnitude, estimated before the value came. */
  readonly share: number;
  /** Values of the key that the share was estimated from. */
  readonly of: number;
  /** The kind of the key's last alarm; undefined before its first. */
  readonly alarm: AlarmKind | undefined;
}

/** What the detector reads of an event, whose value is not missing. */
export type DetectedEvent = Readonly<
  Pick<CurrentEvent, "forecasts" | "row" | "time" | "value" | "held" | "setAside" | "anew">
>;

/** Values of a young key that are set aside and not seen: as many absurd ones may stand in a row. */
const unseen = 5;

/** Counts one more value that was set aside, and returns how many of the young key there were. */
function countAside({ u16, at16 }: DetectionRow): number {
  return (u16[at16 + u16At.which] = u16[at16 + u16At.which]! + 1);
}

export class Detection {
  readonly rows: DetectionRows;
  readonly #detector: Detector;
  readonly #scored: ScoredValue = { time: 0, value: 0, expected: NaN, moves: true };

  constructor(settings: DetectorSettings) {
    const layout = detectionLayout(settings);
    this.rows = new DetectionRows(layout);
    this.#detector = new Detector(settings, layout);
  }

  /**
   * Takes an observed value of a key and returns its anomaly score. The detector sees every value of the key, its first
   * one too. Of a young key it does not see the first values that are set aside, and begins anew with the key: one absurd
   * value would be what is usual for long. What is set aside more often is usual.
   */
  score(slot: number, { forecasts, row, time, value, held, setAside, anew }: DetectedEvent): number {
    if ((setAside || anew) && this.#isYoung(slot)) {
      if (!setAside) this.rows.start(slot);
      else if (countAside(this.rows.rowOf(slot)) <= unseen) return NaN;
    }
    const scored = this.#scored;
    scored.time = time;
    scored.value = value;
    scored.expected = forecasts.expected[row]!;
    // A change to a value that was set aside, or back from it, would make the key look calm at this hour of the next day.
    const previous = forecasts.previous[row]!;
    scored.moves = !setAside && previous === held;
    return this.#detector.score(this.rows.rowOf(slot), scored);
  }

  /** Returns the rows of a key; the object is reused. */
  rowOf(slot: number): DetectionRow {
    return this.rows.rowOf(slot);
  }

  /** Whether so few values of a key are known that one more decides what is usual. */
  #isYoung(slot: number): boolean {
    const row = this.rows.rowOf(slot);
    return row.f32[row.at32 + f32At.seen]! < scoredAfter;
  }

  /** Returns why the last value of a key has its score; undefined while it has none. */
  explain(slot: number): Rarity | undefined {
    const row = this.rows.rowOf(slot);
    const which = this.#detector.rarest(row);
    const values = row.f32[row.at32 + f32At.seen]! - 1;
    if (which < 0 || values < scoredAfter) return undefined;
    const share = Math.min(exponential(-row.f32[row.at32 + f32At.rarity]!), 1);
    return { magnitude: rarities[which]!, share, of: values, alarm: kindOf(row) };
  }
}
