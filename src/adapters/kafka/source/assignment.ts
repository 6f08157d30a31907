/** An input partition in the hands of this instance, from its takeover to its release. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { Assignment, Commit, InputBatch, Takeover } from "../../../pipeline/ports.js";
import { defaultFetchBytes } from "./consumer.js";
import { brokerError, isRetriable } from "../errors.js";
import { Feed, type FeedControls } from "./feed.js";
import type { KafkaOptions } from "../options.js";
import { toInputBatch } from "./records.js";
import { restoreState } from "./restore.js";
import type { Slots } from "./slots.js";
import { StateEnd } from "./state-end.js";
import type { Watermarks } from "../admin/topics.js";
import { openWriter, type TransactionalWriter } from "../producer/writer.js";
import { writesOf } from "../producer/writes.js";

/** What an assignment needs of the group membership that it came from. */
export interface AssignmentHost {
  readonly admin: Admin;
  /** Places for takeovers. */
  readonly takeovers: Slots;
  /** What is durable of all partitions at a moment after the call. */
  durable(): Promise<Durable>;
  /** The consumer's hold on a partition of the input or the state topic. */
  controls(topic: string, partition: number): FeedControls;
  /** How many partitions a topic has. Rejects with TOPIC_MISSING, or COMMIT_UNCERTAIN where the brokers do not tell. */
  countOf(topic: string): Promise<number>;
  released(assignment: KafkaAssignment): void;
}

/** What is durable of the partitions of the input and the state topic. */
export interface Durable {
  readonly committed: ReadonlyMap<number, number>;
  readonly input: readonly Watermarks[];
  readonly state: readonly Watermarks[];
}

/** Pause between two attempts to reach brokers that do not answer, in ms. */
const unreachablePause = 1000;

const unstopped = new AbortController().signal;

export class KafkaAssignment implements Assignment {
  readonly topic: string;
  readonly partition: number;
  readonly revoked: AbortSignal;
  readonly #options: KafkaOptions;
  readonly #host: AssignmentHost;
  readonly #revocation = new AbortController();
  /** By topic; at most one of each is open. */
  readonly #feeds = new Map<string, Feed>();
  #writer: TransactionalWriter | undefined;
  #stateEnd: StateEnd | undefined;

  constructor(options: KafkaOptions, partition: number, host: AssignmentHost) {
    this.topic = options.topics.input;
    this.partition = partition;
    this.revoked = this.#revocation.signal;
    this.#options = options;
    this.#host = host;
  }

  get endOffset(): number | undefined {
    return this.feedOf(this.topic)?.endOffset;
  }

  async takeOver(stop: AbortSignal = unstopped): Promise<Takeover> {
    const signal = AbortSignal.any([this.revoked, stop]);
    const giveBack = await this.#host.takeovers.take(signal);
    // What is restored of the state ends with its feed.
    const interrupt = (): void => this.#closeFeeds();
    stop.addEventListener("abort", interrupt);
    try {
      for (;;) {
        this.#checkRight();
        stop.throwIfAborted();
        try {
          return await this.#takeOver();
        } catch (error) {
          this.#checkRight();
          stop.throwIfAborted();
          // An outage that lasts ends the membership, and the assignment with it: nothing here has to count attempts.
          if (!isRetriable(error)) throw brokerError(error, this.#origin);
          await sleep(unreachablePause, undefined, { signal }).catch(() => undefined);
        }
      }
    } finally {
      stop.removeEventListener("abort", interrupt);
      giveBack?.();
    }
  }

  /** First fence, then look: what is read before an earlier owner was fenced may change afterwards. */
  async #takeOver(): Promise<Takeover> {
    const { topics, restoreStallMs = 60_000 } = this.#options;
    const { admin } = this.#host;
    this.#closeFeeds();
    await this.#writer?.close();
    this.#writer = undefined;
    this.#writer = await openWriter(this.#options, this.partition);
    const { partition } = this;
    const { committed, input, state } = await this.#host.durable();
    this.#checkRight();
    const { low, high } = state[partition]!;
    this.#stateEnd = new StateEnd(admin, topics.state, partition, high);
    return {
      committed: committed.get(partition),
      earliest: input[partition]!.low,
      state:
        low < high
          ? await restoreState(this.#feed(topics.state, low), high, restoreStallMs, this.#origin)
          : [],
    };
  }

  async *read(from: number, stop: AbortSignal): AsyncIterable<InputBatch> {
    if (stop.aborted || this.revoked.aborted) return;
    const feed = this.#feed(this.topic, from);
    const close = (): void => feed.close();
    stop.addEventListener("abort", close);
    try {
      for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
        yield toInputBatch(batch);
      }
    } finally {
      stop.removeEventListener("abort", close);
      feed.close();
    }
  }

  /** See `Committer.commit`. */
  async commit(commit: Commit): Promise<void> {
    if (this.#writer === undefined || this.#stateEnd === undefined) {
      throw new UndercurrentError("FENCED", `${this.#origin}: it has not been taken over`);
    }
    const { snapshot, offset } = commit;
    const { topics } = this.#options;
    const writes = await writesOf(commit, topics, this.partition, (topic) => this.#host.countOf(topic));
    if (snapshot !== undefined) await this.#stateEnd.check();
    await this.#writer.commit(writes, offset, this);
    if (snapshot !== undefined) this.#stateEnd.wrote(snapshot.records.length);
  }

  async release(): Promise<void> {
    this.#closeFeeds();
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close().catch(() => undefined);
    this.#host.released(this);
  }

  /** The partition is gone: readers end, commits are refused. */
  revoke(failure?: Error): void {
    this.#closeFeeds(failure);
    this.#revocation.abort();
  }

  /** The feed that reads this topic now. */
  feedOf(topic: string): Feed | undefined {
    return this.#feeds.get(topic);
  }

  get #origin(): string {
    return `topic ${this.topic}, partition ${this.partition}`;
  }

  #feed(topic: string, from: number): Feed {
    this.#feeds.get(topic)?.close();
    const controls = this.#host.controls(topic, this.partition);
    const feed = new Feed(controls, from, this.#options.maxPartitionFetchBytes ?? defaultFetchBytes);
    this.#feeds.set(topic, feed);
    return feed;
  }

  #closeFeeds(failure?: Error): void {
    for (const feed of this.#feeds.values()) feed.close(failure);
    this.#feeds.clear();
  }

  #checkRight(): void {
    if (this.revoked.aborted) throw new UndercurrentError("FENCED", `${this.#origin}: taken away`);
  }
}
