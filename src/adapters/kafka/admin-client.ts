/** Declares the administration port: what the adapter asks of a Kafka client's administrator, in the shapes of kafkajs. */

/** Ids by topic, as the Kafka tools print them; topics that do not exist are left out. */
export type TopicIds = ReadonlyMap<string, string>;

/** A consumer group as the brokers describe it. */
export interface GroupFacts {
  readonly groupId: string;
  /** Name of the assigner that the members agreed on. */
  readonly protocol: string;
  /** "Stable", "PreparingRebalance", "CompletingRebalance", "Empty", … */
  readonly state: string;
  /** Whether the brokers tell the topics of a subscription in any order: input and state cannot be told apart. */
  readonly isUnordered?: boolean;
  /** Each member's subscription, encoded as a classic member sends it. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

/** A topic to create. */
export interface NewTopic {
  readonly topic: string;
  readonly numPartitions: number;
  /** -1 for the brokers' default. */
  readonly replicationFactor: number;
  readonly configEntries?: { readonly name: string; readonly value: string }[];
}

/** Resource types of the protocol, for settings. */
export const resourceTypes = { topic: 2, broker: 4 } as const;

export interface AdminClient {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  describeCluster(): Promise<{ readonly brokers: readonly { readonly nodeId: number }[] }>;
  /** Lists the topics that this user may see. */
  listTopics(): Promise<readonly string[]>;
  /** Rejects with the brokers' error for a topic that is missing or hidden. */
  fetchTopicMetadata(options: { topics: string[] }): Promise<{
    readonly topics: readonly {
      readonly name: string;
      readonly partitions: readonly { readonly replicas: readonly number[] }[];
    }[];
  }>;
  /** Offsets of the first record and of the next one, of each partition. */
  fetchTopicOffsets(
    topic: string,
  ): Promise<readonly { readonly partition: number; readonly low: string; readonly high: string }[]>;
  /** Offset of the first record at or after a time, or the end of the partition. */
  fetchTopicOffsetsByTimestamp(
    topic: string,
    timestamp: number,
  ): Promise<readonly { readonly partition: number; readonly offset: string }[]>;
  /** Committed offsets of a group in all partitions of these topics; -1 for none. */
  fetchOffsets(options: { groupId: string; topics: string[] }): Promise<
    readonly {
      readonly partitions: readonly {
        readonly partition: number;
        readonly offset: string;
        readonly metadata: string | null;
      }[];
    }[]
  >;
  describeGroups(groups: string[]): Promise<{ readonly groups: readonly GroupFacts[] }>;
  listGroups(): Promise<{
    readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[];
  }>;
  deleteGroups(groups: string[]): Promise<unknown>;
  describeConfigs(options: {
    resources: { type: number; name: string; configNames: string[] }[];
    includeSynonyms: boolean;
  }): Promise<{
    readonly resources: readonly {
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string }[];
    }[];
  }>;
  /** Returns false if a topic exists already. */
  createTopics(options: { waitForLeaders: boolean; topics: NewTopic[] }): Promise<boolean>;
  /** Deletes the records of some partitions before these offsets. */
  deleteTopicRecords(options: {
    topic: string;
    partitions: { partition: number; offset: string }[];
  }): Promise<unknown>;
  /** Returns the ids of topics; undefined if the brokers have no ids. Absent if the client cannot ask. */
  topicIds?(topics: readonly string[]): Promise<TopicIds | undefined>;
}
