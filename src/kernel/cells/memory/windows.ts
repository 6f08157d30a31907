/** The windows that `learn` takes, K steps of B windows each. The caller writes all of them. */
import { take } from "../../heap";
import { bpttSteps, bpttWindows, inputsBytes, skipsBytes, symbols } from "./shape";

/** Rows of the slab that the windows start from [B]. */
export let windowStates: usize = 0;
/** Inputs [K, B, I], skips [K, B, S], targets [K, B], and 1 where a target counts, else 0 [K, B]. */
export let windowInputs: usize = 0;
export let windowSkips: usize = 0;
export let windowTargets: usize = 0;
export let windowObserved: usize = 0;
/** With symbols only: [K, B]. */
export let windowSymbols: usize = 0;

export function layOutWindows(): void {
  const entries = <u64>bpttSteps * <u64>bpttWindows;
  windowStates = take(<u64>bpttWindows * 4);
  windowInputs = take(entries * inputsBytes);
  windowSkips = take(entries * skipsBytes);
  windowTargets = take(entries * 4);
  windowObserved = take(entries * 4);
  windowSymbols = take(symbols > 0 ? entries * 4 : 0);
}
