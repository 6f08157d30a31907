/**
 * Plain float64 models of values ahead: what the kernel has to agree with. A covariance takes the features of events, and
 * models learn along gains that it gives.
 */
const drift = 1e-7;
const largestError = 2;
const firstSquare = 16;

/** The covariance of recursive least squares (Haykin, table 10.1), its trace bounded. */
class ReferenceCovariance {
  #matrix: number[][];

  constructor(features: number) {
    this.#matrix = Array.from({ length: features }, (_, i) =>
      Array.from({ length: features }, (__, j) => (i === j ? 1 : 0)),
    );
  }

  product(x: readonly number[]): number[] {
    return this.#matrix.map((row) => dot(row, x));
  }

  /** Takes features and returns their gain. */
  absorb(x: readonly number[], forgetting: number): number[] {
    const product = this.product(x);
    const innovation = forgetting + dot(product, x);
    let next = this.#matrix.map((row, i) =>
      row.map((p, j) => (p - (product[i]! * product[j]!) / innovation) / forgetting),
    );
    const trace = next.reduce((sum, row, i) => sum + row[i]!, 0);
    if (trace > x.length) next = next.map((row) => row.map((p) => (p * x.length) / trace));
    this.#matrix = next.map((row, i) => row.map((p, j) => (i === j ? p + drift : p)));
    return product.map((px) => px / innovation);
  }
}

/** The model of one step, whose error counts up to twice its running size. */
class ReferenceStep {
  readonly #weights: number[];
  #square: number;

  constructor(features: number, step: number) {
    this.#square = firstSquare * step;
    this.#weights = new Array<number>(features).fill(0);
  }

  forecast(x: readonly number[]): number {
    return dot(this.#weights, x);
  }

  learn(x: readonly number[], gain: readonly number[], target: number): void {
    const error = target - this.forecast(x);
    const bound = largestError * Math.sqrt(this.#square);
    const clipped = Math.max(-bound, Math.min(bound, error));
    gain.forEach((g, i) => (this.#weights[i]! += g * clipped));
    const counted = Math.min(error * error, 25 * this.#square);
    this.#square = Math.max(1e-6, this.#square + 0.01 * (counted - this.#square));
  }
}

/** The model of the next value: recursive least squares. */
export class ReferenceNext {
  readonly #covariance: ReferenceCovariance;
  readonly #model: ReferenceStep;
  readonly #forgetting: number;
  #x: readonly number[] = [];

  constructor(features: number, forgetting: number) {
    this.#covariance = new ReferenceCovariance(features);
    this.#model = new ReferenceStep(features, 1);
    this.#forgetting = forgetting;
  }

  learn(target: number, gains: boolean): void {
    const gain = gains ? this.#covariance.absorb(this.#x, this.#forgetting) : [];
    this.#model.learn(this.#x, gain, target);
  }

  forecast(x: readonly number[]): number {
    this.#x = x;
    return this.#model.forecast(x);
  }
}

/** The models of steps 2 to H, which share a covariance. */
export class ReferenceSteps {
  readonly #covariance: ReferenceCovariance;
  readonly #models: readonly ReferenceStep[];
  readonly #forgetting: number;

  constructor(features: number, horizon: number, forgetting: number) {
    this.#covariance = new ReferenceCovariance(features);
    this.#models = Array.from({ length: horizon - 1 }, (_, i) => new ReferenceStep(features, i + 2));
    this.#forgetting = forgetting;
  }

  absorb(x: readonly number[]): void {
    this.#covariance.absorb(x, this.#forgetting);
  }

  /** Steps from `first` on learn the targets of an event with these features, which stands for `events`; NaN tells nothing. */
  learn(x: readonly number[], first: number, targets: readonly number[], events: number): void {
    const product = this.#covariance.product(x);
    const shrunk = Math.max(1, events * dot(product, x));
    const gain = product.map((px) => (events * px) / shrunk);
    targets.forEach((target, i) => {
      if (!Number.isNaN(target)) this.#models[first - 2 + i]!.learn(x, gain, target);
    });
  }

  forecast(x: readonly number[]): number[] {
    return this.#models.map((model) => model.forecast(x));
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
