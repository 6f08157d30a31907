/**
 * How far a partition of the state topic goes, as its owner knows: where it ends before that, the topic was deleted and
 * made again. A snapshot holds what has changed since the one before, so that the next one would be torn there.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import { commitError } from "../errors.js";
import { partitionExtents } from "../admin/topics.js";

/** A commit that is acknowledged is visible a little later: how often to look, and how long, in ms. */
const pause = 50;
const patience = 10_000;

export class StateEnd {
  readonly #admin: Admin;
  readonly #topic: string;
  readonly #partition: number;
  /** The partition had come so far when it was last looked at. */
  #seen: number;
  /** Records committed since. */
  #written = 0;

  constructor(admin: Admin, topic: string, partition: number, seen: number) {
    this.#admin = admin;
    this.#topic = topic;
    this.#partition = partition;
    this.#seen = seen;
  }

  /**
   * To be called before a snapshot is written. Throws TOPIC_MISSING, STATE_GAP where the partition lost what it had, and
   * COMMIT_UNCERTAIN where what was committed last does not become visible, or the brokers do not tell.
   */
  async check(): Promise<void> {
    const what = `topic ${this.#topic}, partition ${this.#partition}`;
    const deadline = performance.now() + patience;
    while (!(await this.#reached(what))) {
      if (performance.now() > deadline) {
        throw new UndercurrentError("COMMIT_UNCERTAIN", `${what}: the last snapshot is not there to be seen`);
      }
      await sleep(pause);
    }
  }

  /** Whether the partition goes as far as it should. */
  async #reached(what: string): Promise<boolean> {
    const high = await this.#high(what);
    if (high < this.#seen) {
      const message = `${what}: it ends at offset ${high} and went up to ${this.#seen}: it was deleted and made again`;
      throw new UndercurrentError("STATE_GAP", message);
    }
    if (high < this.#seen + this.#written) return false;
    this.#seen = high;
    this.#written = 0;
    return true;
  }

  async #high(what: string): Promise<number> {
    try {
      return (await partitionExtents(this.#admin, this.#topic))[this.#partition]?.high ?? 0;
    } catch (error) {
      throw commitError(error, `looking at ${what}`);
    }
  }

  /** So many records were committed. */
  wrote(records: number): void {
    this.#written += records;
  }
}
