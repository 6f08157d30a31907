/**
 * Reads and writes the binary form of a forecaster's state: one record for the model and one for each key, in any order. Bodies
 * begin with the settings' signature. Text is UTF-8, and arrays are raw, each after its length in a u32.
 */
import { UndercurrentError } from "../../errors/library.js";
import { ArrayRoom, ByteReader, ByteWriter } from "./bytes.js";
import type { GroupRecord, ModelState } from "../learning/model-state.js";
import { budgetSize } from "../learning/budget.js";
import { addedSingles } from "../detection/layout.js";
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

/** What a snapshot holds of a key. */
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
  readonly seasons?: SeasonState | undefined;
  /** Where anomalies are detected; a record without it begins the detection anew. */
  readonly detection?: DetectionState | undefined;
  /** Where the key has or had an incident. */
  readonly incidents?: IncidentState | undefined;
  /** Where silent keys are watched for. */
  readonly silence?: SilenceState | undefined;
  /** Where users said which incidents of the key are fine. */
  readonly expected?: ExpectedTimes | undefined;
  /** Where the key is a member of a group. */
  readonly member?: SlabRows | undefined;
  /** The group that the key's event named, empty for none. */
  readonly group?: string | undefined;
}

/** A snapshot as its records side by side, or as parts that each hold whole records, the model's first. */
export type SnapshotBytes = Uint8Array | readonly Uint8Array[];

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
  /** The arrays of a key are there until the next one is asked for. */
  readonly keys: Iterable<KeyState>;
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

/** Returns the parts of a snapshot. */
export function partsOf(snapshot: SnapshotBytes): readonly Uint8Array[] {
  return isBytes(snapshot) ? [snapshot] : snapshot;
}

/** Whether something is a Uint8Array, also one of another realm, as in a test of Jest. */
export function isBytes(given: unknown): given is Uint8Array {
  return Object.prototype.toString.call(given) === "[object Uint8Array]";
}

/** Throws SETTING_INVALID unless the bytes of a snapshot are given. */
export function requireSnapshot(given: unknown): asserts given is Uint8Array {
  if (isBytes(given)) return;
  throw new UndercurrentError("SETTING_INVALID", "restore: expected the bytes of a snapshot, a Uint8Array");
}

/** Reads the head of the model's record of a snapshot. Throws SNAPSHOT_CORRUPT and SNAPSHOT_VERSION. */
export function readModelHead(snapshot: SnapshotBytes): ModelHead {
  const [first = new Uint8Array(0)] = partsOf(snapshot);
  const { kind, body: bytes } = open(first, 0);
  if (kind !== kinds.model) throw corrupt("the first record is not the model's");
  const body = new ByteReader(bytes);
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
  const { kind, body: bytes } = open(record, 0);
  if (kind !== kinds.key) throw corrupt("the record is not a key's");
  const body = new ByteReader(bytes);
  body.count();
  body.text();
  const f64 = body.f64();
  const entries = Object.entries(number).filter(([, index]) => index <= number.undisturbed);
  return Object.fromEntries(entries.map(([name, index]) => [name, f64[index]])) as Record<
    NumberOfFormat1,
    number
  >;
}

/** How a part of a record is written and read. */
interface Section<Part> {
  write(body: ByteWriter, part: Part): void;
  read(body: ByteReader): Part;
}

const slab: Section<SlabRows> = {
  write(body, { f64, f32, u16 }) {
    body.f64(f64);
    body.f32(f32);
    body.u16(u16);
  },
  read: (body) => ({ f64: body.f64(), f32: body.f32(), u16: body.u16() }),
};

const text: Section<string> = { write: (body, value) => body.text(value), read: (body) => body.text() };
const doubles: Section<Float64Array> = {
  write: (body, values) => body.f64(values),
  read: (body) => body.f64(),
};
const singles: Section<Float32Array> = {
  write: (body, values) => body.f32(values),
  read: (body) => body.f32(),
};

/** The sections that the model's record may have, in their order; those of groups follow. */
const modelSections = { initial: text, gate: singles, budget: doubles, stream: doubles } as const;
const groupSections = { groups: "groups", expected: "expected groups" } as const;

type ModelSection = keyof typeof modelSections;

/** Writes the parts that are there, each behind the name of its section. */
function writeSections<Name extends string>(
  body: ByteWriter,
  codecs: Readonly<Record<Name, Pick<Section<never>, "write">>>,
  parts: Readonly<Partial<Record<NoInfer<Name>, unknown>>>,
): void {
  for (const [name, section] of Object.entries<Pick<Section<never>, "write">>(codecs)) {
    const part = parts[name as Name];
    if (part === undefined) continue;
    body.text(name);
    section.write(body, part as never);
  }
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
  writeSections(body, modelSections, model);
  if (model.groups !== undefined) {
    body.text(groupSections.groups);
    body.text(model.groups.naming);
    body.count(model.groups.states.length);
    for (const { name, count, history, incident } of model.groups.states) {
      body.text(name);
      body.float(count);
      body.u16(history);
      slab.write(body, incident);
    }
    if (model.groups.states.some(({ expected }) => expected !== undefined)) {
      body.text(groupSections.expected);
      body.f64(Float64Array.from(model.groups.states, ({ expected = -Infinity }) => expected));
    }
  }
  return { key: undefined, bytes: seal(kinds.model, body) };
}

