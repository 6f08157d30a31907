/**
 * How long a key's gaps are, and the gap that is rarer than the alarm rate: a histogram over eight half octaves, whose
 * origin follows the longest gaps. Only the tail matters, so the lowest bin takes all shorter gaps too.
 *
 * - The rarity of a gap is its rank among those remembered, (1 + as long) / (1 + all): under exchangeable gaps it holds
 *   whatever their distribution (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005, section 2.2).
 *   All gaps of a bin count as its longest.
 * - Beyond the longest gap the tail falls with the square of the gap: a key with few gaps has to be silent for longer.
 */
import { logarithm } from "../../elementary.js";
import { bins, f32At, u16At, type SilenceRow } from "./rows.js";

/** Gaps before a key is judged, and gaps that are remembered before all count half. */
export const judgedAfter = 20;
const memory = 8192;
/** Mean gaps that a silence lasts at least: a value or two that got lost is none. */
const leastGaps = 3;
/** Longest gap that the means learn, in means, and their slowest rate. */
const longest = 4;
const slowest = 1 / 32;
/** Half octaves by which one gap moves the histogram at most. */
const largestMove = 4;
/** Where the first gap lies in the histogram. */
const firstBin = 4;

/** 2^(i/2) milliseconds, by doubling. */
const edges = new Float64Array(160);
for (let i = 0; i < edges.length; i++) edges[i] = i < 2 ? [1, Math.SQRT2][i]! : 2 * edges[i - 2]!;

/** Half octaves of milliseconds below a gap. */
function indexOf(gap: number): number {
  if (!(gap > 1)) return 0;
  let index = Math.floor((2 * logarithm(gap)) / Math.LN2);
  if (edges[index]! > gap) index--;
  else if (edges[index + 1]! <= gap) index++;
  return index;
}

/** Returns the number of remembered gaps. */
export function rememberedGaps({ u16, at16 }: SilenceRow): number {
  let all = 0;
  for (let i = 0; i < bins; i++) all += u16[at16 + u16At.bins + i]!;
  return all;
}

/**
 * Takes a gap.
 *
 * @param gap Milliseconds of the stream's time in hours in which the key comes, scaled down where the stream rested.
 * @param elapsed The same, not scaled down.
 * @param events Events of the stream since the key's last one.
 */
export function learnGap(row: SilenceRow, gap: number, elapsed: number, events: number): void {
  const { f32, at32, u16, at16 } = row;
  const all = rememberedGaps(row);
  const rate = Math.max(1 / (all + 1), slowest);
  const young = all < judgedAfter;
  const mean = f32[at32 + f32At.gap]!;
  const meanEvents = f32[at32 + f32At.events]!;
  const time = Math.max(young ? elapsed : Math.min(elapsed, longest * mean), 1);
  const passed = young ? events : Math.min(events, longest * meanEvents);
  f32[at32 + f32At.gap] = mean + rate * (time - mean);
  f32[at32 + f32At.events] = meanEvents + rate * (passed - meanEvents);
  const index = indexOf(gap);
  if (all === 0) u16[at16 + u16At.origin] = Math.max(index - firstBin, 0);
  if (all >= memory) halve(row);
  const bin = place(row, index);
  u16[at16 + u16At.bins + bin] = u16[at16 + u16At.bins + bin]! + 1;
}

/** Returns the gap, in milliseconds, from which on a silence is rarer than the rate; infinite before enough gaps. */
export function silentAfter(row: SilenceRow, alarmRate: number): number {
  const { f32, at32, u16, at16 } = row;
  const all = rememberedGaps(row);
  if (all < judgedAfter) return Infinity;
  const origin = u16[at16 + u16At.origin]!;
  const rare = alarmRate * (all + 1);
  let limit = 0;
  for (let i = bins - 1, longer = 0; i >= 0; i--) {
    longer += u16[at16 + u16At.bins + i]!;
    if (longer + 1 <= rare || longer === 0) continue;
    // The gaps beyond this bin are rare enough, or there are none and the tail has to say.
    limit = edges[origin + i + 1]!;
    if (rare < 1) limit *= Math.sqrt(1 / rare);
    break;
  }
  return Math.max(limit, leastGaps * f32[at32 + f32At.gap]!);
}

/** Moves the histogram so that a gap has its bin, as far as one gap may move it, and returns the bin. */
function place({ u16, at16 }: SilenceRow, index: number): number {
  const at = at16 + u16At.bins;
  const origin = u16[at16 + u16At.origin]!;
  if (index >= origin + bins) {
    const move = Math.min(index - origin - bins + 1, largestMove);
    let below = 0;
    for (let i = 0; i <= move; i++) below += u16[at + i]!;
    for (let i = 1; i < bins; i++) u16[at + i] = i + move < bins ? u16[at + i + move]! : 0;
    u16[at] = below;
    u16[at16 + u16At.origin] = origin + move;
    return bins - 1;
  }
  if (index >= origin) return index - origin;
  if (origin > 0 && u16[at + bins - 1] === 0 && u16[at + bins - 2] === 0) {
    for (let i = bins - 1; i > 0; i--) u16[at + i] = u16[at + i - 1]!;
    u16[at] = 0;
    u16[at16 + u16At.origin] = origin - 1;
  }
  return 0;
}

/** Halves what is remembered; of an odd number, one gap goes on as a shorter one, so that none is forgotten at once. */
function halve({ u16, at16 }: SilenceRow): void {
  const at = at16 + u16At.bins;
  let carried = 0;
  for (let i = bins - 1; i >= 0; i--) {
    const mass = u16[at + i]! + carried;
    carried = mass % 2;
    u16[at + i] = (mass - carried) / 2;
  }
}
