/**
 * Exports of the kernel of cells. An engine writes the fields of the shape, calls `init`, writes into the buffers and
 * calls `step` or `learn`.
 */
export { step } from "./forward";
export { copyState, init } from "./layout";
export { gradientNorm, learn } from "./learning/learn";
export {
  stepDistributions, stepInputs, stepReadouts, stepSkips, stepStates, stepSymbols,
} from "./memory/batch";
export { firstMoments, secondMoments, weights } from "./memory/parameters";
export { bpttSteps, bpttWindows, cell, hidden, inputs, rows, skips, symbols } from "./memory/shape";
export {
  windowInputs, windowObserved, windowSkips, windowStates, windowSymbols, windowTargets,
} from "./memory/windows";
export { pack } from "./pack";
export { reserve, slab } from "../slab";
export { renew, setKnown } from "./symbols/symbols";
