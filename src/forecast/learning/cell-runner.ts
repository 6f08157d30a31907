/**
 * The recurrent part that all keys share: events that wait for the next step of the cell, windows that wait for the
 * next update of its weights, and each key's hidden state with its checkpoints.
 */
import { remainder } from "../elementary.js";
import type { Engine } from "../../engine/port.js";
import type { Cell, CellReader } from "./cell-reader.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import { UpdateBudget } from "./budget.js";
import { LearningQueue } from "./queue.js";
import {
  isDrawn,
  learningRate,
  windowShare,
  windowsDue,
  type LearningSettings,
  type UpdateReport,
} from "./schedule.js";
import { rowsPerStep, type SteppedRows } from "../../engine/stepped-rows.js";
import { randomWeights } from "../settings.js";
import type { ModelState, QueuedWindow } from "./model-state.js";

/** A key with its rows, whatever their layout. */
type Cursor = KeyRow<unknown>;

export class CellRunner {
  readonly #settings: LearningSettings;
  readonly #reader: CellReader;
  readonly #updated: (report: UpdateReport) => void;
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
  /** Undefined where updates cost nothing. */
  readonly #budget: UpdateBudget | undefined;
  /** Keys that have had a window. */
  #learners = 0;
  #version = 0;
  #initial: string;
  /** The share of the windows that are learned from. */
  #share = 1;
  /** What `step` returns: one object, for a step may be of one event. */
  readonly #stepped: { -readonly [name in keyof SteppedRows]: SteppedRows[name] };

  /**
   * Takes an engine with room for `rowsPerStep` rows and the settings' windows, and disposes of it at the end. `updated` is
   * called after each weight update.
   */
  constructor(
    settings: LearningSettings,
    { reader, engine, initial }: Cell,
    updated: (report: UpdateReport) => void,
  ) {
    this.#settings = settings;
    this.#reader = reader;
    this.#updated = updated;
    this.#engine = engine;
    this.#initial = initial;
    const { learning, maxUpdatesPerSecond } = settings;
    if (learning === "budget" && maxUpdatesPerSecond !== undefined)
      this.#budget = new UpdateBudget({ maxUpdatesPerSecond });
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

  /** Identity of the weights that the model began with: those of a snapshot once one was restored. */
  get initial(): string {
    return this.#initial;
  }

  get bytes(): number {
    return this.#engine.bytes;
  }

  /** Name of the running cell: that of the settings, or the engine's own. */
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

  /** Event time passes: an event of this time is taken. */
  pass(time: number): void {
    this.#budget?.pass(time);
  }

  /** Whether the events that wait must step before this key can take another. */
  blocks(slot: number): boolean {
    return this.#waitsFor[slot] === this.#step || this.#waiting === rowsPerStep;
  }

  /** Returns whether the key's event makes a weight update due. Waiting rows must be stepped before `schedule` then. */
  updatesWith({ slot, f64, at64 }: Cursor, change: number): boolean {
    const count = f64[at64 + number.count]!;
    if (remainder(count, this.#settings.stride) !== 0 || !this.#givesWindow(count, change)) return false;
    const learners = this.#learners + (count === this.#settings.bpttSteps ? 1 : 0);
    return this.#queue.length + 1 >= windowsDue(this.#settings, learners) || this.#queue.holds(slot);
  }

  /**
   * Queues the key's window if it is due, runs the update if it is due, and keeps the hidden state. Call it after the event's
   * change is in the key's ring and before its inputs are.
   */
  schedule(key: Cursor, change: number, missing: boolean): void {
    const { slot } = key;
    const count = key.f64[key.at64 + number.count]!;
    const { stride, bpttSteps: window } = this.#settings;
    if (remainder(count, stride) !== 0) return;
    const checkpoint = this.#stateRow(slot) + 1 + remainder(count / stride, window / stride);
    if (this.#givesWindow(count, change)) {
      if (this.#queue.holds(slot)) this.#learn();
      const place = this.#queue.add(slot, key, count, missing);
      this.#engine.copyState(checkpoint, place);
      if (count === window) this.#countLearners(1);
      if (this.#queue.length >= windowsDue(this.#settings, this.#learners)) this.#learn();
    } else if (count === window) {
      this.#countLearners(1);
    }
    this.#engine.copyState(this.#stateRow(slot), checkpoint);
  }

  /** Lets the key's event in row `event` of the batch, whose change and inputs are in the rings, wait for the next step. */
  enter(key: Cursor, event: number): void {
    const { slot } = key;
    const buffers = this.#engine.stepBuffers;
    const place = this.#waiting++;
    this.#events[place] = event;
    this.#slots[place] = slot;
    this.#waitsFor[slot] = this.#step;
    buffers.states[place] = this.#stateRow(slot);
    this.#reader.writeStep(key, key.f64[key.at64 + number.count]!, buffers, place);
  }

  /** Steps the cell for all waiting events and returns their rows; undefined if none wait. One object is reused. */
  step(): SteppedRows | undefined {
    const count = this.#waiting;
    if (count === 0) return undefined;
    this.#engine.step(count);
    this.#waiting = 0;
    this.#step++;
    this.#stepped.count = count;
    this.#stepped.buffers = this.#engine.stepBuffers;
    return this.#stepped;
  }

  /**
   * Takes the states of a key that has had `count` events back to zero. A window of it that waits is learned from first.
   * No event may wait.
   */
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
    const initial = this.#initial === randomWeights ? undefined : this.#initial;
    const { kernel, version } = this;
    return {
      initial,
      kernel,
      version,
      ...this.#engine.readParameters(),
      queue,
      budget: this.#budget?.read(),
    };
  }

  /** Loads a model whose keys have had these numbers of events. */
  writeModel(model: ModelState, counts: readonly number[], slotOf: (key: string) => number): void {
    // Events that wait for a step are of the state before.
    this.#waiting = 0;
    this.#learners = counts.filter((count) => count > this.#settings.bpttSteps).length;
    this.#engine.writeParameters(model);
    this.#version = model.version;
    this.#initial = model.initial ?? randomWeights;
    this.#share = windowShare(this.#settings, this.#learners, this.#version);
    this.#budget?.write(model.budget);
    this.#queue.length = 0;
    // Where nothing is learned any more, what waits would wait for good.
    if (this.#settings.learning === "off") return;
    for (const window of model.queue) {
      const row = { f32: window.row, at32: 0 };
      const place = this.#queue.add(slotOf(window.key), row, window.count, window.lastMissing);
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

  #givesWindow(count: number, change: number): boolean {
    const { bpttSteps: window, learning } = this.#settings;
    if (learning === "off" || this.#budget?.allows === false) return false;
    return count === window || (count > window && isDrawn(this.#share, count, change));
  }

  /** No event may wait: it would be stepped with the weights of a later time. */
  #learn(): void {
    const windows = this.#queue.length;
    this.#version++;
    this.#budget?.spend();
    this.#share = windowShare(this.#settings, this.#learners, this.#version);
    const rate = learningRate(this.#settings, this.#version);
    const report = this.#queue.learn(this.#engine, rate);
    this.#updated({ ...report, version: this.#version, windows });
  }

  /** The first state row of a key; the rows before all keys' hold the states that waiting windows start from. */
  #stateRow(slot: number): number {
    return this.#settings.bpttWindows + slot * this.#rowsPerKey;
  }
}
