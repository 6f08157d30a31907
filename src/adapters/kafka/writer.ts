/** The port of what writes for one input partition: opening it fences every earlier one, a commit lands whole or not at all. */
import { UndercurrentError } from "../../errors.js";
import type { KafkaOptions } from "./options.js";
import type { TopicWrite } from "./split.js";
import { KafkajsWriter } from "./writer-kafkajs.js";

export interface TransactionalWriter {
  /**
   * Makes these records and the input offset visible at once. Throws FENCED where another owner has taken over, or the
   * right is gone, and COMMIT_UNCERTAIN where only a look at what is durable can tell; the writer is used up then.
   */
  commit(writes: readonly TopicWrite[], offset: number, right: Right): Promise<void>;
  close(): Promise<void>;
}

/** A right that may be lost at any moment. */
export interface Right {
  readonly revoked: AbortSignal;
}

export const defaultBatchBytes = 900_000;

/**
 * Opens the transactional id of a partition. When this resolves, earlier owners can no longer commit, and the
 * transaction that the last of them left open is aborted: what is durable now changes by this writer alone. Throws
 * KAFKA_CLIENT_MISSING where the producer that the options name is not installed.
 */
export async function openWriter(options: KafkaOptions, partition: number): Promise<TransactionalWriter> {
  if (options.producer !== "platformatic") return await KafkajsWriter.open(options, partition);
  const { PlatformaticWriter } = await import("./writer-platformatic.js");
  return await PlatformaticWriter.open(options, partition);
}

export function checkRight({ revoked }: Right, what: string): void {
  if (revoked.aborted) throw new UndercurrentError("FENCED", `${what}: the partition was taken away`);
}
