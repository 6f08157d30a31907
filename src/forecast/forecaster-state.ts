/** The state of a forecaster: its keys, the model they share, and both as the records of a snapshot. */
import { UndercurrentError } from "../errors/errors.js";
import type { CallGuard } from "./call-guard.js";
import { keysToForget, type ForgottenKeys, type KeyBounds, type KeysToForget } from "./keys/eviction.js";
import type { Horizons } from "./horizon/horizons.js";
import type { KeyReadout } from "./experts/key-readout.js";
import { KeyTable } from "./keys/table.js";
import { number, type KeyLayout } from "./keys/layout.js";
import type { CellRunner } from "./learning/cell-runner.js";
import { signatureOf, signatureSum, type Signature } from "./snapshot/signature.js";
import {
  decodeSnapshot,
  encodeKey,
  encodeModel,
  type KeyState,
  type Snapshot,
  type SnapshotChange,
  type SnapshotRecord,
  type SnapshotSizes,
} from "./snapshot/snapshot.js";

/** What a state is of. */
export interface StateOptions {
  /** Settings that a snapshot has to share to be restored. */
  readonly settings: object;
  readonly bounds: KeyBounds;
  /** Lengths of a key's rows. */
  readonly layout: Pick<KeyLayout, "f64Size" | "f32Size">;
  /** Parts that hold something for each key beside its rows. The state disposes of them. */
  readonly runner: CellRunner;
  readonly readout?: KeyReadout | undefined;
  readonly horizons?: Horizons | undefined;
  /** Entered while events are taken. */
  readonly guard: CallGuard;
  /** Told of keys that were forgotten, where there were any. */
  readonly onForgotten?: ((keys: ForgottenKeys) => void) | undefined;
}

const nothing = new Float32Array(0);

export class ForecasterState {
  readonly runner: CellRunner;
  readonly #readout: KeyReadout | undefined;
  readonly #horizons: Horizons | undefined;
  readonly #bounds: KeyBounds;
  readonly #layout: StateOptions["layout"];
  readonly #signature: Signature;
  readonly #guard: CallGuard;
  readonly #onForgotten: StateOptions["onForgotten"];
  #keys: KeyTable;
  #disposed = false;

  constructor(options: StateOptions) {
    const { settings, bounds, layout, runner, readout, horizons, guard, onForgotten } = options;
    this.#guard = guard;
    this.runner = runner;
    this.#readout = readout;
    this.#horizons = horizons;
    this.#bounds = bounds;
    this.#onForgotten = onForgotten;
    this.#layout = layout;
    this.#signature = signatureOf(settings, runner.cell);
    this.#keys = new KeyTable(layout);
    this.#reserve(this.#keys.capacity);
  }

  /** The table of keys: another one after each restore. */
  get keys(): KeyTable {
    return this.#keys;
  }

