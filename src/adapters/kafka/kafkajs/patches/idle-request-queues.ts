/**
 * Keeps the client's connections from waking up for nothing: each of its request queues looks for pending requests a
 * millisecond after it last did, for ever, whether there are any or not, by a timer whose delay is negative (which Node
 * 24 warns of on standard error). With requests pending or a throttle in force it is as the client does it.
 */
import { patchModule } from "./patch-module.js";

export interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Epoch milliseconds; -1 where the brokers have asked for no pause. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/** Repairs the queues of every client of this process. */
export const patchRequestQueues = patchModule(
  "kafkajs/src/network/requestQueue",
  ({ prototype }: { prototype: RequestQueue }) => {
    const { scheduleCheckPendingRequests } = prototype;
    prototype.scheduleCheckPendingRequests = function () {
      if (this.pending.length > 0 || this.throttledUntil > Date.now())
        scheduleCheckPendingRequests.call(this);
    };
  },
);
