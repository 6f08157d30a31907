/** Keeps a key's recent past in rings and derives the inputs of cell and read-out. */
import type { CurrentEvent } from "../current-event.js";
import { clip, harmonics, logarithm, placeIn } from "../elementary.js";
import { pushFeatures } from "./features.js";
import { trackGap, typicalGap } from "./gap.js";
import { featureInputs, featuresInput, input, number, recentChanges, type KeyLayout } from "./layout.js";
import type { KeyRow, SinglesRow } from "./row.js";
import { scaledLevel } from "./scaling.js";
import { day, withinPeriod, type LocalClock } from "./local-clock.js";
import type { ForecasterSettings } from "../settings.js";

/** Bounds of the cell's inputs: scaled change, scaled level, logarithm of the relative gap. */
const largestChange = 10;
const largestLevel = 8;
const largestGap = 3;

/** Largest 32-bit float below 1: 1 minus 1 would lose the flag of a missing value. */
const ONE_BELOW = 1 - 2 ** -24;

/** What shapes the past that is kept of a key. */
export type HistorySettings = Pick<ForecasterSettings, "bpttSteps" | "harmonics">;

/** Writes a key's past into the rings of its row of singles, and what the cell sees of it into the engine's buffers. */
export class History {
  readonly #layout: KeyLayout;
  readonly #clock: LocalClock;
  readonly #window: number;
  readonly #harmonics: number;
  /** Length of the ring of changes. */
  readonly #changes: number;
  /** The first input of the cell that is of the features, and their number. */
  readonly #featuresAt: number;
  readonly #features: number;

  constructor(settings: HistorySettings, layout: KeyLayout, clock: LocalClock) {
    this.#layout = layout;
    this.#clock = clock;
    this.#window = settings.bpttSteps;
    this.#harmonics = settings.harmonics;
    this.#changes = settings.bpttSteps + recentChanges;
    this.#featuresAt = featuresInput(settings);
    this.#features = featureInputs * layout.featureCount;
  }

  /** Appends the scaled change that an event stands for to the ring. */
  pushChange({ f64, at64, f32, at32 }: KeyRow, change: number): void {
    const count = f64[at64 + number.count]!;
    f32[at32 + this.#layout.changes + placeIn(this.#changes, count)] = change;
  }

  /**
   * Appends an event's level, gap, phase and features to the rings and moves the key's clock. The clock follows the last
   * event in order of arrival, so that one wrong time spoils two gaps and nothing else; a gap that is not positive is the
   * shortest possible input, and leaves the typical gap as it is.
   */
  pushInputs(key: KeyRow, { time, missing, observations, row }: CurrentEvent): void {
    const { f64, at64, f32, at32, layout } = key;
    const count = f64[at64 + number.count]!;
    const slot = placeIn(this.#window, count);
    let relative = 0;
    if (count > 0) {
      const gap = time - f64[at64 + number.time]!;
      const typical = typicalGap(key);
      if (typical > 0) relative = clip(logarithm(Math.max(gap, 1) / Math.max(typical, 1)), largestGap);
      trackGap(key, gap);
    }
    f64[at64 + number.time] = time;
    f32[at32 + layout.levels + slot] = clip(scaledLevel(key), largestLevel);
    f32[at32 + layout.gaps + slot] = relative;
    // The local time of day of the next event. Fround may round up to 1, which is the same phase.
    const due = this.#clock.localOf(time + typicalGap(key));
    const phase = Math.fround(withinPeriod(due, day) / day);
    // A missing value takes 1 off, which harmonics do not notice: a flag without a ring of its own.
    f32[at32 + layout.phases + slot] = missing ? Math.min(phase, ONE_BELOW) - 1 : phase;
    pushFeatures(key, slot, observations.features, row * layout.featureCount);
  }

  /** Whether the value of the event in this slot of the rings was missing. */
  wasMissing({ f32, at32 }: SinglesRow, slot: number): boolean {
    return f32[at32 + this.#layout.phases + slot]! < 0;
  }

  /** Writes the inputs of the cell at the event that is number `index` of the key to `into[at ..]`. */
  writeInputs(row: SinglesRow, index: number, into: Float32Array, at: number): void {
    const layout = this.#layout;
    const { f32, at32 } = row;
    const slot = placeIn(this.#window, index);
    into[at + input.change] = clip(
      f32[at32 + layout.changes + placeIn(this.#changes, index)]!,
      largestChange,
    );
    into[at + input.level] = f32[at32 + layout.levels + slot]!;
    into[at + input.gap] = f32[at32 + layout.gaps + slot]!;
    into[at + input.missing] = this.wasMissing(row, slot) ? 1 : 0;
    harmonics(f32[at32 + layout.phases + slot]!, this.#harmonics, into, at + input.harmonics);
    const from = at32 + layout.features + slot * this.#features;
    const to = at + this.#featuresAt;
    for (let i = 0; i < this.#features; i++) into[to + i] = f32[from + i]!;
  }

  /** Writes the recent changes up to event `index` to `into[at ..]`, latest first; zeros before the key's first event. */
  writeChanges({ f32, at32 }: SinglesRow, index: number, into: Float32Array, at: number): void {
    const changes = at32 + this.#layout.changes;
    const last = this.#changes - 1;
    const known = Math.min(index + 1, recentChanges);
    let position = placeIn(this.#changes, index);
    for (let lag = 0; lag < known; lag++) {
      into[at + lag] = f32[changes + position]!;
      position = position === 0 ? last : position - 1;
    }
    for (let lag = known; lag < recentChanges; lag++) into[at + lag] = 0;
  }
}
