/** A key's recent past as rings, and what the cell and the read-out see of it. */
import { clip, harmonics, logarithm } from "../elementary.js";
import { pushFeatures } from "./features.js";
import { trackGap, typicalGap } from "./gap.js";
import { featureInputs, featuresInput, input, number, recentChanges, type KeyLayout } from "./row-layout.js";
import { scaledLevel } from "./scaling.js";

const day = 86_400_000;
/** Bounds of the cell's inputs: scaled change, scaled level, logarithm of the relative gap. */
const largestChange = 10;
const largestLevel = 8;
const largestGap = 3;

export interface HistorySettings {
  readonly layout: KeyLayout;
  readonly bpttSteps: number;
  readonly harmonics: number;
  /** Exogenous features of an event. */
  readonly featureCount: number;
}

/** Appends a scaled change (of an observed value, or of the imputation of a missing one) to the ring. */
export function pushChange(
  singles: Float32Array,
  at: number,
  history: HistorySettings,
  count: number,
  change: number,
): void {
  const length = history.bpttSteps + recentChanges;
  singles[at + history.layout.changes + (count % length)] = change;
}

/**
 * Appends an event's level, gap, phase and features to the rings and moves the key's clock. The clock follows the last event
 * in order of arrival, so that one wrong time spoils two gaps and nothing else; a gap that is not positive is the
 * shortest possible input, and leaves the typical gap as it is. Of the features, those of the batch's observation
 * number `event` are taken.
 */
export function pushInputs(
  numbers: Float64Array,
  numbersAt: number,
  singles: Float32Array,
  singlesAt: number,
  history: HistorySettings,
  time: number,
  missing: boolean,
  features: Float64Array,
  event: number,
): void {
  const count = numbers[numbersAt + number.count]!;
  const slot = count % history.bpttSteps;
  const { layout } = history;
  let relative = 0;
  if (count > 0) {
    const gap = time - numbers[numbersAt + number.time]!;
    const typical = typicalGap(numbers, numbersAt);
    if (typical > 0) relative = clip(logarithm(Math.max(gap, 1) / Math.max(typical, 1)), largestGap);
    trackGap(numbers, numbersAt, gap, count);
  }
  numbers[numbersAt + number.time] = time;
  singles[singlesAt + layout.levels + slot] = clip(scaledLevel(numbers, numbersAt), largestLevel);
  singles[singlesAt + layout.gaps + slot] = relative;
  // The time of day of the next event. Fround may round up to 1, which is the same phase.
  const due = (time + typicalGap(numbers, numbersAt)) % day;
  const phase = Math.fround((due < 0 ? due + day : due) / day);
  // A missing value takes 1 off, which harmonics do not notice: a flag without a ring of its own.
  singles[singlesAt + layout.phases + slot] = missing ? Math.min(phase, ONE_BELOW) - 1 : phase;
  const ring = singlesAt + layout.features + slot * featureInputs * history.featureCount;
  pushFeatures(
    numbers,
    numbersAt,
    singles,
    ring,
    history.featureCount,
    features,
    event * history.featureCount,
  );
}

/** Largest 32-bit float below 1: 1 minus 1 would lose the flag of a missing value. */
const ONE_BELOW = 1 - 2 ** -24;

/** Whether the value of the event in this slot of the rings was missing. */
export function wasMissing(row: Float32Array, at: number, layout: KeyLayout, slot: number): boolean {
  return row[at + layout.phases + slot]! < 0;
}

/** Writes the inputs of the cell at the event that is number `index` of the key. */
export function writeInputs(
  row: Float32Array,
  at: number,
  history: HistorySettings,
  index: number,
  into: Float32Array,
  intoAt: number,
): void {
  const { layout, bpttSteps } = history;
  const slot = index % bpttSteps;
  into[intoAt + input.change] = clip(
    row[at + layout.changes + (index % (bpttSteps + recentChanges))]!,
    largestChange,
  );
  into[intoAt + input.level] = row[at + layout.levels + slot]!;
  into[intoAt + input.gap] = row[at + layout.gaps + slot]!;
  into[intoAt + input.missing] = wasMissing(row, at, layout, slot) ? 1 : 0;
  harmonics(row[at + layout.phases + slot]!, history.harmonics, into, intoAt + input.harmonics);
  const count = featureInputs * history.featureCount;
  const from = at + layout.features + slot * count;
  const to = intoAt + featuresInput(history);
  for (let i = 0; i < count; i++) into[to + i] = row[from + i]!;
}

/** Writes the recent changes up to event `index`, latest first; zeros before the key's first event. */
export function writeChanges(
  row: Float32Array,
  at: number,
  history: HistorySettings,
  index: number,
  into: Float32Array,
  intoAt: number,
): void {
  const length = history.bpttSteps + recentChanges;
  const changes = at + history.layout.changes;
  let position = index % length;
  for (let lag = 0; lag < recentChanges; lag++) {
    into[intoAt + lag] = index >= lag ? row[changes + position]! : 0;
    position = position === 0 ? length - 1 : position - 1;
  }
}
