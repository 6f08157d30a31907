/**
 * How rare the last values of a group's members are together: the smallest of n p(k) / k over the members' tail
 * probabilities in order, from the second on (Simes, An improved Bonferroni procedure for multiple tests of significance,
 * Biometrika 73, 1986). It holds for independent members, and for those that depend positively on each other (Sarkar,
 * Annals of Statistics 26, 1998). One member alone is its own incident, so k begins at two.
 */
import { logarithm } from "../../elementary.js";

/** Bins of a member's rarity, -ln of its tail probability, and their width. What is rarer counts as the last bin. */
export const bins = 64;
export const binWidth = 0.4;

/** Rarities at the lower edges of the bins: what a bin holds counts as its most ordinary member. */
const edges = Float64Array.from({ length: bins }, (_, bin) => bin * binWidth);

/** Returns the bin of a rarity. */
export function binOf(rarity: number): number {
  return rarity > 0 ? Math.min(Math.floor(rarity / binWidth), bins - 1) : 0;
}

/**
 * Returns -ln of the combined tail probability, at least 0.
 *
 * @param counts Members by the bin of their rarity; the bins of a group begin at `at`.
 * @param members Their number.
 */
export function combinedRarity(counts: Uint32Array, at: number, members: number): number {
  let rarer = 0;
  let most = 0;
  for (let bin = bins - 1; bin > 0; bin--) {
    const here = counts[at + bin]!;
    if (here === 0) continue;
    rarer += here;
    if (rarer < 2) continue;
    const rarity = edges[bin]! - logarithm(members / rarer);
    if (rarity > most) most = rarity;
  }
  return most;
}