/** The sections that a key's record has where the key has such a part, in their order. */
const sections = {
  gate: slab,
  seasons: {
    write(body: ByteWriter, { numbers, values }: SeasonState) {
      body.f64(numbers);
      body.f32(values);
    },
    read: (body: ByteReader) => ({ numbers: body.f64(), values: body.f32() }),
  },
  detection: slab,
  incidents: slab,
  silence: slab,
  expected: doubles,
  member: slab,
  group: text,
} as const;

type SectionName = keyof typeof sections;
const sectionNames = Object.keys(sections) as SectionName[];

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
  writeSections(body, sections, state);
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
 *
 * @param parts Each holds whole records.
 */
export function decodeSnapshot(
  parts: readonly Uint8Array[],
  signature: Signature,
  sizes: SnapshotSizes,
  anyTuning: boolean,
): Snapshot {
  let model: ModelState | undefined;
  let symbols: ByteReader | undefined;
  const windows: ByteReader[] = [];
  const keys = new KeyRecords(signatureSum(signature), sizes);
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      const { format, kind, body: bytes, end } = open(part, at);
      at = end;
      corruptUnlessFits(() => {
        if (kind === kinds.key) {
          keys.add(bytes, format);
          return;
        }
        const body = new ByteReader(bytes);
        if (kind === kinds.model) {
          if (model !== undefined) throw corrupt("expected one model, found two");
          model = readModel(body, signature, anyTuning);
          if (sizes.stream === undefined) model = { ...model, stream: undefined };
          const conversion = sizes.conversions[format];
          if (conversion !== undefined) model = convertModel(model, conversion);
        } else if (kind === kinds.windows) {
          if (body.count() !== keys.sum) throw foreign("the windows' record was made with other settings");
          windows.push(body);
        } else if (kind === kinds.symbols && symbols === undefined) {
          symbols = body;
        } else {
          throw corrupt(`unexpected record of kind ${kind}`);
        }
      });
    }
  }
  if (model === undefined) throw corrupt("expected one model, found none");
  keys.check(model);
  if (!modelFits(model, sizes)) throw corrupt("an array has the wrong length");
  checkQueue(model, keys.counts, sizes);
  return { model, keys, symbols, windows };
}

/**
 * The records of keys, each read twice: once to be checked, before anything of a snapshot is taken over, and once to be taken
 * over. So no more than one key's arrays are in memory beside the records. Who checks needs the lengths of most arrays alone.
 */
class KeyRecords implements Iterable<KeyState> {
  /** Of the settings that the records were made with. */
  readonly sum: number;
  /** Events of each key. */
  readonly counts = new Map<string, number>();
  readonly #sizes: SnapshotSizes;
  readonly #lengths = new ArrayRoom(false);
  readonly #room = new ArrayRoom();
  readonly #records: { readonly body: Uint8Array; readonly format: number }[] = [];
  #hasGate: boolean | undefined;

  constructor(sum: number, sizes: SnapshotSizes) {
    this.sum = sum;
    this.#sizes = sizes;
  }

