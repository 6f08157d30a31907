/** Recursive least squares for many keys, in WebAssembly: one small linear model for each key, learned online. */
import { UndercurrentError } from "../errors.js";
import { instantiateRegressionKernel, type RegressionKernel } from "./kernel.js";
import { Slab } from "./slab.js";

/** Where the caller writes a batch and reads the forecasts. Views: fetch them anew after `reserve`. */
export interface RegressionBuffers {
  /** The row of each entry of the batch; a row appears at most once in a batch. */
  readonly rows: Int32Array;
  /** Features of entry i at `features[i * stride ..]`; what lies behind the last must stay zero. */
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly forecasts: Float32Array;
}

/** How the models learn. */
export interface RegressionSettings {
  /** Weight that an event keeps when the next one comes: a memory of 1 / (1 - forgetting) events. */
  readonly forgetting: number;
  /** Errors are squared up to this size and absolute beyond it; Infinity squares them all. */
  readonly width: number;
  /** Variance that every weight gains per event, as if it took a random walk. */
  readonly drift: number;
}

/**
 * A slab of linear models f = w·x, each with its covariance. `forecast` remembers the features, so that `learn` needs
 * the target alone.
 *
 * @example
 * ```ts
 * const regressions = new Regressions(2, 1024, { forgetting: 0.9998, width: Infinity, drift: 1e-7 });
 * regressions.reserve(1);
 * regressions.start(0);
 * regressions.buffers.features.set([1, 0.5]);
 * regressions.forecast(1);
 * regressions.buffers.forecasts[0]; // 0: nothing is learned yet
 * regressions.buffers.targets[0] = 3;
 * regressions.learn(1);
 * ```
 */
export class Regressions {
  readonly features: number;
  /** Floats from one entry's features to the next one's: their number, filled up to a multiple of four. */
  readonly stride: number;
  readonly #capacity: number;
  readonly #settings: RegressionSettings;
  readonly #slab: Slab<RegressionKernel>;
  #buffers: RegressionBuffers;

  /** For models of `features` features and batches of up to `capacity` entries. */
  constructor(features: number, capacity: number, settings: RegressionSettings) {
    this.features = features;
    this.stride = Math.ceil(features / 4) * 4;
    this.#capacity = capacity;
    this.#settings = settings;
    const kernel = instantiateRegressionKernel();
    if (!kernel.init(features, capacity)) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        "There is no memory for the buffers of the regressions.",
      );
    }
    this.#slab = new Slab(kernel, "read-outs");
    this.#buffers = this.#viewBuffers();
  }

  get buffers(): RegressionBuffers {
    return this.#buffers;
  }

  /** Floats of a row: weights, last features, covariance. */
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

  /** The first `count` rows of the batch learn that their last features were followed by their targets. */
  learn(count: number): void {
    this.#checkBatch(count);
    const { forgetting, width, drift } = this.#settings;
    this.#slab.kernel.learn(count, forgetting, width, drift);
  }

  /** The first `count` rows of the batch take their features and forecast from them. */
  forecast(count: number): void {
    this.#checkBatch(count);
    this.#slab.kernel.forecast(count);
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
    this.#buffers = { rows: new Int32Array(0), features: nothing, targets: nothing, forecasts: nothing };
  }

  #checkBatch(count: number): void {
    if (!(count >= 0 && count <= this.#capacity))
      throw new RangeError(`a batch of ${count} does not fit ${this.#capacity}`);
    for (let i = 0; i < count; i++) this.#slab.check(this.#buffers.rows[i]!);
  }

  #viewBuffers(): RegressionBuffers {
    const { kernel } = this.#slab;
    const { buffer } = kernel.memory;
    const floats = (at: { readonly value: number }, length: number): Float32Array =>
      new Float32Array(buffer, at.value >>> 0, length);
    return {
      rows: new Int32Array(buffer, kernel.batchRows.value >>> 0, this.#capacity),
      features: floats(kernel.batchFeatures, this.#capacity * this.stride),
      targets: floats(kernel.batchTargets, this.#capacity),
      forecasts: floats(kernel.batchForecasts, this.#capacity),
    };
  }
}
