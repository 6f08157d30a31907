/** Linear models of the values ahead for many keys, in WebAssembly, learned from delayed targets. */
import { UndercurrentError } from "../../errors/library.js";
import { toFours } from "../parameters.js";
import { instantiateHorizonKernel, type HorizonKernel } from "./kernel.js";
import { floatsAt, Slab } from "./slab.js";

/** Where the caller writes an event and reads its forecasts. */
export interface HorizonBuffers {
  /** Features of the event; entries after the last feature must stay zero. */
  readonly features: Float32Array;
  /** One for each step. */
  readonly targets: Float32Array;
  readonly forecasts: Float32Array;
}

const viewOf =
  (features: number, steps: number) =>
  (kernel: HorizonKernel): HorizonBuffers => ({
    features: floatsAt(kernel, kernel.eventFeatures, toFours(features)),
    targets: floatsAt(kernel, kernel.targets, steps),
    forecasts: floatsAt(kernel, kernel.forecasts, steps),
  });

function createKernel(features: number, first: number, steps: number): HorizonKernel {
  const kernel = instantiateHorizonKernel();
  if (kernel.init(features, first, steps)) return kernel;
  throw new UndercurrentError(
    "MEMORY_EXHAUSTED",
    "out of memory: cannot allocate the buffers of the horizons",
  );
}

/**
 * A slab of linear models of the next value. At each event first `learn`, unless the value is missing, then `forecast`.
 * A row holds weights, the last features and gain, the covariance and the mean squared error.
 */
export class NextRegressions extends Slab<HorizonKernel, HorizonBuffers> {
  readonly #forgetting: number;

  /** For `features` features; memory of 1 / (1 - forgetting). */
  constructor(features: number, forgetting: number) {
    super(createKernel(features, 1, 1), "models of next values", viewOf(features, 1));
    this.#forgetting = forgetting;
  }

  /** Learns the target in the buffers, which belongs to the last event; without `gains` only how large its errors are. */
  learn(row: number, gains: boolean): void {
    this.kernel.learnNext(this.check(row), gains ? 1 : 0, this.#forgetting);
  }

  /** The event has the features in the buffers: writes its forecast there. */
  forecast(row: number): void {
    this.kernel.forecast(this.check(row));
  }
}

/**
 * A slab of linear models, one for each key and step from 2 to H, that share a covariance for each key. The features of
 * an event are `absorb`ed once; they are given again for each block of steps that learns from the event, later. A row
 * holds weights, the covariance and mean squared errors.
 *
 * @example
 * ```ts
 * const regressions = new StepRegressions(2, 3, 0.9998);
 * regressions.reserve(1);
 * regressions.start(0);
 * regressions.buffers.features.set([1, 0.5]);
 * regressions.forecast(0);
 * regressions.buffers.forecasts; // of steps 2 and 3: nothing is learned yet
 * regressions.absorb(0);
 * regressions.buffers.targets.set([4, 6]);
 * regressions.learn(0, 2, 3); // steps 2 and 3 learn, once both of their values have come
 * ```
 */
export class StepRegressions extends Slab<HorizonKernel, HorizonBuffers> {
  readonly #steps: number;
  readonly #forgetting: number;

  /** For `features` features and steps 2 to `horizon`; memory of 1 / (1 - forgetting). */
  constructor(features: number, horizon: number, forgetting: number) {
    super(createKernel(features, 2, horizon - 1), "models of further steps", viewOf(features, horizon - 1));
    this.#steps = horizon - 1;
    this.#forgetting = forgetting;
  }

  /** The covariance takes the features in the buffers. */
  absorb(row: number): void {
    this.kernel.absorbFeatures(this.check(row), this.#forgetting);
  }

  /**
   * Steps `first` to `last` learn the targets in the buffers from the features there, those of an event that stands for `events`
   * of them. A target of NaN tells nothing.
   */
  learn(row: number, first: number, last: number, events = 1): void {
    if (!(first >= 2 && first <= last && last - 1 <= this.#steps))
      throw new RangeError(`steps ${first} to ${last} do not exist: there are steps 2 to ${this.#steps + 1}`);
    this.kernel.learn(this.check(row), first - 2, last - 1, events);
  }

  /** Writes the forecast of each step from the features in the buffers. */
  forecast(row: number): void {
    this.kernel.forecast(this.check(row));
  }
}
