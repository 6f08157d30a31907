/** Exports of the kernel: an engine writes into the buffers, then calls `step` or `learn`; see `memory.ts`. */
export { step } from "./forward";
export { gradientNorm, learn } from "./learn";
export {
  copyState, firstMoments, init, reserve, secondMoments, states, stepInputs, stepReadouts, stepSkips,
  stepStates, weights, windowInputs, windowObserved, windowSkips, windowStates, windowTargets,
} from "./memory";
export { pack } from "./pack";
