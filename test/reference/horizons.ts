/**
 * Plain float64 models of several steps ahead, each with its own covariance and run on its own delayed sequence: what
 * the kernel, which shares one covariance among them, has to agree with.
 */
export class ReferenceHorizons {
  readonly #models: ReferenceStep[];
  readonly #seen: { readonly x: readonly number[]; counts: boolean }[] = [];

  constructor(features: number, horizon: number) {
    this.#models = Array.from({ length: horizon }, (_, i) => new ReferenceStep(features, i + 1));
  }

  /** The event's targets, one for each step: each model learns from the event that many before. */
  learn(targets: readonly number[], gains: boolean, forgetting: number): void {
    const last = this.#seen.at(-1);
    if (last !== undefined) last.counts = gains;
    this.#models.forEach((model, i) => {
      const origin = this.#seen[this.#seen.length - model.step];
      if (origin?.counts === true) model.learn(origin.x, targets[i]!, forgetting);
      else model.measure(origin === undefined ? targets[i]! : targets[i]! - model.forecast(origin.x));
    });
  }

  /** The event before this one never counts. */
  skip(forgetting: number): void {
    const last = this.#seen.at(-1);
    if (last !== undefined) last.counts = false;
    for (const model of this.#models) {
      const origin = this.#seen[this.#seen.length - model.step];
      if (origin?.counts === true) model.absorb(origin.x, forgetting);
    }
  }

  forecast(x: readonly number[]): number[] {
    this.#seen.push({ x, counts: false });
    return this.#models.map((model) => model.forecast(x));
  }
}

/** Recursive least squares (Haykin, table 10.1) with an error that counts up to twice its running size. */
class ReferenceStep {
  readonly step: number;
  readonly #weights: number[];
  #covariance: number[][];
  #square: number;

  constructor(features: number, step: number) {
    this.step = step;
    this.#square = 16 * step;
    this.#weights = new Array<number>(features).fill(0);
    this.#covariance = this.#weights.map((_, i) => this.#weights.map((__, j) => (i === j ? 1 : 0)));
  }

  forecast(x: readonly number[]): number {
    return x.reduce((sum, value, i) => sum + value * this.#weights[i]!, 0);
  }

  learn(x: readonly number[], target: number, forgetting: number): void {
    const error = target - this.forecast(x);
    const bound = 2 * Math.sqrt(this.#square);
    const clipped = Math.max(-bound, Math.min(bound, error));
    this.absorb(x, forgetting).forEach((gain, i) => (this.#weights[i]! += gain * clipped));
    this.measure(error);
  }

  /** The running size of the errors takes one more. */
  measure(error: number): void {
    const counted = Math.min(error * error, 25 * this.#square);
    this.#square = Math.max(1e-6, this.#square + 0.01 * (counted - this.#square));
  }

  /** Takes x into the covariance and returns its gain. */
  absorb(x: readonly number[], forgetting: number): number[] {
    const product = this.#covariance.map((row) => row.reduce((sum, p, j) => sum + p * x[j]!, 0));
    const innovation = forgetting + product.reduce((sum, px, i) => sum + px * x[i]!, 0);
    let next = this.#covariance.map((row, i) =>
      row.map((p, j) => (p - (product[i]! * product[j]!) / innovation) / forgetting),
    );
    const trace = next.reduce((sum, row, i) => sum + row[i]!, 0);
    if (trace > x.length) next = next.map((row) => row.map((p) => (p * x.length) / trace));
    this.#covariance = next.map((row, i) => row.map((p, j) => (i === j ? p + 1e-7 : p)));
    return product.map((px) => px / innovation);
  }
}
