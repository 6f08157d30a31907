/**
 * The records of a task's state: the forecaster's own snapshot records, one for the model and one for each key, each
 * with the input offset that it stands for. The model's names the state: its offset is S, so that a key's record that is
 * newer is recognised as not of this state, and it counts the keys, so that none can be missing.
 *
 * A record's value is: magic "UCTS", format (u32), offset (f64), CRC-32 of all before it (u32), snapshot record;
 * little-endian.
 */
import { UndercurrentError } from "../../errors/errors.js";
import { crc32 } from "../../forecast/snapshot/checksum.js";
import { expertsOf } from "../../forecast/experts/experts.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { keyLayout } from "../../forecast/keys/layout.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import {
  readKeyNumbers,
  readModelHead,
  type SnapshotChange,
  type SnapshotRecord,
} from "../../forecast/snapshot/snapshot.js";
import type { Commit, SnapshotWrite, StateChange, StateRecord } from "../ports.js";

const magic = 0x53544355;
const stateFormat = 1;
const headerBytes = 20;

/** Keys of state records; a key's cannot be the model's, whatever it is called. */
const modelKey = "model";
const keyPrefix = "key:";

/** A state as it was found. */
export interface RecordedState {
  /** The input offset it stands for, S. */
  readonly offset: number;
  /** Keys of its records but the model's. */
  readonly keys: readonly string[];
  /** Settings of the forecaster that made it. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The kernel that made it. */
  readonly kernel: string;
  /** Updates of the weights so far. */
  readonly version: number;
  /** What `Forecaster.restore` takes. */
  readonly snapshot: Uint8Array;
}

/**
 * Reads the records of a state, at most one for each key. Throws STATE_TORN where they are not of one state,
 * SNAPSHOT_VERSION where a later release wrote them, and SNAPSHOT_CORRUPT.
 */
export function readState(records: readonly StateRecord[]): RecordedState {
  const model = records.find(({ key }) => key === modelKey);
  if (model === undefined) throw torn("it has no record of the model");
  const { offset, snapshot } = openRecord(model);
  const parts = [snapshot];
  const names: string[] = [];
  for (const record of records) {
    if (record === model) continue;
    const part = openRecord(record);
    checkKey(record.key, part.offset, offset);
    parts.push(part.snapshot);
    names.push(record.key.slice(keyPrefix.length));
  }
  const { keys, settings, kernel, version } = readModelHead(snapshot);
  checkCount(names.length, keys);
  return { offset, keys: names, settings, kernel, version, snapshot: Buffer.concat(parts) };
}

/** What a state tells without being held in memory. */
export type OutlinedState = Omit<RecordedState, "keys" | "snapshot"> & { readonly keys: number };

/** Follows the records of a state topic in their order, and keeps of each key no more than its offset. */
export class StateOutline {
  /** Or why a key's record is none; a later one may take its place. */
  readonly #offsets = new Map<string, number | UndercurrentError>();
  #model: Uint8Array | undefined;

  /** Takes a record, or the end of its key. */
  add(key: string, value: Uint8Array | null): void {
    if (key === modelKey) this.#model = value === null ? undefined : new Uint8Array(value);
    else if (value === null) this.#offsets.delete(key);
    else this.#offsets.set(key, offsetOf({ key, value }));
  }

