/** Which partition of a topic a record goes to. */
import kafkajs, { type PartitionMetadata } from "kafkajs";
import type { OutputRecord } from "../../pipeline/ports.js";

/** Murmur2 of the key, as the Java client has it. */
const byKey = kafkajs.Partitioners.DefaultPartitioner();

/**
 * Records by partition, in their order, of a topic with `count` partitions: by their keys, and without one the partition of
 * the same number as the input's, or as near to it as there are partitions. It is decided before anything is sent: a
 * client that repeats a request would give a record without a key another partition.
 */
export function byPartition(
  records: readonly OutputRecord[],
  count: number,
  input: number,
): ReadonlyMap<number, readonly OutputRecord[]> {
  const placed = new Map<number, OutputRecord[]>();
  // Of the partitions the client looks at the number alone where there is a key.
  const partitionMetadata = new Array<PartitionMetadata>(count);
  for (const record of records) {
    const key = record.key && Buffer.from(record.key);
    const partition =
      key === null ? input % count : byKey({ topic: "", partitionMetadata, message: { key, value: null } });
    const others = placed.get(partition);
    if (others === undefined) placed.set(partition, [record]);
    else others.push(record);
  }
  return placed;
}
