/**
 * Membership in the consumer group: one consumer of the input topics and their state topics, from which assignments come and
 * by which they are revoked.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputBatch } from "../../../pipeline/ports.js";
import type { AdminClient } from "../admin-client.js";
import { createAdmin, withAdmin } from "../admin/admin.js";
import { KafkaAssignment, type AssignmentHost, type Durable, type PortsFor } from "./assignment.js";
import type { OwnedPartitions } from "../kafkajs/assigner.js";
import { BrokerReach } from "./broker-reach.js";
import { kafkaDefaults } from "../defaults.js";
import { createConsumer } from "../consumer/create-consumer.js";
import { partitionControls, type FeedOf, type TopicConsumer } from "../consumer/consumer.js";
import { followEnds } from "./ends.js";
import { brokerError, commitError, hasNoCoordinator, innermost } from "../errors.js";
import type { FeedControls } from "../consumer/feed.js";
import { FeedbackReader } from "./feedback.js";
import { feedbackTopic } from "../inputs.js";
import type { KafkaOptions } from "../options.js";
import { SharedQuestion, Slots } from "./takeover-limits.js";
import {
  checkCompaction,
  checkPartitions,
  committedPositions,
  partitionCount,
  partitionWatermarks,
  requireTopics,
} from "../admin/topics.js";

import { foreignMembers } from "../admin/groups.js";
import { topicIds } from "../admin/topic-ids.js";
import { recreated } from "../owner.js";
import { watchTopics, type RecreatedTopic } from "../admin/watch-topics.js";

/** Time before the client is asked to join again, in ms. */
const rejoinPause = 1000;

export interface MembershipEvents {
  assigned(assignment: KafkaAssignment): void;
  failed(error: Error): void;
  /** Returns whether an input topic was deleted and others are read on; left out if that ends the service. */
  readonly isGone?: (input: string) => Promise<boolean>;
}

/** What a membership knows of one input topic. */
interface Input {
  readonly options: KafkaOptions;
  readonly durable: SharedQuestion<Durable>;
  /** Partitions of the topic. */
  count: number;
  /** Id of the topic when the group was joined; undefined where the brokers tell none. */
  id: string | undefined;
  feedback: FeedbackReader | undefined;
}

const nothing: readonly number[] = [];

export class Membership implements AssignmentHost {
  readonly admin: AdminClient;
  readonly takeovers: Slots;
  readonly purpose: PortsFor;
  /** Options that all inputs have in common. */
  readonly #options: KafkaOptions;
  /** By name, in the order of the options. */
  readonly #inputs: ReadonlyMap<string, Input>;
  /** By the name of an input or its state. */
  readonly #inputOf: ReadonlyMap<string, string>;
  readonly #events: MembershipEvents;
  readonly #consumer: TopicConsumer;
  /** Partitions that are this member's now, by input topic. */
  #owned: OwnedPartitions = new Map();
  #memberId: string | undefined;
  /**
   * By input topic and partition, until released: the next assignment of a partition waits for the end of the previous one.
   */
  readonly #assignments = new Map<string, KafkaAssignment>();
  /** Partitions of the topics whose records go by their keys, as far as they were asked for. */
  readonly #counts = new Map<string, Promise<number>>();
  #joining: Promise<void> = Promise.resolve();
  #leaving = false;
  readonly #left = new AbortController();
  /** Loops that end when the group has been left. */
  #loops: readonly Promise<void>[] = [];
  readonly #reach: BrokerReach;
  #whenReleased: (() => void) | undefined;

  readonly #feedOf: FeedOf = (topic, partition) =>
    this.#assignments.get(placeOf(this.#inputOf.get(topic) ?? topic, partition))?.feedOf(topic);

