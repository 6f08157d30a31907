/** The state of a forecaster: its keys, the model they share, and both as the records of a snapshot. */
import { UndercurrentError } from "../errors/library.js";
import type { CallGuard } from "./call-guard.js";
import { keysToForget, type ForgottenKeys, type KeyBounds, type KeysToForget } from "./keys/eviction.js";
import type { DetectionRows } from "./detection/rows.js";
import { expectedSize, type ExpectedKinds } from "./incidents/expected.js";
import type { RestoredMember } from "./incidents/groups/groups.js";
import type { GroupWatcher } from "./incidents/groups/watcher.js";
import type { IncidentRows } from "./incidents/rows.js";
import type { Silences } from "./incidents/silence/silences.js";
import type { Horizons } from "./horizon/horizons.js";
import type { KeyReadout } from "./experts/key-readout.js";
import type { Gate } from "./experts/gate.js";
import { KeyTable } from "./keys/table.js";
import { number, type KeyLayout } from "./keys/layout.js";
import type { Seasons } from "./seasons/seasons.js";
import type { CellRunner } from "./learning/cell-runner.js";
import type { ModelState } from "./learning/model-state.js";
import { signatureOf, signatureSum, type Signature } from "./snapshot/signature.js";
import {
  decodeSnapshot,
  encodeKey,
  encodeModel,
  type KeyConversions,
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
  /** Turn the rows of older snapshots into those of the layout, where they differ. */
  readonly conversions?: KeyConversions | undefined;
  readonly seasons?: Seasons | undefined;
  readonly gate?: Gate | undefined;
  readonly detection?: DetectionRows | undefined;
  readonly incidents?: IncidentRows | undefined;
  readonly silences?: Silences | undefined;
  readonly expected?: ExpectedKinds | undefined;
  readonly groups?: GroupWatcher | undefined;
  /** Entered while events are taken. */
  readonly guard: CallGuard;
  /** Told of keys that were forgotten, where there were any. */
  readonly onForgotten?: ((keys: ForgottenKeys) => void) | undefined;
}

/** Whether the numbers are there that a key's rows count from: those of the stream, and those of its group. */
interface Kept {
  readonly hasStream: boolean;
  readonly hasGroups: boolean;
}

const nothing = new Float32Array(0);

export class ForecasterState {
  readonly runner: CellRunner;
  readonly #readout: KeyReadout | undefined;
  readonly #horizons: Horizons | undefined;
  readonly #seasons: Seasons | undefined;
  readonly #gate: Gate | undefined;
  readonly #detection: DetectionRows | undefined;
  readonly #incidents: IncidentRows | undefined;
  readonly #silences: Silences | undefined;
  readonly #expected: ExpectedKinds | undefined;
  readonly #groups: GroupWatcher | undefined;
  readonly #bounds: KeyBounds;
  readonly #layout: StateOptions["layout"];
  readonly #signature: Signature;
  readonly #conversions: KeyConversions;
  readonly #guard: CallGuard;
  readonly #onForgotten: StateOptions["onForgotten"];
  #keys: KeyTable;
  #disposed = false;