  *[Symbol.iterator](): Iterator<KeyState> {
    for (const { body, format } of this.#records) yield this.#read(body, format, this.#room);
  }

  /** Takes a record. Throws SNAPSHOT_FOREIGN and SNAPSHOT_CORRUPT, and RangeError past its end. */
  add(body: Uint8Array, format: number): void {
    const isOlder = this.#sizes.conversions[format] !== undefined;
    const state = this.#read(body, format, isOlder ? this.#room : this.#lengths);
    const { key, f64, gate } = state;
    if (this.counts.has(key)) throw corrupt("a key occurs twice");
    const hasGate = gate !== undefined;
    if (!keyFits(state, this.#sizes) || (this.#hasGate ?? hasGate) !== hasGate)
      throw corrupt("an array has the wrong length");
    this.#hasGate = hasGate;
    const count = f64[number.count]!;
    // Rings are read at places that follow from it.
    if (!isCount(count) || count === 0) throw corrupt(`the key "${key}" has had ${count} events`);
    this.counts.set(key, count);
    this.#records.push({ body, format });
  }

  /** Throws SNAPSHOT_CORRUPT where they are not those of the model. */
  check({ keys, gate }: ModelState): void {
    const { size } = this.counts;
    if (size !== keys) throw corrupt(`expected ${keys} keys, found ${size}`);
    if (size > 0 && this.#hasGate !== (gate !== undefined)) throw corrupt("an array has the wrong length");
  }

  #read(body: Uint8Array, format: number, room: ArrayRoom): KeyState {
    room.clear();
    const reader = new ByteReader(body, room);
    if (reader.count() !== this.sum) throw foreign("a key's record was made with other settings");
    const state = readKey(reader, this.#sizes);
    return this.#sizes.conversions[format]?.convert(state) ?? state;
  }
}

/**
 * Throws SNAPSHOT_CORRUPT where a count is none that a model can have: windows wait until as many have come as an update
 * learns from.
 */
function checkQueue(
  { version, queue }: ModelState,
  counts: ReadonlyMap<string, number>,
  { queue: places, windowSteps }: SnapshotSizes,
): void {
  if (!isCount(version)) throw corrupt(`its model has the version ${version}`);
  if (queue.length >= places) throw corrupt(`${queue.length} windows wait, where ${places} make an update`);
  if (new Set(queue.map(({ key }) => key)).size < queue.length)
    throw corrupt("a key has two waiting windows");
  for (const { key, count } of queue) {
    const events = counts.get(key);
    if (events === undefined) throw corrupt("a key of a waiting window is not in it");
    if (!isCount(count) || count < windowSteps || count >= events) {
      throw corrupt(`a window waits that ends with event ${count} of ${events}`);
    }
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function modelFits(model: ModelState, sizes: SnapshotSizes): boolean {
  const parameters = [model.weights, model.firstMoments, model.secondMoments];
  return (
    parameters.every((array) => array.length === sizes.parameters) &&
    (model.gate === undefined || model.gate.length === sizes.gateWeights) &&
    (model.budget === undefined || model.budget.length === budgetSize) &&
    (model.stream === undefined || model.stream.length === sizes.stream) &&
    model.queue.every(({ row, state }) => row.length === sizes.window && state.length === sizes.state)
  );
}

function keyFits(state: KeyState, sizes: SnapshotSizes): boolean {
  const { f64, f32, states, readout, horizons, gate, seasons, detection, expected } = state;
  return (
    (gate === undefined || hasSizes(gate, sizes.gate) || hasSizes(gate, sizes.formerGate)) &&
    (detection === undefined ||
      hasSizes(detection, sizes.detection) ||
      hasSizes(detection, sizes.detection, addedSingles)) &&
    (seasons === undefined || (sizes.hasSeasons && Seasons.fits(seasons))) &&
    readout.length === sizes.readout &&
    horizons?.f64.length === sizes.horizons?.f64 &&
    horizons?.f32.length === sizes.horizons?.f32 &&
    horizons?.models.length === sizes.horizons?.models &&
    slabNames.every((name) => state[name] === undefined || hasSizes(state[name], sizes[name])) &&
    (expected === undefined || expected.length === sizes.expected) &&
    f64.length === sizes.f64 &&
    f32.length === sizes.f32 &&
    states.length === sizes.states
  );
}

const slabNames = ["incidents", "silence", "member"] as const;

/** Whether rows have these lengths, but for the last singles, which an older record lacks. */
function hasSizes({ f64, f32, u16 }: SlabRows, sizes: SlabSizes | undefined, lacking = 0): boolean {
  return f64.length === sizes?.f64 && f32.length + lacking === sizes.f32 && u16.length === sizes.u16;
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
  const parts: Record<string, unknown> = {};
  while (!body.isAtEnd) {
    const name = body.known(sectionNames);
    if (name === undefined) throw corrupt(`unexpected section "${body.text()}" of a key`);
    const part = sections[name].read(body);
    if (isOfUse(name, part, sizes)) parts[name] = part;
  }
  return { ...state, ...parts };
}

/**
 * Whether the settings have a use for a part. The rows of other settings of detection are of none: it begins anew. Without it no
 * value is scored, so that no incident would ever be closed.
 */
function isOfUse(name: SectionName, part: unknown, sizes: SnapshotSizes): boolean {
  if (name === "detection") return (part as DetectionState).u16.length === sizes.detection?.u16;
  if (name === "gate" || name === "seasons") return true;
  return sizes[name === "group" ? "member" : name] !== undefined;
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
  const parts: { -readonly [Name in ModelSection]?: ModelState[Name] } = {};
  let groups: ModelState["groups"];
  while (!body.isAtEnd) {
    const name = body.text();
    if (Object.hasOwn(modelSections, name)) {
      (parts as Record<string, unknown>)[name] = modelSections[name as ModelSection].read(body);
    } else if (name === groupSections.groups) groups = { naming: body.text(), states: readGroups(body) };
    else if (name === groupSections.expected && groups !== undefined) {
      groups = { ...groups, states: withExpected(groups.states, body.f64()) };
    } else throw corrupt(`unexpected section "${name}" of the model`);
  }
  const { initial, gate, budget, stream } = parts;
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
    incident: slab.read(body),
  }));
  if (!states.every((state) => Groups.fits(state))) throw corrupt("a group's array has the wrong length");
  return states;
}
