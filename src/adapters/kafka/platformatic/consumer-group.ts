/** A member of a group of the protocol "consumer" (KIP-848), whose coordinator assigns the partitions. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isNamed } from "./cluster.js";
import { GroupMember } from "./group.js";

interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

interface HeartbeatResponse {
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

/**
 * The coordinator's assigner that gives a member the same partition numbers of all topics, if they have the same number of
 * partitions.
 */
const coPartitioning = "range";
const [joining, leaving, leavingForAWhile] = [0, -1, -2];

export class ConsumerProtocolMember extends GroupMember {
  readonly #memberId = randomUUID();
  #epoch = joining;
  #owned: readonly TopicPartitions[] = [];

  /**
   * 1. Join with a full heartbeat.
   * 2. Tell the listener of each new assignment. Partitions that are missing in it are given up then.
   * 3. Confirm the assignment at once: only then the coordinator gives those partitions to others.
   */
  protected override async beMember(joined: () => void): Promise<void> {
    const { signal } = this.stopped;
    this.#epoch = joining;
    this.#owned = [];
    let changed = false;
    for (let full = true; !this.isStopped(); full = false) {
      const response = await this.#beat(full, changed ? this.#owned : null); // 1 and 3
      const { memberEpoch, heartbeatIntervalMs, assignment } = response;
      this.confirmed();
      this.#epoch = memberEpoch;
      if (this.isStopped()) return;
      changed = assignment !== null && (full || !same(assignment.topicPartitions, this.#owned));
      if (changed && assignment !== null) {
        const byTopic = await this.#byTopic(assignment.topicPartitions);
        this.#owned = assignment.topicPartitions;
        this.listener.joined(this.#memberId, (topic) => byTopic.get(topic) ?? []); // 2
        joined();
      } else {
        await sleep(Math.max(1, heartbeatIntervalMs), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #beat(full: boolean, owned: readonly TopicPartitions[] | null): Promise<HeartbeatResponse> {
    const { groupId, instanceId, rebalanceTimeoutMs, topics, sessionTimeoutMs } = this.settings;
    return this.ask<HeartbeatResponse>(
      sessionTimeoutMs,
      "ConsumerGroupHeartbeat",
      groupId,
      this.#memberId,
      this.#epoch,
      instanceId,
      null,
      full ? rebalanceTimeoutMs : -1,
      full ? [...topics] : null,
      null,
      full ? coPartitioning : null,
      full ? this.#owned : owned,
    );
  }

  async #byTopic(assigned: readonly TopicPartitions[]): Promise<ReadonlyMap<string, readonly number[]>> {
    const { topics } = await this.cluster.describe(this.settings.topics);
    const names = new Map([...topics.values()].map(({ id, name }) => [id, name]));
    return new Map(
      assigned.map(({ topicId, partitions }) => [
        names.get(topicId) ?? topicId,
        [...partitions].sort((a, b) => a - b),
      ]),
    );
  }

  protected override forget(error: unknown): void {
    this.#epoch = joining;
    this.#owned = [];
    if (isNamed(error, "UNKNOWN_MEMBER_ID", "FENCED_MEMBER_EPOCH")) this.listener.rebalancing();
  }

  /** A static member leaves for a while: it may return under its name before its session ends. */
  protected override async leave(): Promise<void> {
    const { groupId, instanceId } = this.settings;
    const epoch = instanceId === null ? leaving : leavingForAWhile;
    const rest = [instanceId, null, -1, null, null, null, []] as const;
    await this.askAtLast("ConsumerGroupHeartbeat", groupId, this.#memberId, epoch, ...rest);
  }
}

function same(a: readonly TopicPartitions[], b: readonly TopicPartitions[]): boolean {
  const text = (all: readonly TopicPartitions[]): string =>
    all
      .map(({ topicId, partitions }) => `${topicId} ${[...partitions].sort((x, y) => x - y).join(",")}`)
      .sort()
      .join(";");
  return text(a) === text(b);
}