  /** The outline of the state; undefined where there is none. Throws as `readState` does, but for keys' own records. */
  read(): OutlinedState | undefined {
    if (this.#model === undefined) {
      if (this.#offsets.size === 0) return undefined;
      throw torn("it has no record of the model");
    }
    const { offset, snapshot } = openRecord({ key: modelKey, value: this.#model });
    for (const [key, stands] of this.#offsets) {
      if (stands instanceof UndercurrentError) throw stands;
      checkKey(key, stands, offset);
    }
    const head = readModelHead(snapshot);
    checkCount(this.#offsets.size, head.keys);
    return { ...head, offset };
  }
}

function offsetOf(record: StateRecord): number | UndercurrentError {
  try {
    return openRecord(record).offset;
  } catch (error) {
    if (error instanceof UndercurrentError) return error;
    throw error;
  }
}

function checkKey(key: string, offset: number, model: number): void {
  if (!key.startsWith(keyPrefix)) throw torn(`unexpected record ${JSON.stringify(key)}`);
  if (offset > model) {
    throw torn(`${JSON.stringify(key)} is at offset ${offset}, expected at most the model's offset ${model}`);
  }
}

function checkCount(found: number, expected: number): void {
  if (found !== expected) throw torn(`expected ${expected} keys, found ${found}`);
}

/** Follows the records of a state topic in their order, for the state that stood for no more than an offset. */
export class PastState {
  readonly #offset: number;
  readonly #latest = new Map<string, Uint8Array>();
  #over = false;

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Takes a record, or the end of its key. Throws STATE_TORN and SNAPSHOT_VERSION. */
  add(key: string, value: Uint8Array | null): void {
    if (value === null) {
      // Keys end with the record of a later state, or of this one: once later ones came, they are not of this one.
      if (!this.#over) this.#latest.delete(key);
    } else if (openRecord({ key, value }).offset <= this.#offset) {
      this.#latest.set(key, value);
    } else {
      this.#over = true;
    }
  }

  /** The state; undefined where the topic no longer has all of it, or never had. */
  read(): RecordedState | undefined {
    if (this.#latest.size === 0) return undefined;
    try {
      return readState([...this.#latest].map(([key, value]) => ({ key, value })));
    } catch (error) {
      if (error instanceof UndercurrentError && error.code === "STATE_TORN") return undefined;
      throw error;
    }
  }
}

/** What a state knows of one key. */
export interface RecordedKey {
  /** The input offset of the snapshot that last changed it. */
  readonly offset: number;
  readonly bytes: number;
  readonly numbers: ReturnType<typeof readKeyNumbers>;
}

/** One key of a state; undefined where the state has none of this name. Throws as `readState` does. */
export function readKey(records: readonly StateRecord[], key: string): RecordedKey | undefined {
  const record = records.find((candidate) => candidate.key === keyPrefix + key);
  if (record === undefined) return undefined;
  const { offset, snapshot } = openRecord(record);
  return { offset, bytes: record.value.length, numbers: readKeyNumbers(snapshot) };
}

/**
 * The changes of a forecaster since it was last asked, standing for an input offset. `earlier` are the changes of the
 * forecaster whose state it took over.
 */
export function writeState(
  offset: number,
  forecaster: Forecaster,
  earlier: readonly SnapshotChange[] = [],
): SnapshotWrite {
  const latest = new Map([...earlier, ...forecaster.changes()].map(({ key, bytes }) => [key, bytes]));
  const records = [...latest].map(([key, bytes]): StateChange => {
    return { key: key === undefined ? modelKey : keyPrefix + key, value: bytes && sealRecord(offset, bytes) };
  });
  return { offset, records };
}

/** The snapshot in the place of another state: keys of its records that this one has none of end. */
export function replaceState(earlier: readonly string[], { offset, records }: SnapshotWrite): SnapshotWrite {
  const kept = new Set(records.map(({ key }) => key));
  const ended = earlier.filter((key) => !kept.has(key)).map((key): StateChange => ({ key, value: null }));
  return { offset, records: [...ended, ...records] };
}

/** A commit of an offset and a snapshot alone. */
export function stateCommit(offset: number, snapshot: SnapshotWrite): Commit {
  return { forecasts: [], deadLetters: [], routed: [], snapshot, offset };
}

/** Longest key, and what else is written of it, of a window that waits in the model's record. */
const windowOverhead = 1100;

/** Bytes that a state's record of the model has at most, but for longer keys: it is written as one. */
export function modelRecordBytes(settings: ForecasterSettings): number {
  const forecaster = new Forecaster(settings);
  try {
    const model = forecaster.snapshot();
    // A cell keeps its hidden state, and the LSTM as much again.
    const window = keyLayout(settings, expertsOf(settings)).f32Size + 2 * settings.hidden;
    return headerBytes + model.length + settings.bpttWindows * (4 * window + windowOverhead);
  } finally {
    forecaster.dispose();
  }
}

/** A state's record of the model anew, which stands for the same offset. */
export function writeModel(offset: number, { bytes }: SnapshotRecord): SnapshotWrite {
  return { offset, records: [{ key: modelKey, value: sealRecord(offset, bytes) }] };
}

function sealRecord(offset: number, snapshot: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + snapshot.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, stateFormat, true);
  view.setFloat64(8, offset, true);
  view.setUint32(16, crc32(bytes.subarray(0, 16)), true);
  bytes.set(snapshot, headerBytes);
  return bytes;
}

function openRecord({ key, value }: StateRecord): { offset: number; snapshot: Uint8Array } {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (value.length < headerBytes || view.getUint32(0, true) !== magic) {
    throw torn(`${JSON.stringify(key)} is not a state record`);
  }
  if (crc32(value.subarray(0, 16)) !== view.getUint32(16, true)) {
    throw torn(`the checksum of ${JSON.stringify(key)} does not match`);
  }
  const format = view.getUint32(4, true);
  if (format !== stateFormat) {
    throw new UndercurrentError(
      "SNAPSHOT_VERSION",
      `the state has format ${format}, but this release reads format ${stateFormat}`,
    );
  }
  return { offset: view.getFloat64(8, true), snapshot: value.subarray(headerBytes) };
}

function torn(what: string): UndercurrentError {
  return new UndercurrentError("STATE_TORN", `inconsistent state: ${what}`);
}
