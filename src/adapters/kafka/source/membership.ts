/**
 * Membership in the consumer group: one consumer of the input and the state topic, from which assignments come and by
 * which they are revoked.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputBatch } from "../../../pipeline/ports.js";
import { withAdmin } from "../admin/admin.js";
import { KafkaAssignment, type AssignmentHost, type Durable, type PortsFor } from "./assignment.js";
import { coPartitionAssigner } from "./assigner.js";
import { BrokerReach } from "./broker-reach.js";
import { kafkaDefaults } from "../defaults.js";
import { adminConfig, createClient, memberConfig, patientRetry } from "../kafkajs/client.js";
import { createConsumer, runConsumer, type FeedOf } from "./consumer.js";
import { followEnds } from "./ends.js";
import { brokerError, commitError, hasNoCoordinator, innermost } from "../errors.js";
import { partitionControls, type FeedControls } from "./feed.js";
import { FeedbackReader } from "./feedback.js";
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
import { topicIds } from "../kafkajs/topic-ids.js";
import { recreated } from "../owner.js";
import { watchTopics, type RecreatedTopic } from "../admin/watch-topics.js";

/** Time before the client is asked to join again, in ms. */
const rejoinPause = 1000;

export interface MembershipEvents {
  assigned(assignment: KafkaAssignment): void;
  failed(error: Error): void;
}

export class Membership implements AssignmentHost {
  readonly admin: Admin;
  readonly takeovers: Slots;
  readonly #durable: SharedQuestion<Durable>;
  readonly purpose: PortsFor;
  readonly #options: KafkaOptions;
  readonly #events: MembershipEvents;
  readonly #consumer: Consumer;
  /** Partitions that are this member's now. */
  #owned: readonly number[] = [];
  #memberId: string | undefined;
  /** By partition, until released: the next assignment of a partition waits for the end of the previous one. */
  readonly #assignments = new Map<number, KafkaAssignment>();
  /** Partitions of the topics whose records go by their keys, as far as they were asked for. */
  readonly #counts = new Map<string, Promise<number>>();
  #joining: Promise<void> = Promise.resolve();
  #leaving = false;
  readonly #left = new AbortController();
  /** Loops that end when the group has been left. */
  #loops: readonly Promise<void>[] = [];
  readonly #reach: BrokerReach;
  #feedback: FeedbackReader | undefined;
  /** Partitions of the input. */
  #count = 0;
  /** Id of the input topic when the group was joined; undefined where the brokers tell none. */
  #inputId: string | undefined;
  #whenReleased: (() => void) | undefined;

  readonly #feedOf: FeedOf = (topic, partition) => this.#assignments.get(partition)?.feedOf(topic);

  constructor(options: KafkaOptions, purpose: PortsFor, events: MembershipEvents) {
    this.#options = options;
    this.purpose = purpose;
    this.#events = events;
    const { topics, maxConcurrentTakeovers = kafkaDefaults.maxConcurrentTakeovers } = options;
    const client = createClient(options, patientRetry);
    this.admin = client.admin(adminConfig(options));
    this.takeovers = new Slots(maxConcurrentTakeovers);
    this.#durable = new SharedQuestion(() => this.#askDurable());
    this.#consumer = createConsumer(client, options, this.#feedOf, {
      ...memberConfig(options),
      partitionAssigners: [coPartitionAssigner([topics.input, topics.state], () => this.#owned)],
    });
    this.#reach = new BrokerReach(this.admin, this.#consumer, () => options.heard?.());
    const { GROUP_JOIN, REBALANCING, STOP, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, (event) => {
      options.joined?.((event.payload.memberAssignment[topics.input] ?? []).length);
      this.#joined(event);
    });
    this.#consumer.on(REBALANCING, () => this.#checkTopics());
    this.#consumer.on(STOP, () => (this.#memberId = undefined));
    this.#consumer.on(CRASH, (event) => this.#crashed(event));
  }

  /** Joins the group. Throws BROKER_UNREACHABLE, TOPIC_MISSING, TOPIC_MISMATCH or GROUP_FOREIGN. */
  join(): Promise<void> {
    return (this.#joining = this.#join());
  }

  async #join(): Promise<void> {
    const { topics, applicationId, log } = this.#options;
    try {
      await this.admin.connect();
      this.#count = await checkPartitions(this.admin, topics);
      await checkCompaction(this.admin, topics.state, log);
      const foreign = await foreignMembers(this.admin, this.#options);
      if (foreign !== undefined) throw foreign;
      const ids =
        (await topicIds(this.admin, Object.values(topics) as string[])) ?? new Map<string, string>();
      this.#inputId = ids.get(topics.input);
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [topics.input, topics.state] });
      await runConsumer(this.#consumer, this.#options, 2 * this.#count, this.#feedOf);
      this.#loops = [
        this.#reach.probe(this.#left.signal),
        followEnds(
          this.admin,
          {
            topic: topics.input,
            owned: () => this.#owned,
            feedOf: (partition) => this.#feedOf(topics.input, partition),
          },
          this.#left.signal,
        ),
        watchTopics(this.admin, ids, (topic) => this.#recreated(topic), this.#left.signal),
      ];
    } catch (error) {
      throw brokerError(error, `the consumer group ${applicationId}`);
    }
  }

