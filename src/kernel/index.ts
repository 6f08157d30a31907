/** Exports of the kernel: an engine writes into the buffers, then calls `step` or `learn`; see `memory.ts`. */
export { step } from "./forward";
export { gradientNorm, learn } from "./learn";
export {
  copyState, firstMoments, init, reserve, secondMoments, states, stepDistributions, stepInputs, stepReadouts,
  stepSkips, stepStates, stepSymbols, weights, windowInputs, windowObserved, windowSkips, windowStates,
  windowSymbols, windowTargets,
} from "./memory";
export { pack } from "./pack";
export { renew, setKnown } from "./symbols";
