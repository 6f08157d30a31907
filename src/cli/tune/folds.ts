/** Divides a sample into folds, and counts the incidents of a choice in each. */
import type { FoldCounts } from "./choose.js";
import type { LabelWindow } from "./labels.js";
import { Coverage, type KeySpan } from "./sample.js";
import type { FoundIncident } from "./watch.js";

/** Number of folds. */
export const foldCount = 5;

/** A labelled window of a key of the sample that has a scored value. */
export interface KeyWindow {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

/** Labels of the sample. */
export interface SampleLabels {
  readonly windows: readonly KeyWindow[];
  /** Windows of keys that the sample does not have. */
  readonly unknown: number;
  /** Windows outside the scored time of their key. */
  readonly unscored: number;
}

/** Assigns windows to the keys of the sample. */
export function sampleLabels(
  windows: readonly LabelWindow[],
  spans: readonly (KeySpan | undefined)[],
  keyOf: (slot: number) => string,
): SampleLabels {
  const slots = new Map(
    spans.flatMap((span, slot) => (span === undefined ? [] : [[keyOf(slot), slot] as const])),
  );
  const only = slots.size === 1 ? [...slots.values()][0] : undefined;
  const found: KeyWindow[] = [];
  let [unknown, unscored] = [0, 0];
  for (const { key, from, to } of windows) {
    const slot = key === undefined ? only : slots.get(key);
    if (slot === undefined) unknown++;
    else if (to < spans[slot]!.begin || from > spans[slot]!.end) unscored++;
    else found.push({ slot, from, to });
  }
  return { windows: found, unknown, unscored };
}

/** Folds of a sample. */
export interface Folds {
  readonly kind: "time" | "keys";
  readonly days: readonly number[];
  readonly foldOf: (slot: number, time: number) => number;
}

/**
 * Folds of keys where as many keys as folds have windows: what is right for some keys must be right for others. Else
 * blocks of equal time.
 */
export function foldsOf(spans: readonly (KeySpan | undefined)[], windows: readonly KeyWindow[]): Folds {
  const coverage = new Coverage(spans);
  const days = Array.from({ length: foldCount }, () => coverage.days / foldCount);
  const labelled = [...new Set(windows.map(({ slot }) => slot))];
  if (labelled.length >= foldCount) {
    const others = [...spans.keys()].filter((slot) => !labelled.includes(slot));
    const folds = new Map([...labelled, ...others].map((slot, index) => [slot, index % foldCount]));
    return { kind: "keys", days, foldOf: (slot) => folds.get(slot) ?? slot % foldCount };
  }
  return {
    kind: "time",
    days,
    foldOf: (_, time) => Math.min(Math.floor(foldCount * coverage.shareBefore(time)), foldCount - 1),
  };
}

/** Returns whether an incident is told in a window of its key or of a member of its group, or has its peak there. */
export function isRight(found: FoundIncident, window: KeyWindow): boolean {
  const within = (time: number): boolean => time >= window.from && time <= window.to;
  return slotsOf(found).includes(window.slot) && (within(found.toldAt) || within(found.incident.peak.time));
}

function slotsOf({ slot, group }: FoundIncident): readonly number[] {
  return group === undefined ? [slot] : [...group.members];
}

/** Counts the incidents of a choice by fold: those that match a window in the window's fold. */
export function countByFold(
  incidents: readonly FoundIncident[],
  windows: readonly KeyWindow[],
  folds: Folds,
  spans: readonly (KeySpan | undefined)[],
): FoldCounts[] {
  const counts = folds.days.map(() => ({ told: 0, right: 0, wrong: 0, missed: 0, open: 0 }));
  const hit = new Set<KeyWindow>();
  const bySlot = new Map<number, KeyWindow[]>();
  for (const window of windows) {
    const own = bySlot.get(window.slot);
    if (own === undefined) bySlot.set(window.slot, [window]);
    else own.push(window);
  }
  let total = 0;
  for (const span of spans) total += span === undefined ? 0 : span.end - span.begin;
  for (const found of incidents) {
    const { slot, toldAt, incident } = found;
    const count = counts[folds.foldOf(slot, toldAt)]!;
    // Each fold has an equal share of the time.
    count.open += total === 0 ? 0 : (foldCount * (incident.end - incident.begin)) / total;
    if (incident.muted) continue;
    count.told++;
    const own = slotsOf(found)
      .flatMap((each) => bySlot.get(each) ?? [])
      .filter((window) => isRight(found, window));
    for (const window of own) hit.add(window);
    if (own.length === 0) count.wrong++;
  }
  for (const window of windows) {
    const count = counts[folds.foldOf(window.slot, window.from)]!;
    if (hit.has(window)) count.right++;
    else count.missed++;
  }
  return counts;
}
