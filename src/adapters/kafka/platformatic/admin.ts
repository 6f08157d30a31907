/** Implements the administration port on @platformatic/kafka. */
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import type { AdminClient, GroupFacts, NewTopic, TopicIds } from "../admin-client.js";
import { brokerError, isRetriable, messageOf, protocolNames } from "../errors.js";
import { assignerName } from "../kafkajs/subscriptions.js";
import type { KafkaConnection } from "../options.js";
import { Cluster, isNamed } from "./cluster.js";

/** As many retries as kafkajs makes here, and as long pauses, in ms. */
const patientRetries = 8;
const pauseOf = (attempt: number): number => Math.min(5000, 200 * 2 ** attempt);

/** Times of ListOffsets for the end of a partition and its first record. */
const [latest, earliest] = [-1n, -2n];
/** Ends come before open transactions, as with kafkajs: no reader of committed records gets further. */
const readCommitted = 1;

const { MemberMetadata } = kafkajs.AssignerProtocol;

/** How an administrator is used. */
export interface PlatformaticAdminUse {
  readonly answered?: (() => void) | undefined;
  readonly retries?: number | undefined;
  readonly requestTimeoutMs?: number | undefined;
}

export class PlatformaticAdmin implements AdminClient {
  readonly #cluster: Cluster;
  readonly #retries: number;
  readonly #origin: string;
  readonly #log: KafkaConnection["log"];

  constructor(
    connection: KafkaConnection,
    { answered, retries, requestTimeoutMs }: PlatformaticAdminUse = {},
  ) {
    this.#cluster = new Cluster(connection, { answered, requestTimeoutMs });
    this.#retries = retries ?? patientRetries;
    this.#origin = `the brokers ${connection.bootstrapServers.join(", ")}`;
    this.#log = connection.log;
  }

  async connect(): Promise<void> {
    await this.#cluster.open();
    await this.#patiently(() => this.#cluster.describe([]));
  }

  disconnect(): Promise<void> {
    return this.#cluster.close();
  }

  async describeCluster(): Promise<{ brokers: { nodeId: number }[] }> {
    const { brokers } = await this.#patiently(() => this.#cluster.describe([]));
    return { brokers: [...brokers.keys()].map((nodeId) => ({ nodeId })) };
  }

  async listTopics(): Promise<string[]> {
    const { topics } = await this.#patiently(() => this.#cluster.describe(null));
    return [...topics.keys()];
  }

