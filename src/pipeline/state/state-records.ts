/**
 * Reads and writes the records of a task's state: the forecaster's snapshot records, one for the model and one for each key.
 * Each names its input offset. The model's record names the state: its offset is S, and it counts the keys. So a newer record
 * of a key is recognised as foreign to the state, and a missing key is noticed.
 */
import { UndercurrentError } from "../../errors/errors.js";
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
import {
  latestRoles,
  livePlace,
  otherPlace,
  readRoles,
  rolesKey,
  writeRoles,
  type Place,
  type RoleHistory,
} from "./role-history.js";
import { placeOf, splitRoles, withoutPlace, type StateRoles } from "./roles.js";
import type { AppliedFeedback, FeedbackState } from "./feedback.js";
import type { FeedbackPosition } from "./feedback-position.js";
import { headerBytes, openRecord, sealRecord, torn } from "./sealed-record.js";
import type { Learned } from "./promotion.js";
import type { Commit, SnapshotWrite, StateChange, StateRecord } from "../ports.js";

/** Keys of state records; a key's cannot be the model's, whatever it is called. */
const modelKey = "model";
const keyPrefix = "key:";
/** Of the parts of the windows, which a snapshot writes all together. */
const windowsPrefix = "windows:";
/** The feedback that was applied since the snapshot. Its offset is not that of the state: it is written between snapshots too. */
const feedbackKey = "feedback";

/** A state as it was found. */
export interface RecordedState {
  /** The input offset of the state, S. */
  readonly offset: number;
  /** Keys of its records but the model's. */
  readonly keys: readonly string[];
  /** Settings of the forecaster that made it. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The kernel that made it. */
  readonly kernel: string;
  /** Identity of the weights that the model began with; undefined where they were drawn. */
  readonly initial: string | undefined;
  /** Updates of the weights so far. */
  readonly version: number;
  /** What `Forecaster.restore` takes: the records of the model and of the keys. */
  readonly snapshot: readonly Uint8Array[];
  /** Feedback on incidents that was read; undefined if none was. */
  readonly feedback: FeedbackState | undefined;
}

/**
 * Reads the live model's state from the records of a partition, at most one for each key. Throws STATE_TORN if they are not of one
 * state, SNAPSHOT_VERSION if a later release wrote them, and SNAPSHOT_CORRUPT.
 */
export function readState(all: readonly StateRecord[]): RecordedState {
  const records = splitRoles(all).live;
  const model = records.find(({ key }) => key === modelKey);
  if (model === undefined) throw torn("it has no record of the model");
  const { offset, snapshot } = openRecord(model);
  const parts = [snapshot];
  const names: string[] = [];
  let feedback: FeedbackState | undefined;
  for (const record of records) {
    if (record === model) continue;
    if (record.key === feedbackKey) {
      const { applied, ...position } = readFeedbackState(record);
      // The snapshot holds what was applied before its offset.
      feedback = { ...position, applied: applied.filter(({ at }) => at >= offset) };
      continue;
    }
    const part = openRecord(record);
    checkKey(record.key, part.offset, offset);
    parts.push(part.snapshot);
    if (record.key.startsWith(windowsPrefix)) continue;
    names.push(record.key.slice(keyPrefix.length));
  }
  const { keys, settings, kernel, version, initial } = readModelHead(snapshot);
  checkCount(names.length, keys);
  return {
    offset,
    keys: names,
    settings,
    kernel,
    version,
    initial,
    snapshot: parts,
    feedback,
  };
}

/** Returns the settings of the model in a state of its own; undefined where they cannot be read. */
export function settingsIn(records: readonly StateRecord[]): RecordedState["settings"] | undefined {
  return attemptHead(records.find(({ key }) => key === modelKey)?.value)?.settings;
}

/** The facts of a state that do not need its keys in memory. */
export type OutlinedState = Omit<RecordedState, "keys" | "snapshot" | "feedback"> & {
  readonly keys: number;
  /** The candidate, if the state holds one. */
  readonly candidate: Learned | undefined;
};

/** What an outline keeps of a model's records. */
class ModelOutline {
  /** Or why a key's record is none; a later one may take its place. */
  readonly offsets = new Map<string, number | UndercurrentError>();
  model: Uint8Array | undefined;
}

/** Follows the records of a state topic in their order, and keeps of each key no more than its offset. */
export class StateOutline {
  readonly #models = { "": new ModelOutline(), "candidate:": new ModelOutline() };
  #roles: StateRecord | undefined;

