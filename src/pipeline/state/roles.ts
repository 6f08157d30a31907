/**
 * Keeps the states of two models in one partition of the state topic: the live model's records under their own keys, the
 * candidate's under the same keys with a prefix. Both change in the same transactions and stand for the same input offset.
 */
import type { SnapshotWrite, StateChange, StateRecord } from "../ports.js";

const candidatePrefix = "candidate:";

/** Returns whether a record of the live model's state is one of its snapshot. */
const isOfModel = (key: string): boolean =>
  key === "model" || key.startsWith("key:") || key.startsWith("windows:");

/** The records of a state by the role of their model; the candidate's have the keys of a state of their own. */
export interface StateRoles {
  readonly live: readonly StateRecord[];
  readonly candidate: readonly StateRecord[];
}

/** Returns whether a state record is the candidate's. */
export function isCandidate(key: string): boolean {
  return key.startsWith(candidatePrefix);
}

export function splitRoles(records: readonly StateRecord[]): StateRoles {
  const live = records.filter(({ key }) => !isCandidate(key));
  const candidate = records
    .filter(({ key }) => isCandidate(key))
    .map(({ key, value }) => ({ key: key.slice(candidatePrefix.length), value }));
  return { live, candidate };
}

/** Returns the changes of a candidate's state as they are written. */
export function asCandidate({ records }: SnapshotWrite): readonly StateChange[] {
  return records.map(({ key, value }) => ({ key: candidatePrefix + key, value }));
}

/** Returns the keys of a candidate's state as they are written. */
export function candidateKeys({ candidate }: StateRoles): readonly string[] {
  return candidate.map(({ key }) => candidatePrefix + key);
}

/** Returns the changes that give each of the two models the other's role. Records that are of no model stay as they are. */
export function swapRoles({ live, candidate }: StateRoles): readonly StateChange[] {
  const after = new Map<string, Uint8Array | null>();
  const ofModel = live.filter(({ key }) => isOfModel(key));
  for (const { key } of ofModel) after.set(key, null);
  for (const { key } of candidate) after.set(candidatePrefix + key, null);
  for (const { key, value } of candidate) after.set(key, value);
  for (const { key, value } of ofModel) after.set(candidatePrefix + key, value);
  return [...after].map(([key, value]) => ({ key, value }));
}
