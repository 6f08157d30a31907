/** Adam (Kingma & Ba, 2015) after the gradient is clipped to a global norm (Pascanu et al., 2013), on flat arrays. */
import type { ParameterSet } from "../port.js";

const smallestNormal = 2 ** -126;

/** Denormal numbers become zero, as in the kernel: they mean nothing, and arithmetic on them is slow. */
function flush(value: number): number {
  return Math.abs(value) < smallestNormal ? 0 : value;
}

/** Euclidean norm in 64 bits: squares of 32-bit gradients neither overflow nor vanish. */
export function norm(gradient: Float32Array): number {
  let sum = 0;
  for (const value of gradient) sum += value * value;
  return Math.sqrt(sum);
}

/** One step of size `rate`, which carries the bias corrections, on the gradient times `scale`; in place. */
export function adamStep(
  { weights, firstMoments, secondMoments }: ParameterSet,
  gradient: Float32Array,
  rate: number,
  scale: number,
): void {
  for (let i = 0; i < gradient.length; i++) {
    const scaled = scale * gradient[i]!;
    const first = flush(0.9 * firstMoments[i]! + 0.1 * scaled);
    const second = flush(0.999 * secondMoments[i]! + 0.001 * scaled * scaled);
    firstMoments[i] = first;
    secondMoments[i] = second;
    weights[i] = weights[i]! - (rate * first) / (Math.sqrt(second) + 1e-8);
  }
}
