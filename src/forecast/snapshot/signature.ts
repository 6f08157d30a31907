/** What a snapshot was made with, so that it is restored only where it means the same. */
import { crc32 } from "../encoding/checksum.js";
import { foreign } from "./record.js";
import { forecasterSettings, type ForecasterSettings } from "../settings.js";

/** Settings that tune learning, alarms and bounds and leave the shape and meaning of the state as they are. */
const tuning: ReadonlySet<string> = new Set([
  "learning",
  "maxUpdatesPerSecond",
  "learningRate",
  "learningBoost",
  "learningBoostUpdates",
  "maxGradientNorm",
  "alarmRate",
  "detection",
  "bounds",
  "kind",
  "seasonKeys",
  "maxKeys",
  "keyTtlMs",
] satisfies (keyof ForecasterSettings)[]);

/** Names of the settings that may change without harm to the state. */
export const tuningNames: readonly string[] = [...tuning];

/** Whether a change of this setting leaves the state as good as it was. */
export function isTuning(name: string): boolean {
  return tuning.has(name);
}

/** Settings that came after release 0.1: where they are the default, a snapshot is as if they did not exist. */
const added: ReadonlySet<string> = new Set([
  "detection",
  "bounds",
  "kind",
  "timeZone",
  "learning",
  "maxUpdatesPerSecond",
  "seasonKeys",
  "maxKeys",
  "keyTtlMs",
  "aggregate",
] satisfies (keyof ForecasterSettings)[]);

/**
 * The settings that a snapshot carries: all but those of `added` that are the default. Of groups of settings likewise, so
 * that a group may get further settings.
 */
export function signedSettings(settings: object): Readonly<Record<string, unknown>> {
  // What a model began with is its own, whatever the settings are by now: see `ModelState.initial`.
  const kept = Object.entries(settings).filter(([name]) => name !== "initial");
  return changedFrom({ ...forecasterSettings() }, Object.fromEntries(kept), (name) => added.has(name));
}

/** What differs from the defaults, and what `mayLack` does not name. */
function changedFrom(
  defaults: Readonly<Record<string, unknown>>,
  settings: object,
  mayLack: (name: string) => boolean,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(settings) as [string, unknown][];
  return Object.fromEntries(
    entries.flatMap(([name, value]): [string, unknown][] => {
      const usual = defaults[name];
      if (!mayLack(name)) return [[name, value]];
      if (JSON.stringify(value) === JSON.stringify(usual)) return [];
      if (!isGroup(usual) || !isGroup(value)) return [[name, value]];
      return [[name, changedFrom(usual, value, () => true)]];
    }),
  );
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names that snapshots have for settings whose own names changed since release 0.1. The format of snapshots stays. */
const snapshotNames: Readonly<Record<string, string>> = {
  intervalLevels: "levels",
  bpttSteps: "window",
  bpttWindows: "windows",
  maxGradientNorm: "gradientClip",
  huberDelta: "huber",
  featureCount: "features",
  maxKeys: "maximumKeys",
  keyTtlMs: "keyTimeToLive",
  maxSymbols: "symbols",
  maxNgrams: "ngrams",
};
const settingNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(snapshotNames).map(([setting, name]) => [name, setting]),
);

/** Reads the settings of a signature, by the names that they have now. Throws SyntaxError where it is no JSON. */
export function readSettings(signature: string): Readonly<Record<string, unknown>> {
  const settings: [string, unknown][] = Object.entries(JSON.parse(signature) as object);
  return Object.fromEntries(settings.map(([name, value]) => [settingNames[name] ?? name, value]));
}

/** What a snapshot was made with, as texts in a fixed order. */
export interface Signature {
  /** All settings: what the model's record carries. */
  readonly all: string;
  /** Those that the state of a key depends on: all but tuning, and the cell that the engine runs. */
  readonly shape: string;
}

/** `cell` is the one that the engine runs: a cell of one's own takes the place of the settings'. */
export function signatureOf(settings: object, cell: string): Signature {
  const text = (kept: [string, unknown][]): string => {
    const named = kept.map(([name, value]): [string, unknown] => [snapshotNames[name] ?? name, value]);
    return JSON.stringify(Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1))));
  };
  const signed = signedSettings(settings);
  // The `kind` of a symbol forecaster names the forecaster, not the kind of its values.
  const shape = Object.entries({ ...signed, cell }).filter(
    ([name, value]) => !isTuning(name) || value === "symbol",
  );
  return { all: text(Object.entries(signed)), shape: text(shape) };
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
  const changed = changedNames(theirs, signedSettings(ours));
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

/** Throws SNAPSHOT_FOREIGN, naming the settings in which a signature differs, unless they are tuning and `anyTuning` is set. */
export function checkSignature(theirs: string, { all: ours }: Signature, anyTuning: boolean): void {
  if (theirs === ours) return;
  let a: Readonly<Record<string, unknown>>;
  try {
    a = readSettings(theirs);
  } catch {
    throw foreign("the signature is unreadable");
  }
  const b = readSettings(ours);
  const changed = changedNames(a, b);
  if (anyTuning && changed.every(isTuning)) return;
  throw foreign(
    changed
      .map(
        (name) => `${name} is ${JSON.stringify(a[name])} in the snapshot and ${JSON.stringify(b[name])} here`,
      )
      .join(", "),
  );
}
