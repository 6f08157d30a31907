/** Plain float64 recursive least squares with whole matrices: the oracle of the kernel (Haykin, table 10.1). */
import type { RegressionSettings } from "../../src/engine/wasm/regression.js";

export class ReferenceRegression {
  readonly weights: Float64Array;
  covariance: number[][];
  features: readonly number[];

  constructor(features: number) {
    this.weights = new Float64Array(features);
    this.covariance = Array.from({ length: features }, (_, i) =>
      Array.from({ length: features }, (_, j) => (i === j ? 1 : 0)),
    );
    this.features = new Array<number>(features).fill(0);
  }

  forecast(features: readonly number[]): number {
    this.features = features;
    return features.reduce((sum, x, i) => sum + x * this.weights[i]!, 0);
  }

  learn(target: number, { forgetting, width, drift }: RegressionSettings): void {
    const x = this.features;
    const product = this.covariance.map((row) => row.reduce((sum, p, j) => sum + p * x[j]!, 0));
    const error = Math.max(-8, Math.min(8, target - this.forecast(x)));
    // Weighted least squares: an error beyond the width has the weight width / |error|, and noise is one over that.
    const weight = Math.abs(error) > width ? width / Math.abs(error) : 1;
    const innovation = forgetting / weight + product.reduce((sum, px, i) => sum + px * x[i]!, 0);
    product.forEach((px, i) => (this.weights[i]! += (px / innovation) * error));
    let next = this.covariance.map((row, i) =>
      row.map((p, j) => (p - (product[i]! * product[j]!) / innovation) / forgetting),
    );
    const trace = next.reduce((sum, row, i) => sum + row[i]!, 0);
    if (trace > x.length) next = next.map((row) => row.map((p) => (p * x.length) / trace));
    this.covariance = next.map((row, i) => row.map((p, j) => (i === j ? p + drift : p)));
  }
}
