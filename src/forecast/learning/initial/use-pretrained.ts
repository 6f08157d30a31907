/** Loads the trained weights of the package. */
import { gru32 } from "./gru32.js";
import { lstm32 } from "./lstm32.js";
import { addWeights } from "./pretrained.js";
import { rnn32 } from "./rnn32.js";

/**
 * Loads the trained weights of the package, 34 KB. Forecasters that are made from then on begin with them, where the cell is `lstm`
 * or `gru` with 32 units and `initial` does not say otherwise. Call it before the first forecaster. `run` and the commands do so
 * themselves.
 *
 * @example
 * ```ts
 * usePretrainedWeights();
 * const forecaster = createForecaster();
 * ```
 */
export function usePretrainedWeights(): void {
  addWeights(lstm32);
  addWeights(gru32);
  // After 1,000 events, New York taxi is better with random weights (docs/adr/0030).
  addWeights(rnn32, { isDefault: false });
}
