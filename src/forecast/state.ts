/** Between the live parts of a forecaster and the records of a snapshot. */
import { keysToForget, type KeyBounds } from "./eviction.js";
import type { Horizons } from "./horizons.js";
import type { KeyReadout } from "./key-readout.js";
import { KeyTable } from "./keys.js";
import { number, type KeyLayout } from "./layout.js";
import type { Recurrence } from "./recurrence.js";
import { signatureSum, type Signature } from "./signature.js";
import {
  decodeSnapshot,
  encodeKey,
  encodeModel,
  type KeyState,
  type Snapshot,
  type SnapshotChange,
  type SnapshotRecord,
  type SnapshotSizes,
} from "./snapshot.js";

/** Where a forecaster's state lives. */
export interface StateParts {
  readonly keys: KeyTable;
  readonly recurrence: Recurrence;
  readonly readout: KeyReadout | undefined;
  readonly horizons: Horizons | undefined;
}

const nothing = new Float32Array(0);

function sizesOf({ keys, recurrence, readout, horizons }: StateParts): SnapshotSizes {
  return {
    numbers: keys.numbersPerKey,
    singles: keys.singlesPerKey,
    window: recurrence.windowRow,
    readout: readout?.stateSize ?? 0,
    states: recurrence.statesPerKey,
    state: recurrence.stateSize,
    parameters: recurrence.parameters,
    horizons: horizons?.sizes,
  };
}

/** Bytes of a key's arrays. */
export function bytesOfKey(parts: StateParts): number {
  const { numbers, singles, readout, states, horizons } = sizesOf(parts);
  const further = 8 * (horizons?.numbers ?? 0) + 4 * ((horizons?.singles ?? 0) + (horizons?.models ?? 0));
  return 8 * numbers + 4 * (singles + readout + states) + further;
}

/** The model's record, then one for each key, or for each that changed. */
export function* recordsOf(
  { keys, recurrence, readout, horizons }: StateParts,
  signature: Signature,
  onlyChanged: boolean,
): Generator<SnapshotRecord> {
  const { numbers, numbersPerKey, singles, singlesPerKey, changed } = keys;
  yield encodeModel(signature, { keys: keys.size, ...recurrence.readModel((slot) => keys.nameOf(slot)) });
  const sum = signatureSum(signature);
  const states = new Float32Array(recurrence.statesPerKey);
  for (let slot = 0; slot < keys.slots; slot++) {
    if (onlyChanged ? changed[slot] === 0 : !keys.has(slot)) continue;
    recurrence.readStates(slot, states);
    yield encodeKey(sum, {
      key: keys.nameOf(slot),
      numbers: numbers.subarray(slot * numbersPerKey, (slot + 1) * numbersPerKey),
      singles: singles.subarray(slot * singlesPerKey, (slot + 1) * singlesPerKey),
      states,
      readout: readout?.read(slot) ?? nothing,
      horizons: horizons?.read(slot),
    });
  }
}

/** The model's record, one for each key that changed since the last call, and the ends of those that were forgotten. */
export function changesOf(parts: StateParts, signature: Signature): SnapshotChange[] {
  const { keys } = parts;
  const ended = keys.ended.map((key) => ({ key, bytes: null }));
  const changes = [...recordsOf(parts, signature, true), ...ended];
  keys.clearChanged();
  return changes;
}

/** The parts of a snapshot, checked; throws as `decodeSnapshot` does. */
export function decodeState(
  parts: StateParts,
  snapshot: Uint8Array,
  signature: Signature,
  anyTuning: boolean,
): Snapshot {
  return decodeSnapshot(snapshot, signature, sizesOf(parts), anyTuning);
}

/**
 * Takes a snapshot over into a table of its own, which is the keys of `parts` from then on. Throws MEMORY_EXHAUSTED,
 * changing nothing.
 */
export function takeOver(
  parts: StateParts,
  layout: Pick<KeyLayout, "numbers" | "size">,
  { model, keys }: Snapshot,
): KeyTable {
  const table = new KeyTable(layout, keys.length);
  reserveKeys(parts, table.capacity);
  for (const state of keys) writeKey({ ...parts, keys: table }, state);
  parts.recurrence.writeModel(model, keys, (key) => table.find(key)!);
  return table;
}

/** Both in one. */
export function restoreState(
  parts: StateParts,
  layout: KeyLayout,
  snapshot: Uint8Array,
  signature: Signature,
  anyTuning: boolean,
): KeyTable {
  return takeOver(parts, layout, decodeState(parts, snapshot, signature, anyTuning));
}

function writeKey({ keys, recurrence, readout, horizons }: StateParts, state: KeyState): void {
  const slot = keys.add(state.key);
  keys.begin(slot);
  keys.recorded[slot] = 1;
  keys.numbers.set(state.numbers, slot * keys.numbersPerKey);
  keys.singles.set(state.singles, slot * keys.singlesPerKey);
  recurrence.writeStates(slot, state.states);
  readout?.write(slot, state.readout);
  if (state.horizons !== undefined) horizons?.write(slot, state.horizons);
}

/** Makes room for the states of `capacity` keys. Throws MEMORY_EXHAUSTED. */
export function reserveKeys(
  { recurrence, readout, horizons }: Omit<StateParts, "keys">,
  capacity: number,
): void {
  recurrence.reserve(capacity);
  readout?.reserve(capacity);
  horizons?.reserve(capacity);
}

/** Gives a new key a slot. Throws MEMORY_EXHAUSTED, changing nothing. */
export function addKey(parts: StateParts, key: string): number {
  const { keys, recurrence, readout } = parts;
  if (keys.full) {
    reserveKeys(parts, 2 * keys.capacity);
    keys.grow(2 * keys.capacity);
  }
  const slot = keys.add(key);
  // After a restore these rows may hold the states of a key that was forgotten.
  recurrence.writeStates(slot, new Float32Array(recurrence.statesPerKey));
  readout?.start(slot);
  return slot;
}

/** A key is about to begin: forgets those that have to go for it. */
export function makeRoom(parts: StateParts, settings: KeyBounds): void {
  const slots = keysToForget(parts.keys, settings);
  if (slots.length === 0) return;
  // What waits may be of a key that goes.
  parts.recurrence.step();
  for (const slot of slots) forgetKey(parts, slot);
}

function forgetKey({ keys, recurrence, readout }: StateParts, slot: number): void {
  recurrence.forget(slot, keys.numbers[slot * keys.numbersPerKey + number.count]!);
  readout?.start(slot);
  keys.forget(slot);
}
