/**
 * The recurrent part that all keys share: events that wait for the next step of the cell, windows that wait for the
 * next update of its weights, and each key's hidden state with its checkpoints.
 */
import type { Engine, StepBuffers } from "../../engine/port.js";
import type { Cell, CellReader } from "./cell-reader.js";
import { number } from "../keys/row-layout.js";
import {
  isDrawn,
  LearningQueue,
  learningRate,
  windowShare,
  windowsDue,
  type LearningSettings,
  type UpdateReport,
} from "./learning.js";
import type { KeyState, ModelState, QueuedWindow } from "../snapshot/snapshot.js";

/** Rows that one call of the engine steps at most. */
export const rowsPerStep = 1024;

/** Events that the cell has just taken. Row i of each array is one of them; all of it is reused. */
export interface SteppedRows {
  readonly count: number;
  /** Its number in the batch, and its key. */
  readonly events: Int32Array;
  readonly slots: Int32Array;
  /** What the cell and the read-out saw, and what was read out. */
  readonly buffers: StepBuffers;
  readonly stateSize: number;
  /** Reads the new state of row i, `stateSize` floats: the hidden state, and behind it what else the cell keeps. */
  readState(row: number, into: Float32Array): void;
}

export interface RecurrenceListener {
  stepped(rows: SteppedRows): void;
  updated(report: UpdateReport): void;
}

export class CellRunner {
  readonly #settings: LearningSettings;
  readonly #reader: CellReader;
  readonly #listener: RecurrenceListener;
  readonly #engine: Engine;
  readonly #queue: LearningQueue;
  /** State rows of a key: its hidden state, then that before each of the last window/stride strides. */
  readonly #rowsPerKey: number;
  readonly #events = new Int32Array(rowsPerStep);
  readonly #slots = new Int32Array(rowsPerStep);
  #waiting = 0;
  /** The step for which each slot waits, or has waited last. */
  #waitsFor = new Float64Array(0);
  #step = 1;
  /** Keys that have had a window. */
  #learners = 0;
  #version = 0;
  /** The share of the windows that are learned from. */
  #share = 1;
  /** Told to the listener at every step: one object, for a step may be of one event. */
  readonly #stepped: { -readonly [name in keyof SteppedRows]: SteppedRows[name] };

