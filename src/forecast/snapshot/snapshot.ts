/**
 * Reads and writes the binary form of a forecaster's state: one record for the model and one for each key, in any order. Bodies
 * begin with the settings' signature. Text is UTF-8, and arrays are raw, each after its length in a u32.
 */
import { ByteWriter, type ByteReader } from "./bytes.js";
import type { GroupRecord, ModelState } from "../learning/model-state.js";
import { budgetSize } from "../learning/budget.js";
import type { DetectionSizes, DetectionState } from "../detection/rows.js";
import type { ExpectedTimes } from "../incidents/expected.js";
import type { IncidentState } from "../incidents/rows.js";
import type { SilenceState } from "../incidents/silence/rows.js";
import type { SlabRows, SlabSizes } from "../keys/slabs.js";
import type { HorizonSizes, HorizonState } from "../horizon/horizons.js";
import { Groups, type GroupState } from "../incidents/groups/groups.js";
import { number } from "../keys/layout.js";
import { corrupt, foreign, kinds, open, seal } from "./record.js";
import { Seasons, type SeasonState } from "../seasons/seasons.js";
import { checkSignature, readSettings, signatureSum, type Signature } from "./signature.js";

export interface KeyState {
  readonly key: string;
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  /** Hidden state and checkpoints. */
  readonly states: Float32Array;
  /** The key's own read-out; empty without one. */
  readonly readout: Float32Array;
  /** Where more than the next value is forecast. */
  readonly horizons: HorizonState | undefined;
  /** Where the model has a gate. */
  readonly gate?: SlabRows | undefined;
  /** Where the key has a ring of values to find its seasons in. */
  readonly seasons: SeasonState | undefined;
  /** Where anomalies are detected; a record without it begins the detection anew. */
  readonly detection: DetectionState | undefined;
  /** Where the key has or had an incident. */
  readonly incidents: IncidentState | undefined;
  /** Where silent keys are watched for. */
  readonly silence: SilenceState | undefined;
  /** Where users said which incidents of the key are fine. */
  readonly expected: ExpectedTimes | undefined;
  /** Where the key is a member of a group. */
  readonly member: SlabRows | undefined;
  /** The group that the key's event named, empty for none. */
  readonly group: string | undefined;
}

/** One record; `key` is undefined for the model's and those of the windows. */
export interface SnapshotRecord {
  readonly key: string | undefined;
  /** Number of a part of the windows; absent for other records. */
  readonly part?: number;
  readonly bytes: Uint8Array;
}

/**
 * A change of a snapshot: a new record, or null to delete one. `key` is undefined for the model's record, and for the parts of
 * the windows.
 */
export interface SnapshotChange {
  readonly key: string | undefined;
  /** Number of a part of the windows; absent for other records. */
  readonly part?: number;
  readonly bytes: Uint8Array | null;
}

export interface Snapshot {
  readonly model: ModelState;
  readonly keys: readonly KeyState[];
  /** The opened record of all keys' shared symbols, if there is one. */
  readonly symbols: ByteReader | undefined;
  /** The opened parts of the windows, if there are any. */
  readonly windows: readonly ByteReader[];
}

/** The facts of a snapshot in the model's record. */
export interface ModelHead {
  /** The settings that it was made with, which may be others than this release knows. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Keys that the snapshot has a record of. */
  readonly keys: number;
  /** The kernel that it was made with. */
  readonly kernel: string;
  /** Identity of the weights that the model began with; undefined where they were drawn. */
  readonly initial: string | undefined;
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
  try {
    const { keys, kernel, version, initial } = readModelBody(body);
    return { settings, keys, kernel, version, initial };
  } catch (error) {
    throw error instanceof RangeError ? corrupt(error.message) : error;
  }
}

/** Quantities of `number` that records of every format have, at the same places: the first ones. */
type NumberOfFormat1 =
  | "count"
  | "observed"
  | "base"
  | "held"
  | "time"
  | "gap"
  | "mean"
  | "variance"
  | "squaredChange"
  | "squaredError"
  | "recentSquaredError"
  | "undisturbed";