  /** @param inputs Options of each input topic, at least one; they differ in their topics alone. */
  constructor(
    inputs: readonly [KafkaOptions, ...KafkaOptions[]],
    purpose: PortsFor,
    events: MembershipEvents,
    isSeveral = inputs.length > 1,
  ) {
    const [options] = inputs;
    this.#options = options;
    this.#inputs = new Map(
      inputs.map((each) => [
        each.topics.input,
        {
          options: each,
          durable: new SharedQuestion(() => this.#askDurable(each)),
          count: 0,
          id: undefined,
          feedback: undefined,
        },
      ]),
    );
    this.#inputOf = new Map(
      inputs.flatMap(({ topics: { input, state } }): [string, string][] =>
        purpose.isStateless === true
          ? [[input, input]]
          : [
              [input, input],
              [state, input],
            ],
      ),
    );
    this.purpose = purpose;
    this.#events = events;
    const { maxConcurrentTakeovers = kafkaDefaults.maxConcurrentTakeovers } = options;
    const answered = (): void => this.#reach.answered();
    this.admin = createAdmin(options, { answered });
    this.takeovers = new Slots(maxConcurrentTakeovers);
    this.#reach = new BrokerReach(this.admin, () => options.heard?.());
    this.#consumer = createConsumer(options, {
      groupId: options.applicationId,
      topics: this.#subscription,
      group: {
        inputs: inputs.map(({ topics: { input, state } }) =>
          purpose.isStateless === true ? { input } : { input, state },
        ),
        owned: () => this.#owned,
        isSeveral,
      },
      feedOf: this.#feedOf,
      listener: {
        joined: (member, partitionsOf) => this.#joined(member, partitionsOf),
        rebalancing: () => this.#checkTopics(),
        stopped: () => (this.#memberId = undefined),
        crashed: (error, restarts) => this.#crashed(error, restarts),
        answered,
      },
    });
  }

  /** Joins the group. Throws BROKER_UNREACHABLE, TOPIC_MISSING, TOPIC_MISMATCH or GROUP_FOREIGN. */
  join(): Promise<void> {
    return (this.#joining = this.#join());
  }

  async #join(): Promise<void> {
    const { applicationId, log } = this.#options;
    try {
      await this.admin.connect();
      const all = [...this.#inputs.values()];
      for (const input of all) {
        const { topics } = input.options;
        if (this.#isStateless) {
          input.count = await partitionCount(this.admin, topics.input);
          continue;
        }
        input.count = await checkPartitions(this.admin, topics);
        await checkCompaction(this.admin, topics.state, log);
      }
      if (this.#events.isGone === undefined) await this.#refuseForeign();
      const names = new Set(all.flatMap(({ options: { topics } }) => Object.values(topics) as string[]));
      const watched = this.#isStateless ? [...this.#inputs.keys()] : [...names];
      const ids = (await topicIds(this.admin, watched)) ?? new Map<string, string>();
      for (const [name, input] of this.#inputs) input.id = ids.get(name);
      await this.#run();
      this.#loops = [
        this.#reach.probe(this.#left.signal),
        ...all.map(({ options: { topics } }) =>
          followEnds(
            this.admin,
            {
              topic: topics.input,
              owned: () => this.#ownedOf(topics.input),
              feedOf: (partition) => this.#feedOf(topics.input, partition),
            },
            this.#left.signal,
          ),
        ),
        watchTopics(this.admin, ids, (topic) => this.#recreated(topic), this.#left.signal),
      ];
    } catch (error) {
      throw brokerError(error, `the consumer group ${applicationId}`);
    }
  }

  /** Members of a pattern may not know the same topics yet. */
  async #refuseForeign(): Promise<void> {
    const foreign = await foreignMembers(this.admin, this.#options.applicationId, this.#subscription);
    if (foreign !== undefined) throw foreign;
  }

  /** Each input, followed by its state if it has one. */
  get #subscription(): string[] {
    return [...this.#inputOf.keys()];
  }

  get #isStateless(): boolean {
    return this.purpose.isStateless === true;
  }

  async #run(): Promise<void> {
    const partitions = [...this.#inputs.values()].reduce((sum, { count }) => sum + 2 * count, 0);
    await this.#consumer.start(partitions);
  }

  /** Gives every partition back at once, then leaves the group. */
  async retire(): Promise<void> {
    this.#leaving = true;
    this.#revokeAll();
    await this.leave();
  }

  /** Hands out nothing more, waits until every assignment was released, then leaves the group. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#joining.catch(() => undefined);
    if (this.#assignments.size > 0) {
      await new Promise<void>((resolve) => (this.#whenReleased = resolve));
    }
    await this.#consumer.stop();
    this.#left.abort();
    const readers = [...this.#inputs.values()].map(({ feedback }) => feedback?.close());
    await Promise.all([...this.#loops, ...readers]);
    await this.admin.disconnect();
  }

  controls(topic: string, partition: number): FeedControls {
    return partitionControls(this.#consumer, topic, partition);
  }

  durable(input: string): Promise<Durable> {
    return this.#inputs.get(input)!.durable.ask();
  }

  async #askDurable({ applicationId, topics }: KafkaOptions): Promise<Durable> {
    const [ids, positions, input, state] = await Promise.all([
      topicIds(this.admin, [topics.input]),
      committedPositions(this.admin, applicationId, topics.input),
      partitionWatermarks(this.admin, topics.input),
      this.#isStateless ? [] : partitionWatermarks(this.admin, topics.state),
    ]);
    return { inputId: ids?.get(topics.input), positions, input, state };
  }

  countOf(topic: string): Promise<number> {
    const known = this.#counts.get(topic);
    if (known !== undefined) return known;
    // Uses its own client, because its requests would replace what the other clients know.
    const count = withAdmin(
      this.#options,
      (admin) => partitionCount(admin, topic),
      (error) => commitError(error, `looking for topic ${topic}`),
    );
    this.#counts.set(topic, count);
    count.catch(() => this.#counts.delete(topic));
    return count;
  }

  async *readFeedback(
    { topic, partition, options }: KafkaAssignment,
    from: number | undefined,
    stop: AbortSignal,
  ): AsyncGenerator<InputBatch> {
    const read = feedbackTopic(options.topics);
    if (read === undefined) return;
    const input = this.#inputs.get(topic)!;
    input.feedback ??= new FeedbackReader(options, read);
    yield* input.feedback.read(partition, from, stop);
  }

  async isGone(input: string): Promise<boolean> {
    return (await this.#events.isGone?.(input)) ?? false;
  }

  released(assignment: KafkaAssignment): void {
    const { topic, partition } = assignment;
    const place = placeOf(topic, partition);
    if (this.#assignments.get(place) !== assignment) return;
    this.#assignments.delete(place);
    if (this.#assignments.size === 0) this.#whenReleased?.();
    // Released by its task, or revoked and regained: the subscriber may be gone when the partition is offered again.
    setImmediate(() => this.#offer(topic, partition));
  }

  /**
   * The client calls this before the first fetch of a new generation, when it has forgotten its positions. A partition that
   * stays keeps its task: nobody else can have owned it, because a generation begins only when every member has joined or been
   * expelled, and an expelled member returns under another name.
   */
  #joined(member: string, partitionsOf: (topic: string) => readonly number[]): void {
    const names = [...this.#inputs.keys()];
    const owned = new Map(names.map((input) => [input, partitionsOf(input)]));
    const count = [...owned.values()].reduce((sum, partitions) => sum + partitions.length, 0);
    this.#options.joined?.(count);
    if (member !== this.#memberId) this.#revokeAll();
    this.#memberId = member;
    this.#owned = owned;
    for (const assignment of this.#assignments.values()) {
      const { topic, partition, options } = assignment;
      if (!this.#ownedOf(topic).includes(partition)) assignment.revoke();
      else for (const each of [topic, options.topics.state]) assignment.feedOf(each)?.reseek();
    }
    for (const [input, partitions] of owned) {
      for (const partition of partitions) this.#offer(input, partition);
    }
    if (count === 0) this.#checkGroup();
  }

  #ownedOf(input: string): readonly number[] {
    return this.#owned.get(input) ?? nothing;
  }

  #offer(input: string, partition: number): void {
    const place = placeOf(input, partition);
    if (this.#leaving || !this.#ownedOf(input).includes(partition) || this.#assignments.has(place)) return;
    const assignment = new KafkaAssignment(this.#inputs.get(input)!.options, partition, this);
    this.#assignments.set(place, assignment);
    this.#events.assigned(assignment);
  }

  /** A member with other topics than the leader's has no partitions; it may have joined at the same time. */
  #checkGroup(): void {
    if (this.#events.isGone !== undefined) return;
    const isIdle = (): boolean => [...this.#owned.values()].every(({ length }) => length === 0);
    this.#refuseForeign().catch((error: unknown) => {
      // Any other error: it is looked at again at the next rebalance.
      const isForeign = error instanceof UndercurrentError && error.code === "GROUP_FOREIGN";
      if (isForeign && isIdle() && !this.#leaving) this.#fail(error);
    });
  }

  /**
   * Handles a recreated topic. A new input or state topic ends the service. The service never reads forecasts and dead letters, so
   * it writes to the new topic, with the new number of partitions where keys choose the partition.
   */
  #recreated({ topic, before, now }: RecreatedTopic): void {
    const { log } = this.#options;
    if (this.#leaving) return;
    if (this.#inputs.has(topic)) {
      this.#fail(recreated(`topic ${topic}: the committed offsets belong to the topic`, before, now));
    } else if (this.#inputOf.has(topic)) {
      const message = `topic ${topic}: the state was in the topic with id ${before}, which was deleted; the topic now has id ${now}`;
      this.#fail(new UndercurrentError("STATE_GAP", message));
    } else {
      this.#counts.delete(topic);
      const message = `topic ${topic} was deleted and recreated: its earlier records are gone; the service writes to the new topic`;
      log?.({ level: "warn", message, fields: { topic, before, now } });
    }
  }

  /** If a topic was deleted, the client tries to join for ever and logs nothing. Any other error may be temporary. */
  #checkTopics(): void {
    const names = [...this.#inputs.values()].flatMap(({ options: { topics } }) =>
      this.#isStateless ? [topics.input] : [topics.input, topics.forecasts, topics.state],
    );
    requireTopics(this.admin, names).catch((error: unknown) => {
      if (error instanceof UndercurrentError && !this.#leaving) this.#fail(error);
    });
  }

  #crashed(error: Error, restarts: boolean): void {
    this.#owned = new Map();
    this.#memberId = undefined;
    this.#options.lost?.();
    if (restarts) {
      this.#revokeAll();
      this.#checkTopics();
      return;
    }
    const cause = innermost(error);
    if (hasNoCoordinator(cause)) {
      this.#revokeAll();
      this.#joining = this.#rejoin();
      return;
    }
    if (cause instanceof UndercurrentError && cause.code === "INPUT_TRUNCATED") void this.#truncated(cause);
    else this.#fail(cause);
  }

  /** A recreated topic with fewer records looks like a topic that lost unread records. */
  async #truncated(cause: UndercurrentError): Promise<void> {
    const ids = await topicIds(this.admin, [...this.#inputs.keys()]).catch(() => undefined);
    for (const [topic, { id: before }] of this.#inputs) {
      const now = ids?.get(topic) ?? before;
      if (now !== before && now !== undefined) {
        this.#recreated({ topic, before: before!, now });
        return;
      }
    }
    this.#fail(cause);
  }

  /** The client gives up if it finds no coordinator. Without any broker, connecting times out by itself. */
  async #rejoin(): Promise<void> {
    await sleep(rejoinPause);
    if (this.#leaving) return;
    try {
      await this.#run();
    } catch (error) {
      this.#fail(innermost(error));
    }
  }

  #fail(cause: unknown): void {
    const error = brokerError(cause, `the consumer group ${this.#options.applicationId}`);
    this.#revokeAll(error);
    this.#events.failed(error);
  }

  #revokeAll(failure?: Error): void {
    for (const assignment of this.#assignments.values()) assignment.revoke(failure);
  }
}

/** Names a partition of an input topic. */
function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
