/**
 * Keeps the states of two models in one partition of the state topic. Each has a place, a prefix of its records' keys, in which it
 * stays. The history of roles says which place has the live model. Both change in the same transactions and stand for the same
 * input offset.
 */
import type { SnapshotWrite, StateChange, StateRecord } from "../ports.js";
import { livePlace, otherPlace, readRoles, rolesKey, type Place, type RoleHistory } from "./role-history.js";

const candidatePlace: Place = "candidate:";
/** Records of the live model's own place. */
const isOfModel = (key: string): boolean =>
  key === "model" || key.startsWith("key:") || key.startsWith("windows:");

/** The records of a state by the role of their model, with the keys of a state of its own. */
export interface StateRoles {
  /** Also records that are of no model. */
  readonly live: readonly StateRecord[];
  readonly candidate: readonly StateRecord[];
  /** The live model's place. */
  readonly place: Place;
  readonly history: RoleHistory | undefined;
}

/** Returns the place of a model's record. */
export function placeOf(key: string): Place {
  return key.startsWith(candidatePlace) ? candidatePlace : "";
}

/** Returns the key that a record has in a state of its own. */
export function withoutPlace(key: string, place: Place): string {
  return key.slice(place.length);
}

/**
 * Splits the records of a partition.
 *
 * @param at The live model's place. Default: as the records say.
 * @throws STATE_TORN if the record of the roles is none.
 */
export function splitRoles(records: readonly StateRecord[], at?: Place): StateRoles {
  const roles = records.find(({ key }) => key === rolesKey);
  const history = roles && readRoles(roles);
  const place = at ?? livePlace(history);
  const live: StateRecord[] = [];
  const candidate: StateRecord[] = [];
  for (const { key, value } of records) {
    if (key === rolesKey) continue;
    const found = placeOf(key);
    const isLive = found === place || (found === "" && !isOfModel(key));
    (isLive ? live : candidate).push({ key: withoutPlace(key, found), value });
  }
  return { live, candidate, place, history };
}

/** Returns the changes of a model's state as they are written in its place. */
export function inPlace({ records }: SnapshotWrite, place: Place): readonly StateChange[] {
  return place === "" ? records : records.map(({ key, value }) => ({ key: place + key, value }));
}

/** Returns the keys of a candidate's state as they are written. */
export function candidateKeys({ candidate, place }: StateRoles): readonly string[] {
  return candidate.map(({ key }) => otherPlace(place) + key);
}