/** The quantities that every format has in a key's record of a snapshot. Throws SNAPSHOT_CORRUPT and SNAPSHOT_VERSION. */
export function readKeyNumbers(record: Uint8Array): Readonly<Record<NumberOfFormat1, number>> {
  const { kind, body } = open(record, 0);
  if (kind !== kinds.key) throw corrupt("the record is not a key's");
  body.count();
  body.text();
  const f64 = body.f64();
  const entries = Object.entries(number).filter(([, index]) => index <= number.undisturbed);
  return Object.fromEntries(entries.map(([name, index]) => [name, f64[index]])) as Record<
    NumberOfFormat1,
    number
  >;
}

/** Names of the sections that the model's record may have. */
const modelSections = {
  initial: "initial",
  gate: "gate",
  budget: "budget",
  stream: "stream",
  groups: "groups",
  expected: "expected groups",
} as const;

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
  if (model.initial !== undefined) {
    body.text(modelSections.initial);
    body.text(model.initial);
  }
  if (model.gate !== undefined) {
    body.text(modelSections.gate);
    body.f32(model.gate);
  }
  if (model.budget !== undefined) {
    body.text(modelSections.budget);
    body.f64(model.budget);
  }
  if (model.stream !== undefined) {
    body.text(modelSections.stream);
    body.f64(model.stream);
  }
  if (model.groups !== undefined) {
    body.text(modelSections.groups);
    body.text(model.groups.naming);
    body.count(model.groups.states.length);
    for (const { name, count, history, incident } of model.groups.states) {
      body.text(name);
      body.float(count);
      body.u16(history);
      writeSlab(body, incident);
    }
    if (model.groups.states.some(({ expected }) => expected !== undefined)) {
      body.text(modelSections.expected);
      body.f64(Float64Array.from(model.groups.states, ({ expected = -Infinity }) => expected));
    }
  }
  return { key: undefined, bytes: seal(kinds.model, body) };
}

/** Names of the sections that a key's record has where the key has such a part. */
const sections = {
  gate: "gate",
  seasons: "seasons",
  detection: "detection",
  incidents: "incidents",
  silence: "silence",
  expected: "expected",
  member: "member",
  group: "group",
} as const;

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
  if (state.gate !== undefined) {
    body.text(sections.gate);
    writeSlab(body, state.gate);
  }
  if (state.seasons !== undefined) {
    body.text(sections.seasons);
    body.f64(state.seasons.numbers);
    body.f32(state.seasons.values);
  }
  if (state.detection !== undefined) {
    body.text(sections.detection);
    writeSlab(body, state.detection);
  }
  if (state.incidents !== undefined) {
    body.text(sections.incidents);
    writeSlab(body, state.incidents);
  }
  if (state.silence !== undefined) {
    body.text(sections.silence);
    writeSlab(body, state.silence);
  }
  if (state.expected !== undefined) {
    body.text(sections.expected);
    body.f64(state.expected);
  }
  if (state.member !== undefined) {
    body.text(sections.member);
    writeSlab(body, state.member);
  }
  if (state.group !== undefined) {
    body.text(sections.group);
    body.text(state.group);
  }
  return { key: state.key, bytes: seal(kinds.key, body) };
}

/** Returns the record of a part of the windows. */
export function encodeWindows(signatureSum: number, part: number, content: ByteWriter): SnapshotRecord {
  const body = new ByteWriter();
  body.count(signatureSum);
  body.raw(content.bytes());
  return { key: undefined, part, bytes: seal(kinds.windows, body) };
}

/** Returns what a reader returns. Throws SNAPSHOT_CORRUPT for its RangeError. */
export function corruptUnlessFits<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof RangeError ? corrupt(error.message) : error;
  }
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

/** Lengths that the arrays of a snapshot must have, and what turns those of an older format into them. */
export interface SnapshotSizes {
  /** By format; undefined where it has the arrays of this release. */
  readonly conversions: KeyConversions;
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
  /** Numbers of a gate's weights, and a key's rows of it; undefined where there can be none. */
  readonly gateWeights: number | undefined;
  readonly gate: SlabSizes | undefined;
  readonly formerGate: SlabSizes | undefined;
  /** Whether keys may have seasons. */
  readonly hasSeasons: boolean;
  readonly detection: DetectionSizes | undefined;
  readonly incidents: SlabSizes | undefined;
  readonly silence: SlabSizes | undefined;
  /** Numbers of the stream; undefined where silent keys are not watched for. */
  readonly stream: number | undefined;
  /** Kinds of incidents; undefined without detection. */
  readonly expected: number | undefined;
  readonly member: SlabSizes | undefined;
}

