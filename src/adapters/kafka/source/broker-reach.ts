/** Tracks whether the brokers answer. A member without traffic sends a request. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, Consumer } from "kafkajs";

/** Milliseconds without an answer after which the brokers are asked. */
const quietMs = 5000;

/** Calls `heard` at each answer that the brokers give to the consumer or the administrator. */
export class BrokerReach {
  readonly #admin: Admin;
  #answers = 0;

  constructor(admin: Admin, consumer: Consumer, heard: () => void) {
    this.#admin = admin;
    const answered = (): void => {
      this.#answers++;
      heard();
    };
    admin.on(admin.events.REQUEST, answered);
    consumer.on(consumer.events.REQUEST, answered);
  }

  /** Sends a request if the brokers have been silent for a while, as in a long rebalance. Resolves when the watch ends. */
  async probe(end: AbortSignal): Promise<void> {
    for (let before = -1; !end.aborted;) {
      if (this.#answers === before) await this.#admin.describeCluster().catch(() => undefined);
      before = this.#answers;
      await sleep(quietMs, undefined, { signal: end, ref: false }).catch(() => undefined);
    }
  }
}
