/**
 * The binary form of a forecaster's state: a row of records, one for the model and one for each key, in any order.
 * Bodies begin with the settings' signature. Text is UTF-8 and arrays are raw, each behind its length in a u32.
 */
import { ByteWriter, type ByteReader } from "./bytes.js";
import type { ModelState } from "../learning/model-state.js";
import type { HorizonSizes, HorizonState } from "../horizon/horizons.js";
import { number } from "../keys/layout.js";
import { corrupt, foreign, kinds, open, seal } from "./record.js";
import { checkSignature, readSettings, signatureSum, type Signature } from "./signature.js";

export interface KeyState {
  readonly key: string;
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  /** Hidden state and checkpoints. */
  readonly states: Float32Array;
  /** The key's own read-out; empty where it has none. */
  readonly readout: Float32Array;
  /** Where more than the next value is forecast. */
  readonly horizons: HorizonState | undefined;
}

/** One record; `key` is undefined for the model's. */
export interface SnapshotRecord {
  readonly key: string | undefined;
  readonly bytes: Uint8Array;
}

/** A change of a snapshot: a new record, or null to delete a key. `key` is undefined for the model's record. */
export interface SnapshotChange {
  readonly key: string | undefined;
  readonly bytes: Uint8Array | null;
}

export interface Snapshot {
  readonly model: ModelState;
  readonly keys: readonly KeyState[];
  /** The record of what all keys share of symbols, opened, where there is one. */
  readonly symbols: ByteReader | undefined;
}

/** What the model's record of a snapshot tells without the rest. */
export interface ModelHead {
  /** The settings that it was made with, which may be others than this release knows. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Keys that the snapshot has a record of. */
  readonly keys: number;
  /** The kernel that it was made with. */
  readonly kernel: string;
  /** Updates of the weights so far. */
  readonly version: number;
}

/** Reads the head of the model's record of a snapshot. Throws SNAPSHOT_CORRUPT and SNAPSHOT_VERSION. */
export function readModelHead(model: Uint8Array): ModelHead {
  const { kind, body } = open(model, 0);
  if (kind !== kinds.model) throw corrupt("the first record is not the model's");
  let settings: ModelHead["settings"];
  try {
    settings = readSettings(body.text());
  } catch {
    throw corrupt("the signature is unreadable");
  }
  return { settings, keys: body.count(), kernel: body.text(), version: body.float() };
}

/** The quantities of `number` in a key's record of a snapshot. Throws SNAPSHOT_CORRUPT and SNAPSHOT_VERSION. */
export function readKeyNumbers(record: Uint8Array): Readonly<Record<keyof typeof number, number>> {
  const { kind, body } = open(record, 0);
  if (kind !== kinds.key) throw corrupt("the record is not a key's");
  body.count();
  body.text();
  const f64 = body.f64();
  const entries = Object.entries(number).map(([name, index]) => [name, f64[index]]);
  return Object.fromEntries(entries) as Record<keyof typeof number, number>;
}

export function encodeModel(signature: Signature, model: ModelState): SnapshotRecord {
  const body = new ByteWriter();
  body.text(signature.all);
  body.count(model.keys);
  body.text(model.kernel);
  body.float(model.version);
  body.f32(model.weights);
  body.f32(model.firstMoments);
  body.f32(model.secondMoments);
  body.count(model.queue.length);
  for (const window of model.queue) {
    body.text(window.key);
    body.float(window.count);
    body.count(window.lastMissing ? 1 : 0);
    body.f32(window.row);
    body.f32(window.state);
  }
  return { key: undefined, bytes: seal(kinds.model, body) };
}

export function encodeKey(signatureSum: number, state: KeyState): SnapshotRecord {
  const body = new ByteWriter();
  body.count(signatureSum);
  body.text(state.key);
  body.f64(state.f64);
  body.f32(state.f32);
  body.f32(state.states);
  body.f32(state.readout);
  if (state.horizons !== undefined) {
    body.f64(state.horizons.f64);
    body.f32(state.horizons.f32);
    body.f32(state.horizons.models);
  }
  return { key: state.key, bytes: seal(kinds.key, body) };
}

/** Records side by side: a snapshot. */
export function joinRecords(records: readonly SnapshotRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.bytes.length, 0));
  let at = 0;
  for (const record of records) {
    bytes.set(record.bytes, at);
    at += record.bytes.length;
  }
  return bytes;
}

/** Lengths that the arrays of a snapshot must have. */
export interface SnapshotSizes {
  readonly f64: number;
  readonly f32: number;
  /** Windows that wait for an update: fewer than this. The steps of a window, and the row that it is made from. */
  readonly queue: number;
  readonly windowSteps: number;
  readonly window: number;
  /** A key's own read-out, or 0. */
  readonly readout: number;
  /** All states of a key, and one of them. */
  readonly states: number;
  readonly state: number;
  readonly parameters: number;
  readonly horizons: HorizonSizes | undefined;
}

