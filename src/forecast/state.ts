/** Between the live parts of a forecaster and the records of a snapshot. */
import type { Horizons } from "./horizons.js";
import type { KeyReadout } from "./key-readout.js";
import type { KeyTable } from "./keys.js";
import { number } from "./layout.js";
import type { Recurrence } from "./recurrence.js";
import { signatureSum, type Signature } from "./signature.js";
import {
  encodeKey,
  encodeModel,
  type KeyState,
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

export function sizesOf({ keys, recurrence, readout, horizons }: StateParts): SnapshotSizes {
  return {
    numbers: keys.numbersPerKey,
    singles: keys.singlesPerKey,
    readout: readout?.stateSize ?? 0,
    states: recurrence.statesPerKey,
    state: recurrence.stateSize,
    parameters: recurrence.parameters,
    horizons: horizons?.sizes,
  };
}

/** Bytes of a key's arrays. */
export function bytesOfKey({ numbers, singles, readout, states, horizons }: SnapshotSizes): number {
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
  // A key that has only had missing values has a slot and no state.
  const begun = (slot: number): boolean => numbers[slot * numbersPerKey + number.count]! > 0;
  let count = 0;
  for (let slot = 0; slot < keys.size; slot++) if (begun(slot)) count++;
  yield encodeModel(signature, { keys: count, ...recurrence.readModel((slot) => keys.nameOf(slot)) });
  const sum = signatureSum(signature);
  const states = new Float32Array(recurrence.statesPerKey);
  for (let slot = 0; slot < keys.size; slot++) {
    if (!begun(slot) || (onlyChanged && changed[slot] === 0)) continue;
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

/** Adds a key of a snapshot, for which there must be room. */
export function writeKey({ keys, recurrence, readout, horizons }: StateParts, state: KeyState): void {
  const slot = keys.add(state.key);
  keys.numbers.set(state.numbers, slot * keys.numbersPerKey);
  keys.singles.set(state.singles, slot * keys.singlesPerKey);
  recurrence.writeStates(slot, state.states);
  readout?.write(slot, state.readout);
  if (state.horizons !== undefined) horizons?.write(slot, state.horizons);
}