  /** The engine, which this disposes of, has room for `rowsPerStep` rows and the settings' windows. */
  constructor(settings: LearningSettings, { reader, engine }: Cell, listener: RecurrenceListener) {
    this.#settings = settings;
    this.#reader = reader;
    this.#listener = listener;
    this.#engine = engine;
    this.#queue = new LearningQueue(settings, reader);
    this.#rowsPerKey = 1 + settings.bpttSteps / settings.stride;
    this.#stepped = {
      count: 0,
      events: this.#events,
      slots: this.#slots,
      buffers: engine.stepBuffers,
      stateSize: this.stateSize,
      readState: (row, into) => this.#engine.readState(this.#stateRow(this.#slots[row]!), into, 0),
    };
  }

  get version(): number {
    return this.#version;
  }

  get bytes(): number {
    return this.#engine.bytes;
  }

  /** The cell that runs, by name: that of the settings, or what the engine has in its place. */
  get cell(): string {
    return this.#engine.description.cell;
  }

  /** The engine's kernel: its arithmetic, to the bit. */
  get kernel(): string {
    return this.#engine.description.kernel;
  }

  /** Floats of a key's states, as `readStates` gives them. */
  get statesPerKey(): number {
    return this.#rowsPerKey * this.#engine.description.stateSize;
  }

  /** Floats of one hidden state. */
  get stateSize(): number {
    return this.#engine.description.stateSize;
  }

  /** Most windows of an update, and the steps of one. */
  get windows(): number {
    return this.#settings.bpttWindows;
  }

  get windowSteps(): number {
    return this.#settings.bpttSteps;
  }

  /** Floats of the row that a waiting window is made from. */
  get windowRow(): number {
    return this.#reader.rowSize;
  }

  /** Length of each array of the weights and moments. */
  get parameters(): number {
    return this.#engine.description.parameters;
  }

  /** Makes room for the states of `keys` keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(keys: number): void {
    this.#engine.reserve(this.#stateRow(keys));
    if (this.#waitsFor.length >= keys) return;
    const waitsFor = new Float64Array(keys);
    waitsFor.set(this.#waitsFor);
    this.#waitsFor = waitsFor;
  }

  /** Whether the events that wait must step before this key can take another. */
  blocks(slot: number): boolean {
    return this.#waitsFor[slot] === this.#step || this.#waiting === rowsPerStep;
  }

  /**
   * Queues the key's window where it is due, runs the update where that is due, and keeps the hidden state. To be
   * called when the key's change number `count`, which is `change`, is in the ring, and before its inputs are.
   */
  schedule(
    slot: number,
    singles: Float32Array,
    row: number,
    count: number,
    change: number,
    missing: boolean,
  ): void {
    const { stride, bpttSteps: window } = this.#settings;
    if (count % stride !== 0) return;
    const checkpoint = this.#stateRow(slot) + 1 + ((count / stride) % (window / stride));
    if (count === window || (count > window && isDrawn(this.#share, count, change))) {
      if (this.#queue.holds(slot)) this.#learn();
      const place = this.#queue.add(slot, singles, row, count, missing);
      this.#engine.copyState(checkpoint, place);
      if (count === window) this.#countLearners(1);
      if (this.#queue.length >= windowsDue(this.#settings, this.#learners)) this.#learn();
    }
    this.#engine.copyState(this.#stateRow(slot), checkpoint);
  }

  /** Lets the key's event number `count`, whose change and inputs are in the rings, wait for the next step. */
  enter(event: number, slot: number, singles: Float32Array, row: number, count: number): void {
    const buffers = this.#engine.stepBuffers;
    const place = this.#waiting++;
    this.#events[place] = event;
    this.#slots[place] = slot;
    this.#waitsFor[slot] = this.#step;
    buffers.states[place] = this.#stateRow(slot);
    this.#reader.writeStep(singles, row, count, buffers, place);
  }

  /** Steps the cell for all events that wait. */
  step(): void {
    const count = this.#waiting;
    if (count === 0) return;
    this.#engine.step(count);
    this.#waiting = 0;
    this.#step++;
    this.#stepped.count = count;
    this.#stepped.buffers = this.#engine.stepBuffers;
    this.#listener.stepped(this.#stepped);
  }

  /** Takes the states of a key that has had `count` events back to zero. A window of it that waits is learned from first. */
  forget(slot: number, count: number): void {
    if (this.#queue.holds(slot)) this.#learn();
    if (count > this.#settings.bpttSteps) this.#countLearners(-1);
    this.writeStates(slot, new Float32Array(this.statesPerKey));
  }

  /** Reads a key's hidden state and checkpoints. */
  readStates(slot: number, into: Float32Array): void {
    for (let i = 0; i < this.#rowsPerKey; i++) {
      this.#engine.readState(this.#stateRow(slot) + i, into, i * this.stateSize);
    }
  }

  writeStates(slot: number, states: Float32Array): void {
    for (let i = 0; i < this.#rowsPerKey; i++) {
      this.#engine.writeState(this.#stateRow(slot) + i, states, i * this.stateSize);
    }
  }

  /** Weights, moments and waiting windows. */
  readModel(keyOf: (slot: number) => string): Omit<ModelState, "keys"> {
    const queue = Array.from({ length: this.#queue.length }, (_, place): QueuedWindow => {
      const state = new Float32Array(this.stateSize);
      this.#engine.readState(place, state, 0);
      return { ...this.#queue.window(place), key: keyOf(this.#queue.slots[place]!), state };
    });
    return { kernel: this.kernel, version: this.#version, ...this.#engine.readParameters(), queue };
  }

  /** Takes over a model and, of its keys, how many have had a window. */
  writeModel(model: ModelState, keys: readonly KeyState[], slotOf: (key: string) => number): void {
    // Events that wait for a step are of the state before.
    this.#waiting = 0;
    this.#learners = keys.filter(({ numbers }) => numbers[number.count]! > this.#settings.bpttSteps).length;
    this.#engine.writeParameters(model);
    this.#version = model.version;
    this.#share = windowShare(this.#settings, this.#learners, this.#version);
    this.#queue.length = 0;
    for (const window of model.queue) {
      const place = this.#queue.add(slotOf(window.key), window.row, 0, window.count, window.lastMissing);
      this.#engine.writeState(place, window.state, 0);
    }
  }

  dispose(): void {
    this.#engine.dispose();
  }

  #countLearners(more: number): void {
    this.#learners += more;
    this.#share = windowShare(this.#settings, this.#learners, this.#version);
  }

  /** Events that wait go first: they step with the weights of their time. */
  #learn(): void {
    this.step();
    const windows = this.#queue.length;
    this.#version++;
    this.#share = windowShare(this.#settings, this.#learners, this.#version);
    const rate = learningRate(this.#settings, this.#version);
    const report = this.#queue.learn(this.#engine, rate);
    this.#listener.updated({ ...report, version: this.#version, windows });
  }

  /** The first state row of a key; the rows before all keys' hold the states that waiting windows start from. */
  #stateRow(slot: number): number {
    return this.#settings.bpttWindows + slot * this.#rowsPerKey;
  }
}