/**
 * Reads all records of a snapshot, in any order, one for each key. Throws SNAPSHOT_CORRUPT, SNAPSHOT_VERSION, or
 * SNAPSHOT_FOREIGN where it was made with other settings than those of `signature`; with `anyTuning`, other settings
 * of tuning are as good.
 */
export function decodeSnapshot(
  bytes: Uint8Array,
  signature: Signature,
  sizes: SnapshotSizes,
  anyTuning: boolean,
): Snapshot {
  let model: ModelState | undefined;
  let symbols: ByteReader | undefined;
  const keys = new Map<string, KeyState>();
  const sum = signatureSum(signature);
  for (let at = 0; at < bytes.length;) {
    const { kind, body, end } = open(bytes, at);
    at = end;
    try {
      if (kind === kinds.model) {
        if (model !== undefined) throw corrupt("expected one model, found two");
        model = readModel(body, signature, anyTuning);
      } else if (kind === kinds.key) {
        if (body.count() !== sum) throw foreign("a key's record was made with other settings");
        const key = readKey(body, sizes.horizons !== undefined);
        if (keys.has(key.key)) throw corrupt("a key occurs twice");
        keys.set(key.key, key);
      } else if (kind === kinds.symbols && symbols === undefined) {
        symbols = body;
      } else {
        throw corrupt(`unexpected record of kind ${kind}`);
      }
    } catch (error) {
      throw error instanceof RangeError ? corrupt(error.message) : error;
    }
  }
  if (model === undefined) throw corrupt("expected one model, found none");
  if (keys.size !== model.keys) throw corrupt(`expected ${model.keys} keys, found ${keys.size}`);
  const snapshot = { model, keys: [...keys.values()], symbols };
  if (!fits(snapshot, sizes)) throw corrupt("an array has the wrong length");
  checkCounts(model, keys, sizes);
  return snapshot;
}

/**
 * Throws SNAPSHOT_CORRUPT where a count is none that a forecaster can have: rings are read at places that follow from
 * counts, and windows wait until as many have come as an update learns from.
 */
function checkCounts(
  { version, queue }: ModelState,
  keys: ReadonlyMap<string, KeyState>,
  { queue: places, windowSteps }: SnapshotSizes,
): void {
  if (!isCount(version)) throw corrupt(`its model has the version ${version}`);
  for (const { key, f64 } of keys.values()) {
    const count = f64[number.count]!;
    if (!isCount(count) || count === 0) throw corrupt(`the key "${key}" has had ${count} events`);
  }
  if (queue.length >= places) throw corrupt(`${queue.length} windows wait, where ${places} make an update`);
  if (new Set(queue.map(({ key }) => key)).size < queue.length)
    throw corrupt("a key has two waiting windows");
  for (const { key, count } of queue) {
    const events = keys.get(key)?.f64[number.count];
    if (events === undefined) throw corrupt("a key of a waiting window is not in it");
    if (!isCount(count) || count < windowSteps || count >= events) {
      throw corrupt(`a window waits that ends with event ${count} of ${events}`);
    }
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function fits({ model, keys }: Pick<Snapshot, "model" | "keys">, sizes: SnapshotSizes): boolean {
  const parameters = [model.weights, model.firstMoments, model.secondMoments];
  return (
    parameters.every((array) => array.length === sizes.parameters) &&
    model.queue.every(({ row, state }) => row.length === sizes.window && state.length === sizes.state) &&
    keys.every(
      ({ f64, f32, states, readout, horizons }) =>
        readout.length === sizes.readout &&
        horizons?.f64.length === sizes.horizons?.f64 &&
        (horizons?.f32.length === sizes.horizons?.f32 ||
          horizons?.f32.length === sizes.horizons?.firstLevelF32) &&
        horizons?.models.length === sizes.horizons?.models &&
        f64.length === sizes.f64 &&
        f32.length === sizes.f32 &&
        states.length === sizes.states,
    )
  );
}

function readKey(body: ByteReader, withHorizons: boolean): KeyState {
  return {
    key: body.text(),
    f64: body.f64(),
    f32: body.f32(),
    states: body.f32(),
    readout: body.f32(),
    horizons: withHorizons ? { f64: body.f64(), f32: body.f32(), models: body.f32() } : undefined,
  };
}

function readModel(body: ByteReader, signature: Signature, anyTuning: boolean): ModelState {
  const theirs = body.text();
  checkSignature(theirs, signature, anyTuning);
  const keys = body.count();
  const kernel = body.text();
  const version = body.float();
  const weights = body.f32();
  const firstMoments = body.f32();
  const secondMoments = body.f32();
  const queue = Array.from({ length: body.count() }, () => ({
    key: body.text(),
    count: body.float(),
    lastMissing: body.count() === 1,
    row: body.f32(),
    state: body.f32(),
  }));
  return { keys, kernel, version, weights, firstMoments, secondMoments, queue };
}
