/**
 * Handles an offset that a lagging follower does not have, for consumers with a `rackId`. The client means to ask the leader
 * then, but compares an object with a number, so it resets the offset instead.
 */
import { patchModule } from "./patch-module.js";

export interface ConsumerGroup {
  /** By topic and partition: the follower that the leader named. */
  readonly preferredReadReplicasPerTopicPartition: Readonly<Record<string, Record<number, unknown>>>;
  recoverFromOffsetOutOfRange: (
    this: ConsumerGroup,
    error: { readonly topic: string; readonly partition: number },
  ) => Promise<void>;
}

/** Patches the consumers of every client of this process: the next fetch after the error goes to the leader. */
export const patchFollowerOffsets = patchModule(
  "kafkajs/src/consumer/consumerGroup",
  ({ prototype }: { prototype: ConsumerGroup }) => {
    const { recoverFromOffsetOutOfRange } = prototype;
    prototype.recoverFromOffsetOutOfRange = async function (error) {
      const replicas = this.preferredReadReplicasPerTopicPartition[error.topic];
      if (replicas?.[error.partition] === undefined) await recoverFromOffsetOutOfRange.call(this, error);
      else Reflect.deleteProperty(replicas, error.partition);
    };
  },
);
