/** Controls a consumer's position in one partition: seek, pause and resume. */
import type { Consumer } from "kafkajs";
import type { FeedControls } from "./feed.js";

/**
 * The controls of a partition. While the consumer does not run, the client throws at each of them, and they do nothing:
 * before it runs again it has to be told everything anyway.
 */
export function partitionControls(
  consumer: Consumer,
  topic: string,
  partition: number,
  running: () => boolean,
): FeedControls {
  const partitions = [{ topic, partitions: [partition] }];
  const whileRunning = (call: () => void): void => {
    if (running()) call();
  };
  return {
    seek: (offset) => whileRunning(() => consumer.seek({ topic, partition, offset: String(offset) })),
    pause: () => whileRunning(() => consumer.pause(partitions)),
    resume: () => whileRunning(() => consumer.resume(partitions)),
  };
}
