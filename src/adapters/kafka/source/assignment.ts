/** Represents an input partition assigned to this instance, from takeover to release. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { Assignment, Commit, InputBatch, Takeover } from "../../../pipeline/ports.js";
import type { AdminClient } from "../admin-client.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError, isRetriable } from "../errors.js";
import { Feed, type FeedControls } from "../consumer/feed.js";
import type { KafkaOptions } from "../options.js";
import { restoreState, type FoundState } from "./restore.js";
import type { Slots } from "./takeover-limits.js";
import { StateEnd } from "./state-end.js";
import type { CommittedPosition, Watermarks } from "../admin/topics.js";
import { foreignOwner, offsetMetadata, recreatedInput, refuseForeign, type StateOwner } from "../owner.js";
import { openWriter, type TransactionalWriter } from "../producer/writer.js";
import { writesOf } from "../producer/writes.js";

/** What commands may do with a state that a service must not. */
export interface PortsFor {
  /** Takes over the state and offsets of a recreated input topic. */
  readonly recreatedInput?: boolean;
  /** Partitions have no state: a commit is records and an offset. */
  readonly isStateless?: boolean;
}

/** What an assignment needs of the group membership that it came from. */
export interface AssignmentHost {
  readonly admin: AdminClient;
  /** Places for takeovers. */
  readonly takeovers: Slots;
  /** Asks for the durable facts of all partitions of an input topic, as of a moment after the call. */
  durable(input: string): Promise<Durable>;
  readonly purpose: PortsFor;
  /** The consumer's hold on a partition of the input or the state topic. */
  controls(topic: string, partition: number): FeedControls;
  /** How many partitions a topic has. Rejects with TOPIC_MISSING, or COMMIT_UNCERTAIN where the brokers do not tell. */
  countOf(topic: string): Promise<number>;
  /** Reads the topic of feedback of an assignment, if there is one. */
  readFeedback(
    assignment: KafkaAssignment,
    from: number | undefined,
    stop: AbortSignal,
  ): AsyncIterable<InputBatch>;
  /** Returns whether an input topic was deleted, and this member will give its partitions back. */
  isGone(input: string): Promise<boolean>;
  released(assignment: KafkaAssignment): void;
}

/** Durable facts of the partitions of the input and the state topic. */
export interface Durable {
  /** Id of the input topic; undefined where the brokers tell none. */
  readonly inputId: string | undefined;
  /** Committed offsets of the input. */
  readonly positions: ReadonlyMap<number, CommittedPosition>;
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
  /** Options of this input topic. */
  readonly options: KafkaOptions;
  readonly #host: AssignmentHost;
  readonly #revocation = new AbortController();
  /** By topic; at most one of each is open. */
  readonly #feeds = new Map<string, Feed>();
  #writer: TransactionalWriter | undefined;
  #stateEnd: StateEnd | undefined;
  /** Under whose name the state is written; undefined until it was taken over. */
  #owner: StateOwner | undefined;

  constructor(options: KafkaOptions, partition: number, host: AssignmentHost) {
    this.topic = options.topics.input;
    this.partition = partition;
    this.revoked = this.#revocation.signal;
    this.options = options;
    this.#host = host;
  }

  get endOffset(): number | undefined {
    return this.feedOf(this.topic)?.endOffset;
  }

  get feedbackTopic(): string | undefined {
    return this.options.topics.feedback;
  }

  async takeOver(stop: AbortSignal = unstopped): Promise<Takeover> {
    const signal = AbortSignal.any([this.revoked, stop]);
    const giveBack = await this.#host.takeovers.take(signal);
    // Closing the feed ends the restore.
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
          // No limit of attempts: a long outage ends the membership, and the assignment with it.
          if (!isRetriable(error) && !(await this.#host.isGone(this.topic)))
            throw brokerError(error, this.#origin);
          await sleep(unreachablePause, undefined, { signal }).catch(() => undefined);
        }
      }
    } finally {
      stop.removeEventListener("abort", interrupt);
      giveBack?.();
    }
  }

