/**
 * Stops idle request queues from waking up. Each queue of the client looks for pending requests every millisecond, for ever, by
 * a timer with a negative delay, of which Node 24 warns on standard error. With requests pending or a throttle in force, the
 * queue works as before.
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
