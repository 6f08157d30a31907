/** Random draws for generated series. */

/** Draws from the standard normal distribution (Box and Muller, 1958), by two draws of `next` from [0, 1). */
export function drawNormal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
