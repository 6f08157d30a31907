/**
 * A change detector: Page's cumulative sum (Continuous Inspection Schemes, 1954; one side of the Page–Hinkley test), on
 * how much worse than the last value the forecasts of a key are. A burst of noise makes both worse and is none; a key
 * that goes by another law makes the forecasts alone worse, and what the mixture has learned of its experts is over.
 */
import { clip } from "../elementary.js";
import type { KeyRow } from "../keys/row.js";

/** Excess that tells of a change: six events of the largest that counts. */
const threshold = 12;
/** An event's excess counts up to this: one event alone tells of none. */
const largest = 2;

/**
 * Takes the losses of a key's forecast and of its last value, in scaled changes or their squares, into the key's sum.
 * True where that tells of a change; the sum then begins anew.
 */
export function changed({ f32, at32, layout }: KeyRow, loss: number, lossOfLast: number): boolean {
  const at = at32 + layout.excess;
  const sum = f32[at]! + clip(loss - lossOfLast, largest);
  const found = sum > threshold;
  f32[at] = found ? 0 : Math.max(0, sum);
  return found;
}
