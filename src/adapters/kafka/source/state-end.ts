/**
 * How far a partition of the state topic goes, as its owner knows. Where it ends before that, the topic was deleted and made
 * again: a snapshot holds what has changed since the one before, so that the next one would be torn there. Where it ends
 * behind that, somebody else may have written.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import { commitError } from "../errors.js";
import { partitionWatermarks } from "../admin/topics.js";

/** A commit that is acknowledged is visible a little later: how often to look, and how long, in ms. */
const pause = 50;
const patience = 10_000;

/** Offsets from the first up to the second, which is not one of them. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

export class StateEnd {
  readonly #admin: Admin;
  readonly #topic: string;
  readonly #partition: number;
  /** The partition had come so far when it was last looked at. */
  #seen: number;
  /** Records committed since. */
  #written = 0;
  /** Everything up to here was there at the takeover, or is known to be the owner's. */
  #known: number;
  /** The furthest that the partition goes by what the owner wrote: a marker comes behind the records of each commit. */
  #furthest: number;

  constructor(admin: Admin, topic: string, partition: number, seen: number) {
    this.#admin = admin;
    this.#topic = topic;
    this.#partition = partition;
    this.#seen = seen;
    this.#known = seen;
    this.#furthest = seen;
  }

  /**
   * To be called before a snapshot is written. Throws TOPIC_MISSING, STATE_GAP where the partition lost what it had, and
   * COMMIT_UNCERTAIN where what was committed last does not become visible, or the brokers do not tell.
   *
   * @returns offsets that hold more than the owner wrote, to be looked at; undefined where there are none
   */
  async check(): Promise<OffsetRange | undefined> {
    const what = `topic ${this.#topic}, partition ${this.#partition}`;
    const deadline = performance.now() + patience;
    while (!(await this.#reached(what))) {
      if (performance.now() > deadline) {
        throw new UndercurrentError("COMMIT_UNCERTAIN", `${what}: the last snapshot is not visible`);
      }
      await sleep(pause);
    }
    return this.#seen > this.#furthest ? { from: this.#known, to: this.#seen } : undefined;
  }

  /** What was looked at is the owner's: a marker may come twice, and what a predecessor left open may end late. */
  explained({ to }: OffsetRange): void {
    this.#known = to;
    // The marker of the last commit may be still to come.
    this.#furthest = to + 1;
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
      return (await partitionWatermarks(this.#admin, this.#topic))[this.#partition]?.high ?? 0;
    } catch (error) {
      throw commitError(error, `looking at ${what}`);
    }
  }

  /** So many records were committed. */
  wrote(records: number): void {
    this.#written += records;
    this.#furthest += records + 1;
  }
}
