/**
 * A change detector: Page's cumulative sum (Continuous Inspection Schemes, 1954; one side of the Page–Hinkley test), on
 * how much worse than the last value the forecasts of a key are. A burst of noise makes both worse and is none; a key
 * that goes by another law makes the forecasts alone worse, and what the mixture has learned of its experts is over.
 */
import { clip } from "../elementary.js";

/** Excess that tells of a change: six events of the largest that counts. */
const threshold = 12;
/** An event's excess counts up to this: one event alone tells of none. */
const largest = 2;

/**
 * Takes the losses of a key's forecast and of its last value, in scaled changes or their squares, into the sum at
 * `singles[at]`. True where that tells of a change; the sum then begins anew.
 */
export function changed(singles: Float32Array, at: number, loss: number, lossOfLast: number): boolean {
  const sum = singles[at]! + clip(loss - lossOfLast, largest);
  const found = sum > threshold;
  singles[at] = found ? 0 : Math.max(0, sum);
  return found;
}