  /** Hands out nothing more, waits until every assignment was released, then leaves the group. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#joining.catch(() => undefined);
    if (this.#assignments.size > 0) {
      await new Promise<void>((resolve) => (this.#whenReleased = resolve));
    }
    await this.#consumer.disconnect();
    this.#left.abort();
    await Promise.all([...this.#loops, this.#feedback?.close()]);
    await this.admin.disconnect();
  }

  controls(topic: string, partition: number): FeedControls {
    return partitionControls(this.#consumer, topic, partition, () => this.#memberId !== undefined);
  }

  durable(): Promise<Durable> {
    return this.#durable.ask();
  }

  async #askDurable(): Promise<Durable> {
    const { applicationId, topics } = this.#options;
    const [ids, positions, input, state] = await Promise.all([
      topicIds(this.admin, [topics.input]),
      committedPositions(this.admin, applicationId, topics.input),
      partitionWatermarks(this.admin, topics.input),
      partitionWatermarks(this.admin, topics.state),
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
    partition: number,
    from: number | undefined,
    stop: AbortSignal,
  ): AsyncGenerator<InputBatch> {
    const { incidents } = this.#options.topics;
    if (incidents === undefined) return;
    this.#feedback ??= new FeedbackReader(this.#options, incidents);
    yield* this.#feedback.read(partition, from, stop);
  }

  released(assignment: KafkaAssignment): void {
    const { partition } = assignment;
    if (this.#assignments.get(partition) !== assignment) return;
    this.#assignments.delete(partition);
    if (this.#assignments.size === 0) this.#whenReleased?.();
    // Released by its task, or revoked and regained: the subscriber may be gone when the partition is offered again.
    setImmediate(() => this.#offer(partition));
  }

  /**
   * The client calls this before the first fetch of a new generation, when it has forgotten its positions. A partition that
   * stays keeps its task: nobody else can have owned it, because a generation begins only when every member has joined or been
   * expelled, and an expelled member returns under another name.
   */
  #joined({ payload }: ConsumerGroupJoinEvent): void {
    const { topics } = this.#options;
    const owned = payload.memberAssignment[topics.input] ?? [];
    if (payload.memberId !== this.#memberId) this.#revokeAll();
    this.#memberId = payload.memberId;
    this.#owned = owned;
    for (const topic of [topics.input, topics.state]) {
      this.#consumer.pause([{ topic, partitions: [...owned] }]);
    }
    for (const [partition, assignment] of this.#assignments) {
      if (!owned.includes(partition)) assignment.revoke();
      else for (const topic of [topics.input, topics.state]) assignment.feedOf(topic)?.reseek();
    }
    for (const partition of owned) this.#offer(partition);
    if (owned.length === 0) this.#checkGroup();
  }

  #offer(partition: number): void {
    if (this.#leaving || !this.#owned.includes(partition) || this.#assignments.has(partition)) return;
    const assignment = new KafkaAssignment(this.#options, partition, this);
    this.#assignments.set(partition, assignment);
    this.#events.assigned(assignment);
  }

  /** A member with other topics than the leader's has no partitions; it may have joined at the same time. */
  #checkGroup(): void {
    foreignMembers(this.admin, this.#options).then(
      (foreign) => {
        if (foreign !== undefined && this.#owned.length === 0 && !this.#leaving) this.#fail(foreign);
      },
      // It is looked at again at the next rebalance.
      () => undefined,
    );
  }

  /**
   * Handles a recreated topic. A new input or state topic ends the service. The service never reads forecasts and dead letters, so
   * it writes to the new topic, with the new number of partitions where keys choose the partition.
   */
  #recreated({ topic, before, now }: RecreatedTopic): void {
    const { topics, log } = this.#options;
    if (this.#leaving) return;
    if (topic === topics.input) {
      this.#fail(recreated(`topic ${topic}: the committed offsets belong to the topic`, before, now));
    } else if (topic === topics.state) {
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
    const { input, forecasts, state } = this.#options.topics;
    requireTopics(this.admin, [input, forecasts, state]).catch((error: unknown) => {
      if (error instanceof UndercurrentError && !this.#leaving) this.#fail(error);
    });
  }

  #crashed({ payload }: ConsumerCrashEvent): void {
    this.#owned = [];
    this.#memberId = undefined;
    this.#options.lost?.();
    if (payload.restart) {
      this.#revokeAll();
      this.#checkTopics();
      return;
    }
    const cause = innermost(payload.error);
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
    const { input } = this.#options.topics;
    const ids = await topicIds(this.admin, [input]).catch(() => undefined);
    const now = ids?.get(input) ?? this.#inputId;
    if (now === this.#inputId || now === undefined) this.#fail(cause);
    else this.#recreated({ topic: input, before: this.#inputId!, now });
  }

  /** The client gives up if it finds no coordinator. Without any broker, connecting times out by itself. */
  async #rejoin(): Promise<void> {
    await sleep(rejoinPause);
    if (this.#leaving) return;
    try {
      await this.#consumer.connect();
      await runConsumer(this.#consumer, this.#options, 2 * this.#count, this.#feedOf);
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
