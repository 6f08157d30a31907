/** Recursive least squares for many keys, in WebAssembly: one small linear model for each key, learned online. */
import { UndercurrentError } from "../errors.js";
import { instantiateRegressionKernel, type RegressionKernel } from "./kernel.js";

/** Where the caller writes a batch and reads the forecasts. Views: fetch them anew after `reserve`. */
export interface RegressionBuffers {
  /** The row of each entry of the batch; a row appears at most once in a batch. */
  readonly rows: Int32Array;
  /** Features of entry i at `features[i * stride ..]`; what lies behind the last must stay zero. */
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly forecasts: Float32Array;
}

/**
 * A slab of linear models f = w·x, each with its covariance. `forecast` remembers the features, so that `learn` needs
 * the target alone.
 *
 * @example
 * ```ts
 * const regressions = new Regressions(2, 1024, 0.9998);
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
  readonly #forgetting: number;
  /** Gone after `dispose`, so that the memory can be collected. */
  #kernel: RegressionKernel | undefined;
  #buffers: RegressionBuffers;
  #slab: Float32Array;
  #rows = 0;

  /** For models of `features` features and batches of up to `capacity` entries; memory of 1 / (1 - forgetting). */
  constructor(features: number, capacity: number, forgetting: number) {
    this.features = features;
    this.stride = Math.ceil(features / 4) * 4;
    this.#capacity = capacity;
    this.#forgetting = forgetting;
    const kernel = instantiateRegressionKernel();
    if (!kernel.init(features, capacity)) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        "There is no memory for the buffers of the regressions.",
      );
    }
    this.#kernel = kernel;
    this.#buffers = this.#viewBuffers(kernel);
    this.#slab = this.#viewSlab(kernel);
  }

  get buffers(): RegressionBuffers {
    return this.#buffers;
  }

  /** Floats of a row: weights, last features, covariance. */
  get rowSize(): number {
    return this.#use().rowSize();
  }

  get bytes(): number {
    return this.#use().memory.buffer.byteLength;
  }

  /** Makes rows 0 .. rows-1 exist; new ones must be started or written. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(rows: number): void {
    const kernel = this.#use();
    if (rows <= this.#rows) return;
    if (rows > 0x7fffffff || !kernel.reserve(rows)) {
      const bytes = 4 * kernel.rowSize();
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        `There is no memory for ${rows} read-outs of ${bytes} bytes each.`,
      );
    }
    this.#rows = rows;
    this.#buffers = this.#viewBuffers(kernel);
    this.#slab = this.#viewSlab(kernel);
  }

  /** Makes a row forget everything. */
  start(row: number): void {
    this.#use().start(this.#check(row));
  }

  /** The first `count` rows of the batch learn that their last features were followed by their targets. */
  learn(count: number): void {
    this.#checkBatch(count);
    this.#use().learn(count, this.#forgetting);
  }

  /** The first `count` rows of the batch take their features and forecast from them. */
  forecast(count: number): void {
    this.#checkBatch(count);
    this.#use().forecast(count);
  }

  /** A copy of a row. */
  read(row: number): Float32Array {
    const size = this.rowSize;
    return this.#slab.slice(this.#check(row) * size, (row + 1) * size);
  }

  write(row: number, values: Float32Array): void {
    this.#slab.set(values, this.#check(row) * this.rowSize);
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#kernel = undefined;
    this.#slab = new Float32Array(0);
    this.#buffers = {
      rows: new Int32Array(0),
      features: this.#slab,
      targets: this.#slab,
      forecasts: this.#slab,
    };
  }

  #use(): RegressionKernel {
    if (this.#kernel === undefined) {
      throw new UndercurrentError(
        "FORECASTER_DISPOSED",
        "The regressions were used after they were disposed of.",
      );
    }
    return this.#kernel;
  }

  /** A row that does not exist would be memory that does not exist, or another row's. */
  #check(row: number): number {
    if (!(row >= 0 && row < this.#rows))
      throw new RangeError(`there is no row ${row}: ${this.#rows} are reserved`);
    return row;
  }

  #checkBatch(count: number): void {
    if (!(count >= 0 && count <= this.#capacity))
      throw new RangeError(`a batch of ${count} does not fit ${this.#capacity}`);
    for (let i = 0; i < count; i++) this.#check(this.#buffers.rows[i]!);
  }

  #viewBuffers(kernel: RegressionKernel): RegressionBuffers {
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

  #viewSlab(kernel: RegressionKernel): Float32Array {
    return new Float32Array(kernel.memory.buffer, kernel.slab.value >>> 0, this.#rows * kernel.rowSize());
  }
}
