/** Recursive least squares for many keys, in WebAssembly: one small linear model for each key, learned online. */
import { UndercurrentError } from "../../errors/library.js";
import { toFours } from "../parameters.js";
import { instantiateRegressionKernel, type RegressionKernel } from "./kernel.js";
import { floatsAt, Slab } from "./slab.js";

/** Where the caller writes a batch and reads the forecasts. */
export interface RegressionBuffers {
  /** The row of each entry of the batch; a row appears at most once in a batch. */
  readonly rows: Int32Array;
  /** Features of entry i at `features[i * stride ..]`; entries after the last feature must stay zero. */
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
  /** Variance that every weight gains per event, as in a random walk. */
  readonly drift: number;
}

/**
 * A slab of linear models f = w·x, each with its covariance. `forecast` remembers the features, so that `learn` needs
 * the target alone. A row holds the weights, the last features and the covariance.
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
export class Regressions extends Slab<RegressionKernel, RegressionBuffers> {
  /** Floats from one entry's features to the next one's: their number, filled up to a multiple of four. */
  readonly stride: number;
  readonly #capacity: number;
  readonly #settings: RegressionSettings;

  /** For models of `features` features and batches of up to `capacity` entries. */
  constructor(features: number, capacity: number, settings: RegressionSettings) {
    const kernel = instantiateRegressionKernel();
    if (!kernel.init(features, capacity)) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        "out of memory: cannot allocate the buffers of the read-out regressions",
      );
    }
    const stride = toFours(features);
    super(kernel, "read-outs", viewOf(capacity, stride));
    this.stride = stride;
    this.#capacity = capacity;
    this.#settings = settings;
  }

  /** The first `count` rows of the batch learn that their last features were followed by their targets. */
  learn(count: number): void {
    this.#checkBatch(count);
    const { forgetting, width, drift } = this.#settings;
    this.kernel.learn(count, forgetting, width, drift);
  }

  /** The first `count` rows of the batch take their features and forecast from them. */
  forecast(count: number): void {
    this.#checkBatch(count);
    this.kernel.forecast(count);
  }

  #checkBatch(count: number): void {
    if (!(count >= 0 && count <= this.#capacity))
      throw new RangeError(`a batch holds at most ${this.#capacity} rows, found ${count}`);
    const { rows } = this.buffers;
    for (let i = 0; i < count; i++) this.check(rows[i]!);
  }
}

const viewOf =
  (capacity: number, stride: number) =>
  (kernel: RegressionKernel): RegressionBuffers => ({
    rows: new Int32Array(kernel.memory.buffer, kernel.batchRows.value >>> 0, capacity),
    features: floatsAt(kernel, kernel.batchFeatures, capacity * stride),
    targets: floatsAt(kernel, kernel.batchTargets, capacity),
    forecasts: floatsAt(kernel, kernel.batchForecasts, capacity),
  });
