/** Trains a gate (`src/forecast/experts/gate.ts`): a softmax of linear functions, by Adam on the absolute error of its forecast. */
import { clip, exponential } from "../src/forecast/elementary.js";
import type { Examples } from "./examples.js";
import { sine, Source } from "./source.js";

const batch = 512;
/** The rate falls along half a cosine (Loshchilov and Hutter, 2017). */
const rates = { peak: 3e-3, floor: 1e-5 };
/** Error, in scaled changes, from which the gradient is that of the absolute error. */
const absoluteFrom = 0.05;
const adam = { first: 0.9, second: 0.999, epsilon: 1e-8 };
const leastDeviation = 1e-3;

/** Returns the weights: for each member one for each input, and a constant. */
export function trainGate(examples: Examples, steps: number, seed: number): Float64Array {
  const { inputs, members, count, x, targets, weights } = examples;
  const { mean, deviation } = momentsOf(examples);
  const width = inputs + 1;
  const parameters = new Float64Array(members * width);
  const moments = [new Float64Array(parameters.length), new Float64Array(parameters.length)] as const;
  const gradient = new Float64Array(parameters.length);
  const row = new Float64Array(width).fill(1);
  const shares = new Float64Array(members);
  const source = new Source(seed, 0);
  for (let step = 1; step <= steps; step++) {
    gradient.fill(0);
    for (let b = 0; b < batch; b++) {
      const i = Math.floor(source.next() * count);
      for (let j = 0; j < inputs; j++) row[j] = (x[i * inputs + j]! - mean[j]!) / deviation[j]!;
      const forecasts = examples.forecasts.subarray(i * members, (i + 1) * members);
      const forecast = mix(parameters, row, forecasts, shares);
      const slope = (clip((forecast - targets[i]!) / absoluteFrom, 1) * weights[i]!) / batch;
      for (let m = 0; m < members; m++) {
        const push = slope * shares[m]! * (forecasts[m]! - forecast);
        for (let j = 0; j < width; j++) gradient[m * width + j] = gradient[m * width + j]! + push * row[j]!;
      }
    }
    const rate = rates.floor + (rates.peak * (1 + sine(0.25 + step / steps / 2))) / 2;
    descend(parameters, gradient, moments, { rate, step });
  }
  return plain(parameters, mean, deviation);
}

/** Means and deviations of the inputs, by which they are standardised. */
function momentsOf({ inputs, count, x }: Examples): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(inputs);
  const deviation = new Float64Array(inputs);
  for (let i = 0; i < x.length; i++) mean[i % inputs] = mean[i % inputs]! + x[i]! / count;
  for (let i = 0; i < x.length; i++) {
    const away = x[i]! - mean[i % inputs]!;
    deviation[i % inputs] = deviation[i % inputs]! + (away * away) / count;
  }
  return { mean, deviation: deviation.map((square) => Math.sqrt(square) + leastDeviation) };
}

/** Returns the forecast, and writes the shares of the members. */
function mix(
  parameters: Float64Array,
  row: Float64Array,
  forecasts: Float32Array,
  shares: Float64Array,
): number {
  let greatest = -Infinity;
  for (let m = 0, at = 0; m < shares.length; m++) {
    let sum = 0;
    for (const each of row) sum += parameters[at++]! * each;
    shares[m] = sum;
    greatest = Math.max(greatest, sum);
  }
  let total = 0;
  for (let m = 0; m < shares.length; m++) total += shares[m] = exponential(shares[m]! - greatest);
  let forecast = 0;
  for (let m = 0; m < shares.length; m++) {
    shares[m] = shares[m]! / total;
    forecast += shares[m]! * forecasts[m]!;
  }
  return forecast;
}

/** A step of Adam (Kingma and Ba, 2015). */
function descend(
  parameters: Float64Array,
  gradient: Float64Array,
  [first, second]: readonly [Float64Array, Float64Array],
  { rate, step }: { readonly rate: number; readonly step: number },
): void {
  const ofFirst = 1 - raised(adam.first, step);
  const ofSecond = 1 - raised(adam.second, step);
  for (let k = 0; k < parameters.length; k++) {
    first[k] = adam.first * first[k]! + (1 - adam.first) * gradient[k]!;
    second[k] = adam.second * second[k]! + (1 - adam.second) * gradient[k]! * gradient[k]!;
    const size = Math.sqrt(second[k]! / ofSecond) + adam.epsilon;
    parameters[k] = parameters[k]! - (rate * first[k]!) / ofFirst / size;
  }
}

/** Powers by multiplication: those of the host may differ in the last bit. */
function raised(base: number, exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent && power > 1e-17; i++) power *= base;
  return power;
}

/** The same function of inputs that are not standardised. */
function plain(parameters: Float64Array, mean: Float64Array, deviation: Float64Array): Float64Array {
  const width = mean.length + 1;
  return parameters.map((parameter, at) => {
    const j = at % width;
    if (j < mean.length) return parameter / deviation[j]!;
    return mean.reduce(
      (constant, each, k) => constant - (parameters[at - mean.length + k]! * each) / deviation[k]!,
      parameter,
    );
  });
}
