/**
 * Tracks the end of a state partition, as its owner knows it. If the partition ends earlier, the topic was recreated: a
 * snapshot holds only what changed since the previous one, so the next one would be torn. If the partition ends later, somebody
 * else may have written.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient } from "../admin-client.js";
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
  readonly #admin: AdminClient;
  readonly #topic: string;
  readonly #partition: number;
  /** The partition had come so far when it was last looked at. */
  #seen: number;
  /** Records committed since. */
  #written = 0;
  /** Everything up to here was there at the takeover, or is known to be the owner's. */
  #known: number;
  /** Largest end that the owner's own writes explain: each commit adds its records and a marker. */
  #furthest: number;

  constructor(admin: AdminClient, topic: string, partition: number, seen: number) {
    this.#admin = admin;
    this.#topic = topic;
    this.#partition = partition;
    this.#seen = seen;
    this.#known = seen;
    this.#furthest = seen;
  }

  /**
   * Checks the partition before a snapshot is written.
   *
   * @returns Offsets beyond the owner's own writes, which must be checked; undefined if there are none.
   * @throws TOPIC_MISSING, STATE_GAP if the partition lost records, COMMIT_UNCERTAIN if the last commit does not become visible
   *   or the brokers do not answer.
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

  /**
   * The checked offsets are the owner's: a marker may be written twice, and a predecessor's open transaction may end late.
   */
  explained({ to }: OffsetRange): void {
    this.#known = to;
    // The marker of the last commit may be still to come.
    this.#furthest = to + 1;
  }

  /** Whether the partition goes as far as it should. */
  async #reached(what: string): Promise<boolean> {
    const high = await this.#high(what);
    if (high < this.#seen) {
      const message = `${what}: its end is offset ${high}, but was ${this.#seen} before: the topic was recreated`;
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

  /** Adds the number of committed records. */
  wrote(records: number): void {
    this.#written += records;
    this.#furthest += records + 1;
  }
}
