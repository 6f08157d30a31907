/** Implements the consumer port on @platformatic/kafka: a member of the group, and a loop that fetches into feeds. */
import { kafkaDefaults } from "../defaults.js";
import type { KafkaOptions } from "../options.js";
import { ClassicMember } from "../platformatic/classic-group.js";
import { Cluster } from "../platformatic/cluster.js";
import { ConsumerProtocolMember } from "../platformatic/consumer-group.js";
import { FetchLoop } from "../platformatic/fetch-loop.js";
import type { GroupMember, GroupSettings } from "../platformatic/group.js";
import { assignerOf } from "../kafkajs/assigner.js";
import type { ConsumerConfig, TopicConsumer } from "./consumer.js";

/** Largest fetch response over all partitions of a broker, in bytes: kafkajs' own default. */
const maxResponseBytes = 10_485_760;

export class PlatformaticConsumer implements TopicConsumer {
  readonly #options: KafkaOptions;
  readonly #config: ConsumerConfig;
  readonly #cluster: Cluster;
  readonly #fetching: FetchLoop;
  /** Undefined for a reader outside every group. */
  #member: GroupMember | undefined;

  constructor(options: KafkaOptions, config: ConsumerConfig) {
    this.#options = options;
    this.#config = config;
    const { listener, feedOf } = config;
    const raw = options.clientOptions?.platformatic ?? {};
    this.#cluster = new Cluster(options, { answered: () => listener.answered?.() });
    this.#fetching = new FetchLoop(
      this.#cluster,
      {
        maxWaitMs: options.fetchMaxWaitMs ?? kafkaDefaults.fetchMaxWaitMs,
        minBytes: raw.minBytes ?? 1,
        maxBytes: raw.maxBytes ?? maxResponseBytes,
        maxPartitionBytes: options.maxPartitionFetchBytes ?? kafkaDefaults.maxPartitionFetchBytes,
        maxUnpackedBatchBytes: options.maxUnpackedBatchBytes ?? kafkaDefaults.maxUnpackedBatchBytes,
        rackId: raw.rackId ?? "",
      },
      {
        targetOf: feedOf,
        missing: () => listener.rebalancing?.(),
        failed: (error) => {
          listener.stopped?.();
          listener.crashed(error, false);
        },
      },
    );
  }

  /** Outside a group every partition may be read, as soon as its feed asks for it. */
  async start(partitions: number): Promise<void> {
    const { group, listener, topics } = this.#config;
    await this.#cluster.open();
    if (group === undefined) {
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      listener.joined("", (topic) => (topics.includes(topic) ? all : []));
      return;
    }
    await this.#member?.stop();
    this.#member = await this.#memberOf(group);
    await this.#member.start();
  }

  /** Falls back to the classic protocol if the brokers do not have the new one. */
  async #memberOf(group: NonNullable<ConsumerConfig["group"]>): Promise<GroupMember> {
    const { topics, groupId, listener } = this.#config;
    const options = this.#options;
    const { groupProtocol = kafkaDefaults.groupProtocol } = options;
    const { sessionTimeoutMs = kafkaDefaults.sessionTimeoutMs } = options;
    const settings: GroupSettings = {
      groupId,
      topics,
      sessionTimeoutMs,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? kafkaDefaults.rebalanceTimeoutMs,
      heartbeatMs: options.clientOptions?.platformatic?.heartbeatInterval ?? Math.ceil(sessionTimeoutMs / 10),
      instanceId: options.groupInstanceId ?? null,
    };
    const told = {
      joined: listener.joined.bind(listener),
      rebalancing: () => listener.rebalancing?.(),
      crashed: listener.crashed.bind(listener),
      answered: () => listener.answered?.(),
    };
    if (groupProtocol === "consumer") {
      if (await this.#cluster.supports("ConsumerGroupHeartbeat")) {
        return new ConsumerProtocolMember(options, settings, told);
      }
      const message = "kafka.groupProtocol: the brokers lack the protocol consumer (KIP-848); using classic";
      options.log?.({ level: "warn", message, fields: { groupId } });
    }
    const assigner = assignerOf(group.inputs, group.owned, group.isSeveral);
    return new ClassicMember(options, settings, told, assigner);
  }

  seek(topic: string, partition: number, offset: number): void {
    this.#fetching.seek(topic, partition, offset);
  }

  pause(topic: string, partitions: readonly number[]): void {
    for (const partition of partitions) this.#fetching.pause(topic, partition);
  }

  resume(topic: string, partition: number): void {
    this.#fetching.resume(topic, partition);
  }

  async stop(): Promise<void> {
    // The member leaves first: others need not wait for a fetch under way.
    await this.#member?.stop();
    const stopping = this.#fetching.stop();
    await this.#cluster.close();
    await stopping;
    this.#config.listener.stopped?.();
  }
}