  /** Takes a record, or the end of its key. */
  add(key: string, value: Uint8Array | null): void {
    if (key === feedbackKey) return;
    if (key === rolesKey) {
      this.#roles = value === null ? undefined : { key, value: new Uint8Array(value) };
      return;
    }
    const place = placeOf(key);
    const outline = this.#models[place];
    const name = withoutPlace(key, place);
    if (name === modelKey) outline.model = value === null ? undefined : new Uint8Array(value);
    else if (value === null) outline.offsets.delete(name);
    else outline.offsets.set(name, offsetOf({ key, value }));
  }

  /**
   * Returns the outline of the live model's state; undefined without one. Throws as `readState` does, except for errors in a key's
   * own record.
   */
  read(): OutlinedState | undefined {
    const place = livePlace(this.#roles && readRoles(this.#roles));
    const { model, offsets } = this.#models[place];
    if (model === undefined) {
      if (offsets.size === 0) return undefined;
      throw torn("it has no record of the model");
    }
    const { offset, snapshot } = openRecord({ key: modelKey, value: model });
    let keys = 0;
    for (const [key, stands] of offsets) {
      if (stands instanceof UndercurrentError) throw stands;
      checkKey(key, stands, offset);
      if (!key.startsWith(windowsPrefix)) keys++;
    }
    const head = readModelHead(snapshot);
    checkCount(keys, head.keys);
    const beside = attemptHead(this.#models[otherPlace(place)].model);
    const candidate = beside && { settings: beside.settings, version: beside.version, keys: beside.keys };
    return { ...head, offset, candidate };
  }
}

function attemptHead(value: Uint8Array | undefined): ReturnType<typeof readModelHead> | undefined {
  try {
    return value && readModelHead(openRecord({ key: modelKey, value }).snapshot);
  } catch (error) {
    if (error instanceof UndercurrentError) return undefined;
    throw error;
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
  if (key.startsWith(windowsPrefix)) {
    if (offset === model) return;
    throw torn(`${JSON.stringify(key)} is at offset ${offset}, expected the model's offset ${model}`);
  }
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
  /** All that was ever applied, as far as the topic still has it. */
  readonly #applied = new Map<string, AppliedFeedback>();
  /** The newest history, which has what was before. */
  #roles: RoleHistory | undefined;
  #over = false;

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Takes a record, or the end of its key. Throws STATE_TORN and SNAPSHOT_VERSION. */
  add(key: string, value: Uint8Array | null): void {
    if (key === rolesKey) {
      // An earlier release imported a state without roles so.
      this.#roles = value === null ? undefined : readRoles({ key, value });
    } else if (key === feedbackKey) {
      if (value === null) return;
      for (const entry of readFeedbackState({ key, value }).applied) {
        this.#applied.set(JSON.stringify(entry), entry);
      }
    } else if (value === null) {
      // Keys end with the record of a later state, or of this one: once later ones came, they are not of this one.
      if (!this.#over) this.#latest.delete(key);
    } else if (openRecord({ key, value }).offset <= this.#offset) {
      this.#latest.set(key, value);
    } else {
      this.#over = true;
    }
  }

  /** The feedback that was applied from an offset on, in order, as far as the topic still has it. */
  appliedFrom(offset: number): readonly AppliedFeedback[] {
    return [...this.#applied.values()].filter(({ at }) => at >= offset).sort((a, b) => a.at - b.at);
  }

  /** Which model was the live one when; undefined where there never was a candidate. */
  get roles(): RoleHistory | undefined {
    return this.#roles;
  }

  /** The state of the model that was live then; undefined where the topic no longer has all of it, or never had. */
  read(): RecordedState | undefined {
    return this.#read(this.#split().live);
  }

  /** The state of the other model beside that of the live one; undefined as for `read`, or without one of the same offset. */
  readCandidate(live: Pick<RecordedState, "offset"> | undefined): RecordedState | undefined {
    const found = this.#read(this.#split().candidate);
    return found?.offset === live?.offset ? found : undefined;
  }

  #split(): StateRoles {
    const records = [...this.#latest].map(([key, value]) => ({ key, value }));
    return splitRoles(records, livePlace(this.#roles, this.#offset));
  }

  #read(records: readonly StateRecord[]): RecordedState | undefined {
    if (records.length === 0) return undefined;
    try {
      return readState(records);
    } catch (error) {
      if (error instanceof UndercurrentError && error.code === "STATE_TORN") return undefined;
      throw error;
    }
  }
}

/** Returns the record of what was applied since the snapshot; `offset` is the input offset at which it is written. */
export function writeFeedback(offset: number, state: FeedbackState): StateChange {
  return { key: feedbackKey, value: sealRecord(offset, Buffer.from(JSON.stringify(state))) };
}

/** Reads the record of the feedback. Throws STATE_TORN. */
export function readFeedbackState(record: StateRecord): FeedbackState {
  const { snapshot } = openRecord(record);
  try {
    return JSON.parse(Buffer.from(snapshot).toString()) as FeedbackState;
  } catch {
    throw torn("the record of the feedback is unreadable");
  }
}

/** Returns where feedback is read on, whatever else the records of a state are; undefined where none of them says. */
export function feedbackPosition(records: readonly StateRecord[]): FeedbackPosition | undefined {
  const record = records.find(({ key }) => key === feedbackKey);
  try {
    if (record === undefined) return undefined;
    const { applied: _, ...position } = readFeedbackState(record);
    return position;
  } catch (error) {
    if (error instanceof UndercurrentError) return undefined;
    throw error;
  }
}

/** Whether changes of a state are a snapshot: between snapshots only feedback is written. */
export function isSnapshot({ records }: SnapshotWrite): boolean {
  return records.some(({ key }) => withoutPlace(key, placeOf(key)) === modelKey);
}

/** The record of one key. */
export interface RecordedKey {
  /** The input offset of the snapshot that last changed it. */
  readonly offset: number;
  readonly bytes: number;
  readonly numbers: ReturnType<typeof readKeyNumbers>;
}

/** Returns one key of a state; undefined if the state does not hold the key. Throws as `readState` does. */
export function readKey(records: readonly StateRecord[], key: string): RecordedKey | undefined {
  const record = splitRoles(records).live.find((each) => each.key === keyPrefix + key);
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
  const latest = new Map(
    [...earlier, ...forecaster.changes()].map((change) => [nameOf(change), change.bytes]),
  );
  const records = [...latest].map(([key, bytes]): StateChange => {
    return { key, value: bytes && sealRecord(offset, bytes) };
  });
  return { offset, records };
}

/** Returns a state without what it says of feedback. */
export function withoutFeedback(records: readonly StateRecord[]): readonly StateRecord[] {
  return records.filter(({ key }) => key !== feedbackKey);
}

/**
 * Returns the same state at another offset, from which its roles hold. Offsets of its feedback mean nothing there. Throws STATE_TORN
 * for records that are none.
 */
export function moveState(records: readonly StateRecord[], offset: number): readonly StateRecord[] {
  return withoutFeedback(records).map((record) =>
    record.key === rolesKey
      ? writeRoles(offset, latestRoles(readRoles(record), offset))
      : { key: record.key, value: sealRecord(offset, openRecord(record).snapshot) },
  );
}

/** Returns the key of a record in the state topic. */
function nameOf({ key, part }: SnapshotChange): string {
  if (key !== undefined) return keyPrefix + key;
  return part === undefined ? modelKey : `${windowsPrefix}${part}`;
}

/** Returns the snapshot's records, and tombstones for the keys of the former state that the snapshot lacks. */
export function replaceState(earlier: readonly string[], { offset, records }: SnapshotWrite): SnapshotWrite {
  const kept = new Set(records.map(({ key }) => key));
  const ended = earlier.filter((key) => !kept.has(key)).map((key): StateChange => ({ key, value: null }));
  return { offset, records: [...ended, ...records] };
}

/** A commit of an offset and a snapshot alone. */
export function stateCommit(offset: number, snapshot: SnapshotWrite): Commit {
  return { forecasts: [], incidents: [], deadLetters: [], routed: [], snapshot, offset };
}

/** Bytes of the longest key, and the other bytes, of a window that waits in the model's record. */
const windowOverhead = 1100;

/** Largest size of the model's record, in bytes, without longer keys: it is written as one record. */
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

/** Returns a new record of the model in a place, for the same offset. */
export function writeModel(offset: number, place: Place, { bytes }: SnapshotRecord): SnapshotWrite {
  return { offset, records: [{ key: place + modelKey, value: sealRecord(offset, bytes) }] };
}
