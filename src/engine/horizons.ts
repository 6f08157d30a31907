/** Linear models of the values 1 to H steps ahead for many keys, in WebAssembly, learned from delayed targets. */
import { UndercurrentError } from "../errors.js";
import { instantiateHorizonKernel, type HorizonKernel } from "./kernel.js";
import { Slab } from "./slab.js";

/** Where the caller writes an event and reads its forecasts. Views: fetch them anew after `reserve`. */
export interface HorizonBuffers {
  /** Features of the event; what lies behind the last must stay zero. */
  readonly features: Float32Array;
  /** For steps 1 to H. */
  readonly targets: Float32Array;
  readonly forecasts: Float32Array;
}

/**
 * A slab of linear models, one for each key and step, that share a covariance for each key. An event of a key is given
 * by its place: its number modulo the horizon. At each event first `learn` or `skip`, then `forecast`.
 *
 * @example
 * ```ts
 * const regressions = new HorizonRegressions(2, 3, 0.9998);
 * regressions.reserve(1);
 * regressions.start(0);
 * regressions.buffers.features.set([1, 0.5]);
 * regressions.forecast(0, 0); // event 0
 * regressions.buffers.forecasts; // steps 1, 2 and 3: nothing is learned yet
 * regressions.buffers.targets.set([0, 0, 0]);
 * regressions.learn(0, 1); // event 1: its value is the target of events before, one for each step
 * ```
 */
export class HorizonRegressions {
  readonly #horizon: number;
  readonly #stride: number;
  readonly #forgetting: number;
  readonly #slab: Slab<HorizonKernel>;
  #buffers: HorizonBuffers;

  /** For `features` features and steps 1 to `horizon`; memory of 1 / (1 - forgetting). */
  constructor(features: number, horizon: number, forgetting: number) {
    this.#horizon = horizon;
    this.#stride = Math.ceil(features / 4) * 4;
    this.#forgetting = forgetting;
    const kernel = instantiateHorizonKernel();
    if (!kernel.init(features, horizon)) {
      throw new UndercurrentError("MEMORY_EXHAUSTED", "There is no memory for the buffers of the horizons.");
    }
    this.#slab = new Slab(kernel, "models of further steps");
    this.#buffers = this.#viewBuffers();
  }

  get buffers(): HorizonBuffers {
    return this.#buffers;
  }

  /** Floats of a row: weights, rings of features and gains, covariance, mean squared errors. */
  get rowSize(): number {
    return this.#slab.rowSize;
  }

  get bytes(): number {
    return this.#slab.bytes;
  }

  /** Makes rows 0 .. rows-1 exist; new ones must be started or written. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(rows: number): void {
    if (this.#slab.reserve(rows)) this.#buffers = this.#viewBuffers();
  }

  /** Makes a row forget everything. */
  start(row: number): void {
    this.#slab.start(row);
  }

  /**
   * The event at `place` learns the targets in the buffers: that of step h belongs to the event h before. With `gains`
   * the event before this one counts from now on, else never.
   */
  learn(row: number, place: number, gains: boolean): void {
    const { kernel } = this.#slab;
    this.#slab.check(row);
    const before = this.#before(place);
    if (gains) kernel.gain(row, before, this.#forgetting);
    else kernel.skip(row, before);
    kernel.learn(row, before);
  }

  /** The event at `place` has no value: nothing is learned, and the event before this one never counts. */
  skip(row: number, place: number): void {
    this.#slab.kernel.skip(this.#slab.check(row), this.#before(place));
  }

  /** The event at `place` has the features in the buffers: writes its forecasts there. */
  forecast(row: number, place: number): void {
    this.#slab.kernel.forecast(this.#slab.check(row), this.#check(place));
  }

  /** A copy of a row. */
  read(row: number): Float32Array {
    return this.#slab.read(row);
  }

  write(row: number, values: Float32Array): void {
    this.#slab.write(row, values);
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#slab.dispose();
    const nothing = new Float32Array(0);
    this.#buffers = { features: nothing, targets: nothing, forecasts: nothing };
  }

  #before(place: number): number {
    return (this.#check(place) + this.#horizon - 1) % this.#horizon;
  }

  #check(place: number): number {
    if (!(place >= 0 && place < this.#horizon))
      throw new RangeError(`there is no place ${place} in a ring of ${this.#horizon}`);
    return place;
  }

  #viewBuffers(): HorizonBuffers {
    const { kernel } = this.#slab;
    const floats = (at: { readonly value: number }, length: number): Float32Array =>
      new Float32Array(kernel.memory.buffer, at.value >>> 0, length);
    return {
      features: floats(kernel.eventFeatures, this.#stride),
      targets: floats(kernel.targets, this.#horizon),
      forecasts: floats(kernel.forecasts, this.#horizon),
    };
  }
}
