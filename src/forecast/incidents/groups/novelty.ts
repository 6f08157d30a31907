/**
 * How novel the combined rarity of a group is: its rank among those that the group has had. So the alarm rate holds
 * however the members depend on each other, and whatever their own scores are worth.
 */
import { logarithm } from "../../elementary.js";

/** Bins of the combined rarity and their width. */
export const historySize = 48;
const width = 0.4;
/** Rarities before the group is judged, and those that are remembered before all count half. */
export const judgedAfter = 100;
const memory = 8192;
/** Fall of the tail beyond the greatest rarity: half of that of independent members. */
const fall = 0.5;

const binOf = (rarity: number): number => Math.min(Math.floor(rarity / width), historySize - 1);

/** Takes a combined rarity into a group's history, as so many. */
export function remember(history: Uint16Array, rarity: number, times: number): void {
  let all = 0;
  for (const count of history) all += count;
  if (all >= memory) halve(history);
  history[binOf(rarity)]! += times;
}

/** Returns -ln of the share of the group's rarities that were as great; NaN before there are enough. */
export function novelty(history: Uint16Array, rarity: number): number {
  let all = 0;
  let greater = 0;
  let greatest = 0;
  const bin = binOf(rarity);
  for (let i = 0; i < historySize; i++) {
    const count = history[i]!;
    all += count;
    if (count > 0) greatest = i;
    if (i >= bin) greater += count;
  }
  if (all < judgedAfter) return NaN;
  const rank = logarithm((all + 1) / (greater + 1));
  return greater > 0 ? rank : rank + fall * Math.max(rarity - width * (greatest + 1), 0);
}

/** Halves what is remembered; of an odd number, one goes on as a lesser rarity, so that none is forgotten at once. */
function halve(history: Uint16Array): void {
  let carried = 0;
  for (let i = historySize - 1; i >= 0; i--) {
    const mass = history[i]! + carried;
    carried = mass % 2;
    history[i] = (mass - carried) / 2;
  }
}
