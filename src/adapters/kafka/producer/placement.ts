/** Chooses the partition of an output record. */
import type { OutputRecord } from "../../../pipeline/ports.js";
import { murmur2 } from "./murmur2.js";

/** What places records besides their keys. */
export interface Placing {
  /** Partition number of the input. */
  readonly input: number;
  /** Bytes in place of a record's key, or `input` for the partition number of the input. */
  readonly placements?: ReadonlyMap<OutputRecord, Uint8Array | "input"> | undefined;
}

/**
 * Records by partition, in their order, of a topic with `count` partitions: by their keys, and without one the partition of
 * the same number as the input's, or as near to it as there are partitions. It is decided before anything is sent: a
 * client that repeats a request would give a record without a key another partition.
 */
export function byPartition(
  records: readonly OutputRecord[],
  count: number,
  { input, placements }: Placing,
): ReadonlyMap<number, readonly OutputRecord[]> {
  return grouped(records, (record) => {
    const by = placements?.get(record) ?? record.key;
    return by === null || by === "input" ? input % count : partitionOfKey(by, count);
  });
}

/** Returns the partition of a key by the Java client's default: the hash without its sign. */
export function partitionOfKey(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}

/** Items by what `keyOf` says of them, each group in their order. */
export function grouped<Key, Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