  /** Bytes of memory, room for further keys included. */
  get bytes(): number {
    const further = (this.#readout?.bytes ?? 0) + (this.#horizons?.bytes ?? 0);
    return this.#keys.bytes + this.runner.bytes + further;
  }

  /** Bytes of a key's arrays. */
  get bytesPerKey(): number {
    const { f64, f32, readout, states, horizons } = this.#sizes();
    const further = 8 * (horizons?.f64 ?? 0) + 4 * ((horizons?.f32 ?? 0) + (horizons?.models ?? 0));
    return 8 * f64 + 4 * (f32 + readout + states) + further;
  }

  /** The slot of a key, which is made on first use. Throws MEMORY_EXHAUSTED and FORECASTER_BUSY, changing nothing. */
  slotOf(key: string): number {
    return this.#keys.find(key) ?? this.#add(key);
  }

  /** The keys that have to go before another one begins; most often none. */
  keysToForget(): KeysToForget {
    return keysToForget(this.#keys, this.#bounds);
  }

  /** Forgets keys of which no event waits for a step. */
  forget({ slots, because }: KeysToForget): void {
    for (const slot of slots) this.#forget(slot);
    this.#onForgotten?.(because);
  }

  /** The model's record, then one for each key, or for each that changed. */
  *records(onlyChanged = false): Generator<SnapshotRecord> {
    this.#assertReady();
    const keys = this.#keys;
    const { f64, f64PerKey, f32, f32PerKey, changed } = keys;
    const model = this.runner.readModel((slot) => keys.nameOf(slot));
    yield encodeModel(this.#signature, { keys: keys.size, ...model });
    const sum = signatureSum(this.#signature);
    const states = new Float32Array(this.runner.statesPerKey);
    for (let slot = 0; slot < keys.slots; slot++) {
      if (onlyChanged ? changed[slot] === 0 : !keys.has(slot)) continue;
      this.runner.readStates(slot, states);
      yield encodeKey(sum, {
        key: keys.nameOf(slot),
        f64: f64.subarray(slot * f64PerKey, (slot + 1) * f64PerKey),
        f32: f32.subarray(slot * f32PerKey, (slot + 1) * f32PerKey),
        states,
        readout: this.#readout?.read(slot) ?? nothing,
        horizons: this.#horizons?.read(slot),
      });
    }
  }

  /** The model's record, one for each key that changed since the last call, and the ends of those that were forgotten. */
  changes(): SnapshotChange[] {
    const ended = this.#keys.ended.map((key) => ({ key, bytes: null }));
    const changes = [...this.records(true), ...ended];
    this.#keys.clearChanged();
    return changes;
  }

  /** The parts of a snapshot, checked; throws as `decodeSnapshot` does. */
  decode(snapshot: Uint8Array, anyTuning: boolean): Snapshot {
    this.#assertReady();
    return decodeSnapshot(snapshot, this.#signature, this.#sizes(), anyTuning);
  }

  /** Takes a snapshot over into a new table of keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  takeOver({ model, keys }: Snapshot): void {
    const table = new KeyTable(this.#layout, keys.length);
    this.#reserve(table.capacity);
    for (const state of keys) this.#write(table, state);
    const counts = keys.map(({ f64 }) => f64[number.count]!);
    this.runner.writeModel(model, counts, (key) => table.find(key)!);
    this.#keys = table;
  }

  /** Gives the memory back: what reads or writes the state throws FORECASTER_DISPOSED from then on. */
  dispose(): void {
    if (this.#disposed || this.#guard.defers(() => this.dispose())) return;
    this.#disposed = true;
    this.runner.dispose();
    this.#readout?.dispose();
    this.#horizons?.dispose();
    this.#keys = new KeyTable(this.#layout);
  }

  /** Throws FORECASTER_DISPOSED. */
  assertUsable(): void {
    if (this.#disposed) throw new UndercurrentError("FORECASTER_DISPOSED", "the forecaster was disposed of");
  }

  /** Throws FORECASTER_DISPOSED, and FORECASTER_BUSY where events are being taken. */
  #assertReady(): void {
    this.assertUsable();
    this.#guard.assertFree();
  }

  #sizes(): SnapshotSizes {
    this.assertUsable();
    const { runner } = this;
    return {
      f64: this.#keys.f64PerKey,
      f32: this.#keys.f32PerKey,
      queue: runner.windows,
      windowSteps: runner.windowSteps,
      window: runner.windowRow,
      readout: this.#readout?.stateSize ?? 0,
      states: runner.statesPerKey,
      state: runner.stateSize,
      parameters: runner.parameters,
      horizons: this.#horizons?.sizes,
    };
  }

  #write(keys: KeyTable, state: KeyState): void {
    const slot = keys.add(state.key);
    keys.begin(slot);
    keys.recorded[slot] = 1;
    keys.f64.set(state.f64, slot * keys.f64PerKey);
    keys.f32.set(state.f32, slot * keys.f32PerKey);
    this.runner.writeStates(slot, state.states);
    this.#readout?.write(slot, state.readout);
    if (state.horizons !== undefined) this.#horizons?.write(slot, state.horizons);
  }

  /** Makes room for the states of `capacity` keys. Throws MEMORY_EXHAUSTED. */
  #reserve(capacity: number): void {
    this.runner.reserve(capacity);
    this.#readout?.reserve(capacity);
    this.#horizons?.reserve(capacity);
  }

  #add(key: string): number {
    this.#assertReady();
    const keys = this.#keys;
    if (keys.full) {
      this.#reserve(2 * keys.capacity);
      keys.grow(2 * keys.capacity);
    }
    const slot = keys.add(key);
    // After a restore these rows may hold the states of a key that was forgotten.
    this.runner.writeStates(slot, new Float32Array(this.runner.statesPerKey));
    this.#readout?.start(slot);
    return slot;
  }

  #forget(slot: number): void {
    const keys = this.#keys;
    this.runner.forget(slot, keys.f64[slot * keys.f64PerKey + number.count]!);
    this.#readout?.start(slot);
    keys.forget(slot);
  }
}
