/** Exports the trained weights, for `undercurrent-forecast/pretrained`. Programs that do not import it are 34 KB smaller. */
export { usePretrainedWeights } from "./forecast/learning/initial/use-pretrained.js";
