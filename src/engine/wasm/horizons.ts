/** Linear models of the values 1 to H steps ahead for many keys, in WebAssembly, learned from delayed targets. */
import { UndercurrentError } from "../../errors/errors.js";
import { toFours } from "../parameters.js";
import { instantiateHorizonKernel, type HorizonKernel } from "./kernel.js";
import { floatsAt, Slab } from "./slab.js";

/** Where the caller writes an event and reads its forecasts. */
export interface HorizonBuffers {
  /** Features of the event; entries after the last feature must stay zero. */
  readonly features: Float32Array;
  /** For steps 1 to H. */
  readonly targets: Float32Array;
  readonly forecasts: Float32Array;
}

/**
 * A slab of linear models, one for each key and step, that share a covariance for each key. An event of a key is given
 * by its place: its number modulo the horizon. At each event first `learn` or `skip`, then `forecast`. A row holds
 * weights, rings of features and gains, the covariance and mean squared errors.
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
export class HorizonRegressions extends Slab<HorizonKernel, HorizonBuffers> {
  readonly #horizon: number;
  readonly #forgetting: number;

  /** For `features` features and steps 1 to `horizon`; memory of 1 / (1 - forgetting). */
  constructor(features: number, horizon: number, forgetting: number) {
    const kernel = instantiateHorizonKernel();
    if (!kernel.init(features, horizon)) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        "out of memory: cannot allocate the buffers of the horizons",
      );
    }
    super(kernel, "models of further steps", viewOf(features, horizon));
    this.#horizon = horizon;
    this.#forgetting = forgetting;
  }

  /**
   * The event at `place` learns the targets in the buffers: that of step h belongs to the event h before. With `gains`
   * the event before this one counts from now on, else never.
   */
  learn(row: number, place: number, gains: boolean): void {
    const { kernel } = this;
    this.check(row);
    const before = this.#before(place);
    if (gains) kernel.gain(row, before, this.#forgetting);
    else kernel.skip(row, before);
    kernel.learn(row, before);
  }

  /** The event at `place` has no value: nothing is learned, and the event before this one never counts. */
  skip(row: number, place: number): void {
    this.kernel.skip(this.check(row), this.#before(place));
  }

  /** The event at `place` has the features in the buffers: writes its forecasts there. */
  forecast(row: number, place: number): void {
    this.kernel.forecast(this.check(row), this.#checkPlace(place));
  }

  #before(place: number): number {
    return (this.#checkPlace(place) + this.#horizon - 1) % this.#horizon;
  }

  #checkPlace(place: number): number {
    if (!(place >= 0 && place < this.#horizon))
      throw new RangeError(`place ${place} does not exist: the ring has ${this.#horizon} places`);
    return place;
  }
}

const viewOf =
  (features: number, horizon: number) =>
  (kernel: HorizonKernel): HorizonBuffers => ({
    features: floatsAt(kernel, kernel.eventFeatures, toFours(features)),
    targets: floatsAt(kernel, kernel.targets, horizon),
    forecasts: floatsAt(kernel, kernel.forecasts, horizon),
  });
