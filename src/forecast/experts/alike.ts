/** Whether the first values of a key are of one size. While they are not, its averages may hold odd ones. */
import { fromUpperBits, upperBits } from "../encoding/halves.js";

/** Changes that are kept of a young key: those of its first ten values. */
export const firstChanges = 9;
/** Values that tell of a size at least. */
const fewest = 3;
/** Most times that the range is a distance between neighbours that is a fair part of it; of few values they must be closer. */
const largestPart = 50;
const few = 4;
const largestPartOfFew = 8;

/** Bits of a single that a packed change lacks. */
const lacking = 16;
const unpacked = new Float32Array(firstChanges);

/** The upper 16 bits of a single, rounded: its range, and three digits. The size of a key's values may be any. */
export function packChange(change: number): number {
  return upperBits(change, lacking);
}

/** Returns the changes; one array is reused. */
export function unpackChanges(packed: Uint16Array): Float32Array {
  for (let i = 0; i < firstChanges; i++) unpacked[i] = fromUpperBits(packed[i]!, lacking);
  return unpacked;
}

const sorted = new Float64Array(firstChanges + 1);

/**
 * Whether more than half of the distances between a key's values, in order of size, are a fair part of their range. Of an old
 * key this is taken for granted; a key of which many values repeat has no such distances.
 *
 * @param changes Changes from each of the first values to the next.
 * @param observed Values of the key.
 */
export function areAlike(changes: Float32Array, observed: number): boolean {
  if (observed > sorted.length) return true;
  if (observed < fewest) return false;
  sorted[0] = 0;
  let value = 0;
  for (let i = 1; i < observed; i++) {
    value += changes[i - 1]!;
    let place = i;
    for (; place > 0 && sorted[place - 1]! > value; place--) sorted[place] = sorted[place - 1]!;
    sorted[place] = value;
  }
  const range = sorted[observed - 1]! - sorted[0];
  const most = observed > few ? largestPart : largestPartOfFew;
  let fair = 0;
  for (let i = 1; i < observed; i++) if (most * (sorted[i]! - sorted[i - 1]!) >= range) fair++;
  return range > 0 && 2 * fair > observed - 1;
}