  async fetchTopicMetadata({ topics }: { readonly topics: readonly string[] }): Promise<{
    topics: { name: string; partitions: { replicas: readonly number[] }[] }[];
  }> {
    const described = await this.#patiently(() => this.#cluster.describe(topics));
    // Not repeated: the answer is that a topic is missing or hidden.
    if (described.error !== undefined) throw described.error;
    return {
      topics: [...described.topics.values()].map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ replicas }) => ({ replicas })),
      })),
    };
  }

  async fetchTopicOffsets(topic: string): Promise<{ partition: number; low: string; high: string }[]> {
    const [lows, highs] = await Promise.all([this.#offsets(topic, earliest), this.#offsets(topic, latest)]);
    return [...highs].map(([partition, high]) => ({
      partition,
      low: String(lows.get(partition) ?? high),
      high: String(high),
    }));
  }

  async fetchTopicOffsetsByTimestamp(
    topic: string,
    timestamp: number,
  ): Promise<{ partition: number; offset: string }[]> {
    const [found, highs] = await Promise.all([
      this.#offsets(topic, BigInt(timestamp)),
      this.#offsets(topic, latest),
    ]);
    return [...highs].map(([partition, high]) => {
      const offset = found.get(partition) ?? -1n;
      return { partition, offset: String(offset < 0n ? high : offset) };
    });
  }

  /** Offsets by partition, for a time or one of the special times. */
  async #offsets(topic: string, timestamp: bigint): Promise<ReadonlyMap<number, bigint>> {
    return await this.#patiently(async () => {
      const { admin } = this.#cluster;
      const { topics, error } = await this.#cluster.describe([topic]);
      if (error !== undefined) throw error;
      const partitions = topics
        .get(topic)!
        .partitions.map((_, partitionIndex) => ({ partitionIndex, timestamp }));
      // The client remembers leaders, also those that lead no more.
      admin.clearMetadata();
      const listed = await admin.listOffsets({
        topics: [{ name: topic, partitions }],
        isolationLevel: readCommitted,
      });
      this.#cluster.answered();
      return new Map(
        listed.flatMap((each) =>
          each.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]),
        ),
      );
    });
  }

  async fetchOffsets({
    groupId,
    topics,
  }: {
    readonly groupId: string;
    readonly topics: readonly string[];
  }): Promise<{ partitions: { partition: number; offset: string; metadata: string | null }[] }[]> {
    return await this.#patiently(async () => {
      const described = await this.#cluster.describe(topics);
      if (described.error !== undefined) throw described.error;
      const asked = [...described.topics.values()].map(({ name, partitions }) => ({
        name,
        partitionIndexes: partitions.map((_, partition) => partition),
      }));
      const [group] = await this.#cluster.admin.listConsumerGroupOffsets({
        groups: [{ groupId, topics: asked }],
      });
      this.#cluster.answered();
      return (group?.topics ?? []).map(({ partitions }) => ({
        partitions: partitions.map(({ partitionIndex, committedOffset, metadata }) => ({
          partition: partitionIndex,
          offset: String(committedOffset),
          metadata: metadata ?? null,
        })),
      }));
    });
  }

  async describeGroups(groups: readonly string[]): Promise<{ groups: GroupFacts[] }> {
    const facts = await this.#patiently(async () => {
      const described = await this.#cluster.admin.describeGroups({ groups: [...groups] });
      this.#cluster.answered();
      return [...described.values()].map(({ id, protocol, state, members }): GroupFacts => ({
        groupId: id,
        protocol,
        state,
        members: [...members.values()].map((member) => ({
          memberId: member.id,
          memberMetadata: subscriptionOf(member.metadata?.topics),
        })),
      }));
    });
    // A group of the new protocol (KIP-848) is none to the old request.
    return {
      groups: await Promise.all(
        facts.map(async (each) => (each.state === "Dead" ? await this.#newGroup(each) : each)),
      ),
    };
  }

  async #newGroup(unknown: GroupFacts): Promise<GroupFacts> {
    const { groupId } = unknown;
    if (!(await this.#cluster.supports("ConsumerGroupDescribe"))) return unknown;
    return await this.#patiently(async () => {
      try {
        const broker = await this.#cluster.coordinatorOf(groupId);
        const connection = await this.#cluster.connection(broker);
        const response = await this.#cluster.request<NewGroups>(
          connection,
          "ConsumerGroupDescribe",
          [groupId],
          false,
        );
        const group = response.groups[0];
        if (group === undefined) return unknown;
        return {
          groupId,
          // Members of this service alone read a state topic beside an input: see `stateWriters`.
          protocol: assignerName,
          isUnordered: true,
          state: group.groupState,
          members: group.members.map(({ memberId, subscribedTopicNames }) => ({
            memberId,
            memberMetadata: subscriptionOf(subscribedTopicNames),
          })),
        };
      } catch (error) {
        if (isNamed(error, "GROUP_ID_NOT_FOUND", "UNSUPPORTED_VERSION")) return unknown;
        throw error;
      }
    });
  }

  async listGroups(): Promise<{ groups: { groupId: string; protocolType: string }[] }> {
    const groups = await this.#patiently(() => this.#cluster.admin.listGroups());
    this.#cluster.answered();
    return { groups: [...groups.values()].map(({ id, protocolType }) => ({ groupId: id, protocolType })) };
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    await this.#patiently(() => this.#cluster.admin.deleteGroups({ groups: [...groups] }));
  }

  async describeConfigs({
    resources,
  }: {
    readonly resources: readonly {
      readonly type: number;
      readonly name: string;
      readonly configNames: string[];
    }[];
  }): Promise<{ resources: { configEntries: { configName: string; configValue: string }[] }[] }> {
    const asked = resources.map(({ type, name, configNames }) => ({
      resourceType: type as 2 | 4,
      resourceName: name,
      configurationKeys: configNames,
    }));
    const described = await this.#patiently(() => this.#cluster.admin.describeConfigs({ resources: asked }));
    this.#cluster.answered();
    return {
      resources: described.map(({ configs }) => ({
        configEntries: configs.map(({ name, value }) => ({ configName: name, configValue: value ?? "" })),
      })),
    };
  }

  async createTopics({ topics }: { readonly topics: readonly NewTopic[] }): Promise<boolean> {
    let areNew = true;
    const refused: Error[] = [];
    // The client takes settings for all topics of a call, and leaves out the name of the one that is refused.
    for (const { topic, numPartitions, replicationFactor, configEntries } of topics) {
      const shape = { topic, partitions: numPartitions, replicas: replicationFactor };
      const configs = configEntries?.map(({ name, value }) => ({ name, value })) ?? [];
      const options = { topics: [shape], configs };
      try {
        await this.#patiently(() => this.#cluster.admin.createTopics(options as unknown as CreateTopics));
      } catch (error) {
        if (isRetriable(error)) throw error;
        if (isNamed(error, "TOPIC_ALREADY_EXISTS")) areNew = false;
        else refused.push(Object.assign(error as Error, { topic }));
      }
    }
    if (refused.length > 0) throw brokerError(new AggregateError(refused), this.#origin);
    return areNew;
  }

  async deleteTopicRecords({
    topic,
    partitions,
  }: {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }): Promise<void> {
    const before = partitions.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) }));
    await this.#patiently(() =>
      this.#cluster.admin.deleteRecords({ topics: [{ name: topic, partitions: before }] }),
    );
  }

  async topicIds(topics: readonly string[]): Promise<TopicIds | undefined> {
    const described = await this.#patiently(() => this.#cluster.describe(topics));
    const ids = new Map<string, string>();
    for (const { name, id } of described.topics.values()) {
      const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
      // Brokers before Kafka 2.8 have no ids: the client puts the name there, or zeros.
      if (bytes.length !== idBytes || bytes.every((byte) => byte === 0)) return undefined;
      ids.set(name, bytes.toString("base64url"));
    }
    return ids;
  }

  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (attempt >= this.#retries || this.#cluster.closed || !isRetriable(error)) throw error;
        this.#report(error, attempt);
        await sleep(pauseOf(attempt));
      }
    }
  }

  /** A protocol error that passes is ordinary, as while a broker that has just started reads its log. */
  #report(error: unknown, attempt: number): void {
    this.#log?.({
      level: protocolNames(error).size > 0 ? "debug" : "warn",
      message: "a request to the brokers failed, and is sent again",
      fields: { error: messageOf(error), attempt },
    });
  }
}

/** What a call that creates topics takes: releases before 2 declare less. */
type CreateTopics = Parameters<Cluster["admin"]["createTopics"]>[0];

/** Bytes of a topic's id. */
const idBytes = 16;

/** The part of a description of groups of the new protocol that is used. */
interface NewGroups {
  readonly groups: readonly {
    readonly groupState: string;
    readonly members: readonly {
      readonly memberId: string;
      readonly subscribedTopicNames: readonly string[];
    }[];
  }[];
}

/** Encodes a subscription as a classic member sends it. */
function subscriptionOf(topics: readonly string[] | undefined): Buffer {
  if (topics === undefined) return Buffer.alloc(0);
  return MemberMetadata.encode({ version: 1, topics: [...topics], userData: Buffer.alloc(0) });
}
