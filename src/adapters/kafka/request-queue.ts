/**
 * Keeps the client's connections from waking up for nothing: each of its request queues looks for pending requests a
 * millisecond after it last did, for ever, whether there are any or not, by a timer whose delay is negative (which Node
 * 24 warns of on standard error). With requests pending or a throttle in force it is as the client does it.
 */
import { createRequire } from "node:module";

export interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Epoch milliseconds; -1 where the brokers have asked for no pause. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

let repaired = false;

/** Repairs the queues of every client of this process, once; the client has no place of its own for it. */
export function repairRequestQueues(): void {
  if (repaired) return;
  repaired = true;
  const require = createRequire(import.meta.url);
  const queue = (require("kafkajs/src/network/requestQueue") as { readonly prototype: RequestQueue })
    .prototype;
  const { scheduleCheckPendingRequests } = queue;
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheckPendingRequests.call(this);
  };
}