  constructor(options: StateOptions) {
    const { settings, bounds, layout, runner, readout, horizons, seasons, guard, onForgotten } = options;
    this.#guard = guard;
    this.runner = runner;
    this.#readout = readout;
    this.#horizons = horizons;
    this.#seasons = seasons;
    this.#gate = options.gate;
    this.#detection = options.detection;
    this.#incidents = options.incidents;
    this.#silences = options.silences;
    this.#expected = options.expected;
    this.#groups = options.groups;
    this.#bounds = bounds;
    this.#conversions = options.conversions ?? {};
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
    const parts = [
      this.#readout,
      this.#horizons,
      this.#gate,
      this.#seasons,
      this.#detection,
      this.#incidents,
    ];
    const further = parts.reduce(
      (sum, part) => sum + (part?.bytes ?? 0),
      (this.#silences?.bytes ?? 0) + (this.#expected?.bytes ?? 0) + (this.#groups?.groups.bytes ?? 0),
    );
    return this.#keys.bytes + this.runner.bytes + further;
  }

  /** Bytes of a key's arrays, but for its seasons, which not every key has. */
  get bytesPerKey(): number {
    const { f64, f32, readout, states, horizons } = this.#sizes();
    const further = 8 * (horizons?.f64 ?? 0) + 4 * ((horizons?.f32 ?? 0) + (horizons?.models ?? 0));
    const detection = (this.#detection?.bytesPerKey ?? 0) + (this.#incidents?.bytesPerKey ?? 0);
    const gate = this.#gate?.bytesPerKey ?? 0;
    const silences = gate + (this.#silences?.bytesPerKey ?? 0) + (this.#groups?.groups.bytesPerKey ?? 0);
    return 8 * f64 + 4 * (f32 + readout + states) + further + detection + silences;
  }

  /** The slot of a key, which is made on first use. Throws MEMORY_EXHAUSTED and FORECASTER_BUSY, changing nothing. */
  slotOf(key: string): number {
    return this.#keys.find(key) ?? this.#add(key);
  }

  /** Whether a key has a state. */
  has(key: string): boolean {
    const slot = this.#keys.find(key);
    return slot !== undefined && this.#keys.has(slot);
  }

  /** Forgets a key of which no event waits for a step, where it has a state; returns whether it had. */
  forgetKey(key: string): boolean {
    const slot = this.#keys.find(key);
    if (slot === undefined || !this.#keys.has(slot)) return false;
    this.#forget(slot);
    return true;
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
    yield encodeModel(this.#signature, {
      keys: keys.size,
      ...model,
      gate: this.#gate?.weights,
      stream: this.#silences?.stream,
      groups: this.#groupStates(),
    });
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
        gate: this.#gate?.weights && this.#gate.read(slot),
        seasons: this.#seasons?.read(slot),
        detection: this.#detection?.read(slot),
        incidents: this.#incidents?.readOf(slot),
        silence: this.#silences?.rows.read(slot),
        expected: this.#expected?.read(slot),
        member: this.#groups?.groups.readOf(slot),
        group: this.#groups?.groups.joined(slot),
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
  decode(snapshot: readonly Uint8Array[], anyTuning: boolean): Snapshot {
    this.#assertReady();
    return decodeSnapshot(snapshot, this.#signature, this.#sizes(), anyTuning);
  }

  /** Takes a snapshot over into a new table of keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  takeOver({ model, keys }: Snapshot): void {
    const table = new KeyTable(this.#layout, model.keys);
    this.#reserve(table.capacity);
    this.#gate?.reserve(table.capacity, model.gate);
    if (this.#gate !== undefined) this.#gate.weights = model.gate;
    this.#seasons?.clear();
    this.#silences?.clear();
    this.#expected?.clear();
    if (model.stream !== undefined) this.#silences?.stream.set(model.stream);
    const groups = model.groups?.naming === this.#groups?.naming ? model.groups : undefined;
    this.#groups?.groups.restore(groups?.states ?? []);
    const kept = { hasStream: model.stream !== undefined, hasGroups: groups !== undefined };
    const members: RestoredMember[] = [];
    const counts: number[] = [];
    for (const state of keys) {
      const { key, f64, group } = state;
      const slot = this.#write(table, state, kept);
      counts.push(f64[number.count]!);
      if (this.#groups !== undefined) members.push({ slot, key, joined: groups && group });
    }
    this.#groups?.groups.resume(members);
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
    this.#gate?.clear();
    this.#seasons?.clear();
    this.#detection?.clear();
    this.#incidents?.clear();
    this.#silences?.dispose();
    this.#expected?.clear();
    this.#groups?.groups.dispose();
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
      conversions: this.#conversions,
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
      gateWeights: this.#gate?.size,
      gate: this.#gate?.sizes,
      formerGate: this.#gate?.formerSizes,
      hasSeasons: this.#seasons !== undefined,
      detection: this.#detection?.sizes,
      incidents: this.#incidents?.sizes,
      silence: this.#silences?.rows.sizes,
      stream: this.#silences?.stream.length,
      member: this.#groups?.groups.rows.sizes,
      expected: this.#expected === undefined ? undefined : expectedSize,
    };
  }

  /** Writes the state of another key, and returns its slot. */
  #write(keys: KeyTable, state: KeyState, { hasStream, hasGroups }: Kept): number {
    const slot = keys.add(state.key);
    keys.begin(slot);
    keys.recorded[slot] = 1;
    keys.f64.set(state.f64, slot * keys.f64PerKey);
    keys.f32.set(state.f32, slot * keys.f32PerKey);
    this.runner.writeStates(slot, state.states);
    this.#readout?.write(slot, state.readout);
    if (state.horizons !== undefined) this.#horizons?.write(slot, state.horizons);
    if (state.gate !== undefined) this.#gate?.write(slot, state.gate);
    if (state.seasons !== undefined) this.#seasons?.write(slot, state.seasons);
    if (state.detection !== undefined) this.#detection?.write(slot, state.detection);
    else this.#detection?.start(slot);
    if (state.incidents !== undefined) this.#incidents?.write(slot, state.incidents);
    else this.#incidents?.start(slot);
    if (state.expected !== undefined) this.#expected?.write(slot, state.expected);
    if (state.member !== undefined && hasGroups) this.#groups?.groups.rows.write(slot, state.member);
    else {
      this.#groups?.groups.forget(slot);
      if (state.member !== undefined) keys.changed[slot] = 1;
    }
    if (state.silence !== undefined && hasStream) this.#silences?.resume(slot, state.silence);
    else {
      this.#silences?.start(slot);
      // What a record has of another stream must not be read again.
      if (state.silence !== undefined) keys.changed[slot] = 1;
    }
    return slot;
  }

  #groupStates(): ModelState["groups"] {
    if (this.#groups === undefined) return undefined;
    return { naming: this.#groups.naming, states: this.#groups.groups.states() };
  }

  /** Makes room for the states of `capacity` keys. Throws MEMORY_EXHAUSTED. */
  #reserve(capacity: number): void {
    this.runner.reserve(capacity);
    this.#readout?.reserve(capacity);
    this.#horizons?.reserve(capacity);
    this.#gate?.reserve(capacity);
    this.#detection?.reserve(capacity);
    this.#incidents?.reserve(capacity);
    this.#silences?.reserve(capacity);
    this.#groups?.groups.reserve(capacity);
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
    this.#detection?.start(slot);
    this.#incidents?.start(slot);
    this.#silences?.start(slot);
    return slot;
  }

  #forget(slot: number): void {
    const keys = this.#keys;
    this.runner.forget(slot, keys.f64[slot * keys.f64PerKey + number.count]!);
    this.#readout?.start(slot);
    this.#seasons?.forget(slot);
    this.#expected?.forget(slot);
    this.#groups?.groups.forget(slot);
    this.#detection?.start(slot);
    this.#incidents?.start(slot);
    this.#silences?.start(slot);
    keys.forget(slot);
  }
}
