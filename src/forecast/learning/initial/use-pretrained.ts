/** Loads the trained weights of the package. */
import { lstm32 } from "./lstm32.js";
import { addWeights } from "./pretrained.js";

/**
 * Loads the trained weights that the setting `initial: "pretrained"` names, 13 KB. Call it before the first forecaster with
 * that setting. `run` and the commands do so themselves.
 *
 * @example
 * ```ts
 * usePretrainedWeights();
 * const forecaster = createForecaster({ initial: "pretrained" });
 * ```
 */
export function usePretrainedWeights(): void {
  addWeights(lstm32);
}
