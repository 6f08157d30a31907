/** Tracks whether the brokers answer. A member without traffic sends a request. */
import type { AdminClient } from "../admin-client.js";
import { every } from "../every.js";

/** Milliseconds without an answer after which the brokers are asked. */
const quietMs = 5000;

/** Calls `heard` at each answer of the brokers. */
export class BrokerReach {
  readonly #admin: AdminClient;
  readonly #heard: () => void;
  #answers = 0;

  constructor(admin: AdminClient, heard: () => void) {
    this.#admin = admin;
    this.#heard = heard;
  }

  /** Takes note of an answer. */
  answered(): void {
    this.#answers++;
    this.#heard();
  }

  /** Sends a request if the brokers have been silent for a while, as in a long rebalance. Resolves when the watch ends. */
  async probe(end: AbortSignal): Promise<void> {
    let before = this.#answers;
    await every(quietMs, end, async () => {
      if (this.#answers === before) await this.#admin.describeCluster().catch(() => undefined);
      before = this.#answers;
    });
  }
}