/** What turns the arrays of older formats into those of this release, by format. */
export type KeyConversions = Readonly<Partial<Record<number, KeyConversion>>>;

/** Turns the arrays of a key in an older format into those of this release. Throws SNAPSHOT_CORRUPT. */
export interface KeyConversion {
  convert(state: KeyState): KeyState;
  /** The row of singles alone. */
  convertSingles(singles: Float32Array): Float32Array;
}

/**
 * Reads all records of a snapshot, in any order, one for each key. Throws SNAPSHOT_CORRUPT, SNAPSHOT_VERSION, or
 * SNAPSHOT_FOREIGN if it was made with settings other than those of `signature`. With `anyTuning`, tuning settings may differ.
 */
export function decodeSnapshot(
  bytes: Uint8Array,
  signature: Signature,
  sizes: SnapshotSizes,
  anyTuning: boolean,
): Snapshot {
  let model: ModelState | undefined;
  let symbols: ByteReader | undefined;
  const windows: ByteReader[] = [];
  const keys = new Map<string, KeyState>();
  const sum = signatureSum(signature);
  for (let at = 0; at < bytes.length;) {
    const { format, kind, body, end } = open(bytes, at);
    const conversion = sizes.conversions[format];
    at = end;
    try {
      if (kind === kinds.model) {
        if (model !== undefined) throw corrupt("expected one model, found two");
        model = readModel(body, signature, anyTuning);
        if (sizes.stream === undefined) model = { ...model, stream: undefined };
        if (conversion !== undefined) model = convertModel(model, conversion);
      } else if (kind === kinds.key) {
        if (body.count() !== sum) throw foreign("a key's record was made with other settings");
        const read = readKey(body, sizes);
        const key = conversion?.convert(read) ?? read;
        if (keys.has(key.key)) throw corrupt("a key occurs twice");
        keys.set(key.key, key);
      } else if (kind === kinds.windows) {
        if (body.count() !== sum) throw foreign("the windows' record was made with other settings");
        windows.push(body);
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
  const snapshot = { model, keys: [...keys.values()], symbols, windows };
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
    (model.gate === undefined || model.gate.length === sizes.gateWeights) &&
    (model.budget === undefined || model.budget.length === budgetSize) &&
    (model.stream === undefined || model.stream.length === sizes.stream) &&
    model.queue.every(({ row, state }) => row.length === sizes.window && state.length === sizes.state) &&
    keys.every(
      ({
        f64,
        f32,
        states,
        readout,
        horizons,
        gate,
        seasons,
        detection,
        incidents,
        silence,
        expected,
        member,
      }) =>
        (gate === undefined) === (model.gate === undefined) &&
        (gate === undefined || hasSizes(gate, sizes.gate) || hasSizes(gate, sizes.formerGate)) &&
        (seasons === undefined || (sizes.hasSeasons && Seasons.fits(seasons))) &&
        readout.length === sizes.readout &&
        horizons?.f64.length === sizes.horizons?.f64 &&
        horizons?.f32.length === sizes.horizons?.f32 &&
        horizons?.models.length === sizes.horizons?.models &&
        (detection === undefined || hasSizes(detection, sizes.detection)) &&
        (incidents === undefined || hasSizes(incidents, sizes.incidents)) &&
        (silence === undefined || hasSizes(silence, sizes.silence)) &&
        (expected === undefined || expected.length === sizes.expected) &&
        (member === undefined || hasSizes(member, sizes.member)) &&
        f64.length === sizes.f64 &&
        f32.length === sizes.f32 &&
        states.length === sizes.states,
    )
  );
}

function hasSizes({ f64, f32, u16 }: SlabRows, sizes: SlabSizes | undefined): boolean {
  return f64.length === sizes?.f64 && f32.length === sizes.f32 && u16.length === sizes.u16;
}

function writeSlab(body: ByteWriter, { f64, f32, u16 }: SlabRows): void {
  body.f64(f64);
  body.f32(f32);
  body.u16(u16);
}

function readSlab(body: ByteReader): SlabRows {
  return { f64: body.f64(), f32: body.f32(), u16: body.u16() };
}

function readKey(body: ByteReader, sizes: SnapshotSizes): KeyState {
  const state = {
    key: body.text(),
    f64: body.f64(),
    f32: body.f32(),
    states: body.f32(),
    readout: body.f32(),
    horizons:
      sizes.horizons !== undefined ? { f64: body.f64(), f32: body.f32(), models: body.f32() } : undefined,
  };
  let gate: SlabRows | undefined;
  let seasons: SeasonState | undefined;
  let detection: DetectionState | undefined;
  let incidents: IncidentState | undefined;
  let silence: SilenceState | undefined;
  let expected: ExpectedTimes | undefined;
  let member: SlabRows | undefined;
  let group: string | undefined;
  while (!body.isAtEnd) {
    const section = body.text();
    if (section === sections.gate) gate = readSlab(body);
    else if (section === sections.seasons) seasons = { numbers: body.f64(), values: body.f32() };
    else if (section === sections.detection) {
      const found = readSlab(body);
      // The rows of other settings of detection are of no use: it begins anew.
      if (found.u16.length === sizes.detection?.u16) detection = found;
    } else if (section === sections.incidents) {
      const found = readSlab(body);
      // Without detection no value is scored, so that no incident would ever be closed.
      if (sizes.incidents !== undefined) incidents = found;
    } else if (section === sections.silence) {
      const found = readSlab(body);
      if (sizes.silence !== undefined) silence = found;
    } else if (section === sections.expected) {
      const found = body.f64();
      if (sizes.expected !== undefined) expected = found;
    } else if (section === sections.member) {
      const found = readSlab(body);
      if (sizes.member !== undefined) member = found;
    } else if (section === sections.group) {
      const found = body.text();
      if (sizes.member !== undefined) group = found;
    } else throw corrupt(`unexpected section "${section}" of a key`);
  }
  return { ...state, gate, seasons, detection, incidents, silence, expected, member, group };
}

function convertModel(model: ModelState, conversion: KeyConversion): ModelState {
  const queue = model.queue.map((window) => ({ ...window, row: conversion.convertSingles(window.row) }));
  return { ...model, queue };
}

function readModel(body: ByteReader, signature: Signature, anyTuning: boolean): ModelState {
  const theirs = body.text();
  checkSignature(theirs, signature, anyTuning);
  return readModelBody(body);
}

/** The model's record behind its signature. */
function readModelBody(body: ByteReader): ModelState {
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
  let initial: string | undefined;
  let gate: Float32Array | undefined;
  let budget: Float64Array | undefined;
  let stream: Float64Array | undefined;
  let groups: ModelState["groups"];
  while (!body.isAtEnd) {
    const section = body.text();
    if (section === modelSections.initial) initial = body.text();
    else if (section === modelSections.gate) gate = body.f32();
    else if (section === modelSections.budget) budget = body.f64();
    else if (section === modelSections.stream) stream = body.f64();
    else if (section === modelSections.groups) groups = { naming: body.text(), states: readGroups(body) };
    else if (section === modelSections.expected && groups !== undefined) {
      groups = { ...groups, states: withExpected(groups.states, body.f64()) };
    } else throw corrupt(`unexpected section "${section}" of the model`);
  }
  return {
    initial,
    keys,
    kernel,
    version,
    weights,
    firstMoments,
    secondMoments,
    queue,
    gate,
    budget,
    stream,
    groups,
  };
}

/** Adds to each group the time until which its incidents are fine. */
function withExpected(states: readonly GroupRecord[], times: Float64Array): readonly GroupRecord[] {
  if (times.length !== states.length) throw corrupt("expected a time for each group");
  return states.map((state, i) => (times[i]! > -Infinity ? { ...state, expected: times[i]! } : state));
}

function readGroups(body: ByteReader): GroupState[] {
  const states = Array.from({ length: body.count() }, () => ({
    name: body.text(),
    count: body.float(),
    history: body.u16(),
    incident: readSlab(body),
  }));
  if (!states.every((state) => Groups.fits(state))) throw corrupt("a group's array has the wrong length");
  return states;
}
