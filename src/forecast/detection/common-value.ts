/**
 * The most frequent value of a key, by a few counters as of Misra and Gries (Finding repeated elements, 1982): a value that
 * no counter knows takes a free one, or lowers the least, not all, so that many rare values do not wear a frequent one away.
 */
import { candidates, u16At } from "./layout.js";
import type { DetectionRow } from "./rows.js";

/** Share of the values that the most frequent one must have had, by its counter, to be called so. */
const leastShare = 0.05;
const leastCount = 3;

const value64 = new Float64Array(1);
const halves = new Int32Array(value64.buffer);

/** Counts a value, and returns whether it was the key's most frequent one before. */
export function isMostFrequent({ u16, at16 }: DetectionRow, value: number): boolean {
  const hash = hashOf(value);
  const hashes = at16 + u16At.hashes;
  const counts = at16 + u16At.counts;
  let own = -1;
  let least = 0;
  let greatest = 0;
  for (let i = 0; i < candidates; i++) {
    const count = u16[counts + i]!;
    if (count > 0 && u16[hashes + i] === hash) own = i;
    if (count < u16[counts + least]!) least = i;
    if (count > greatest) greatest = count;
  }
  const counted = u16[at16 + u16At.counted]!;
  const enough = greatest >= leastCount && greatest >= leastShare * counted;
  const found = own >= 0 && enough && u16[counts + own] === greatest;
  u16[at16 + u16At.counted] = counted + 1;
  if (own >= 0) u16[counts + own]!++;
  else if (u16[counts + least] === 0) {
    u16[hashes + least] = hash;
    u16[counts + least] = 1;
  } else u16[counts + least]!--;
  if (counted + 1 >= 60_000) {
    u16[at16 + u16At.counted] = (counted + 1) >> 1;
    for (let i = 0; i < candidates; i++) u16[counts + i] = u16[counts + i]! >> 1;
  }
  return found;
}

/** 16 bits of a value's 64, mixed as by the finaliser of MurmurHash3 (Appleby, 2011). */
function hashOf(value: number): number {
  value64[0] = value + 0;
  let hash = halves[0]! ^ Math.imul(halves[1]!, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & 0xffff;
}
