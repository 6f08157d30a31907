/** Exports of the kernel: an engine writes into the buffers, then calls `step` or `learn`; see `memory.ts`. */
export { step } from "./forward";
export { gradientNorm, learn } from "./learn";
export {
  copyState, firstMoments, init, secondMoments, stepDistributions, stepInputs, stepReadouts, stepSkips, stepStates,
  stepSymbols, weights, windowInputs, windowObserved, windowSkips, windowStates, windowSymbols, windowTargets,
} from "./memory";
export { pack } from "./pack";
export { reserve, slab } from "../slab";
export { renew, setKnown } from "./symbols";
