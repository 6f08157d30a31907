/** What a snapshot was made with, so that it is restored only where it means the same. */
import { crc32 } from "./checksum.js";
import type { ForecasterSettings } from "./settings.js";

/** Settings that tune learning and alarms and leave the shape and meaning of the state as they are. */
const tuning: ReadonlySet<string> = new Set([
  "learningRate",
  "learningBoost",
  "learningBoostUpdates",
  "gradientClip",
  "alarmRate",
] satisfies (keyof ForecasterSettings)[]);

/** Whether a change of this setting leaves the state as good as it was. */
export function isTuning(name: string): boolean {
  return tuning.has(name);
}

/** What a snapshot was made with, as texts in a fixed order. */
export interface Signature {
  /** All settings: what the model's record carries. */
  readonly all: string;
  /** Those that the state of a key depends on: all but tuning. */
  readonly shape: string;
}

export function signatureOf(settings: ForecasterSettings): Signature {
  const entries = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = (kept: typeof entries): string => JSON.stringify(Object.fromEntries(kept));
  return { all: text(entries), shape: text(entries.filter(([name]) => !isTuning(name))) };
}

/** Sum of a signature's shape, as every key's record carries it. */
export function signatureSum(signature: Signature): number {
  return crc32(new TextEncoder().encode(signature.shape));
}

/** How a model's settings differ from these: in nothing, in tuning alone, or in what its state depends on. */
export function compareSettings(
  theirs: Readonly<Record<string, unknown>>,
  ours: ForecasterSettings,
): "same" | "tuning" | "shape" {
  const changed = changedNames(theirs, { ...ours });
  if (changed.length === 0) return "same";
  return changed.every(isTuning) ? "tuning" : "shape";
}

/** Names of the settings that are not the same in both. */
export function changedNames(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]),
  );
}