  /** Fence first, then read: before the fencing an earlier owner may still change the durable facts. */
  async #takeOver(): Promise<Takeover> {
    const { applicationId, topics } = this.options;
    const { admin, purpose } = this.#host;
    this.#closeFeeds();
    await this.#writer?.close();
    this.#writer = undefined;
    this.#writer = await openWriter(this.options, this.partition);
    const { partition } = this;
    const { inputId, positions, input, state } = await this.#host.durable(this.topic);
    this.#checkRight();
    const owner = { application: applicationId, input: topics.input, partition, inputId };
    const { low, high } = state[partition] ?? { low: 0, high: 0 };
    const { records, owners } = await this.#readState(low, high);
    refuseForeign(owners, owner, `topic ${topics.state}, partition ${partition}`);
    const committed = positions.get(partition);
    const recreated = recreatedInput(owner, { owners, committed: committed?.inputId });
    if (recreated !== undefined && purpose.recreatedInput !== true) throw recreated;
    this.#owner = owner;
    if (purpose.isStateless !== true) this.#stateEnd = new StateEnd(admin, topics.state, partition, high);
    return { committed: committed?.offset, earliest: input[partition]!.low, state: records };
  }

  async #readState(low: number, end: number): Promise<FoundState> {
    if (low >= end) return { records: [], owners: [], unowned: 0 };
    const { topics, restoreStallMs: stallMs = kafkaDefaults.restoreStallMs } = this.options;
    return restoreState(this.#feed(topics.state, low), { end, stallMs, origin: this.#origin });
  }

  async *read(from: number, stop: AbortSignal): AsyncIterable<InputBatch> {
    if (stop.aborted || this.revoked.aborted) return;
    const feed = this.#feed(this.topic, from);
    const close = (): void => feed.close();
    stop.addEventListener("abort", close);
    try {
      for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
        yield batch;
      }
    } finally {
      stop.removeEventListener("abort", close);
      feed.close();
    }
  }

  readFeedback(from: number | undefined, stop: AbortSignal): AsyncIterable<InputBatch> {
    return this.#host.readFeedback(this, from, AbortSignal.any([stop, this.revoked]));
  }

  /** See `Committer.commit`. */
  async commit(commit: Commit): Promise<void> {
    if (this.#writer === undefined || this.#owner === undefined) {
      throw new UndercurrentError("FENCED", `${this.#origin}: the partition is not taken over yet`);
    }
    const { snapshot, offset } = commit;
    const owner = this.#owner;
    const stateEnd = this.#stateEnd;
    const foreign =
      snapshot === undefined || stateEnd === undefined
        ? undefined
        : await this.#foreignWriter(stateEnd, owner);
    const writes = await writesOf(foreign === undefined ? commit : { ...commit, snapshot: undefined }, {
      topics: this.options.topics,
      owner,
      countOf: (topic) => this.#host.countOf(topic),
    });
    try {
      await this.#writer.commit(writes, offset, this, offsetMetadata(owner));
    } catch (error) {
      if (!(await this.#host.isGone(this.topic))) throw error;
      throw new UndercurrentError("COMMIT_UNCERTAIN", `${this.#origin}: the topic was deleted`, {
        cause: error,
      });
    }
    // A new owner of the partition, of whatever release, would have fenced this commit: it is somebody else.
    if (foreign !== undefined) throw foreign;
    if (snapshot !== undefined) stateEnd?.wrote(snapshot.records.length);
  }

  /** The error where another than this owner has written the state since the takeover. */
  async #foreignWriter(stateEnd: StateEnd, owner: StateOwner): Promise<UndercurrentError | undefined> {
    const range = await stateEnd.check();
    if (range === undefined) return undefined;
    const { topics } = this.options;
    const { owners, unowned } = await this.#readState(range.from, range.to);
    const origin = `topic ${topics.state}, partition ${this.partition}`;
    const foreign = foreignOwner(owners, owner, origin);
    if (foreign !== undefined) return foreign;
    if (unowned > 0) {
      const message = `${origin}: ${unowned} records since the takeover name no owner: another service of a release before this one, or another program, writes them`;
      return new UndercurrentError("STATE_FOREIGN", message);
    }
    stateEnd.explained(range);
    return undefined;
  }

  async release(): Promise<void> {
    this.#closeFeeds();
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close().catch(() => undefined);
    this.#host.released(this);
  }

  /** Ends readers and refuses commits, because the partition is revoked. */
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
    const feed = new Feed(
      controls,
      from,
      this.options.maxPartitionFetchBytes ?? kafkaDefaults.maxPartitionFetchBytes,
    );
    this.#feeds.set(topic, feed);
    return feed;
  }

  #closeFeeds(failure?: Error): void {
    for (const feed of this.#feeds.values()) feed.close(failure);
    this.#feeds.clear();
  }

  #checkRight(): void {
    if (this.revoked.aborted)
      throw new UndercurrentError("FENCED", `${this.#origin}: the partition was revoked`);
  }
}
