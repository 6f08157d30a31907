/** A member of a group of the classic protocol, whose leader assigns the partitions. */
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import type { KafkaConnection } from "../options.js";
import { isNamed } from "./cluster.js";
import { GroupMember, type GroupListener, type GroupSettings } from "./group.js";

/** How members agree on who gets which partitions. */
export interface GroupAssigner {
  readonly name: string;
  /** Returns this member's subscription. */
  readonly subscription: () => Buffer;
  /** Returns every member's assignment. `partitionsOf` tells how many partitions a topic has. */
  readonly assign: (
    members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[],
    partitionsOf: (topic: string) => number,
  ) => { readonly memberId: string; readonly memberAssignment: Buffer }[];
}

interface JoinResponse {
  readonly generationId: number;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment?: boolean;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[];
}

const protocolType = "consumer";

export class ClassicMember extends GroupMember {
  readonly #assigner: GroupAssigner;
  /** "" until the coordinator has given one. */
  #memberId = "";
  #generation = -1;

  constructor(
    connection: KafkaConnection,
    settings: GroupSettings,
    listener: GroupListener,
    assigner: GroupAssigner,
  ) {
    super(connection, settings, listener);
    this.#assigner = assigner;
  }

  /**
   * One generation of the group:
   *
   * 1. Join. The coordinator waits for the other members.
   * 2. If this member leads, assign the partitions. Get the own ones.
   * 3. Tell the listener, then send heartbeats until the group rebalances.
   */
  protected override async beMember(joined: () => void): Promise<void> {
    const { groupId, instanceId, sessionTimeoutMs, heartbeatMs } = this.settings;
    const response = await this.#join(); // 1
    const assignments = await this.#assignments(response); // 2
    const { assignment } = await this.ask<{ assignment: Buffer }>(
      sessionTimeoutMs + this.settings.rebalanceTimeoutMs,
      "SyncGroup",
      groupId,
      this.#generation,
      this.#memberId,
      instanceId,
      protocolType,
      response.protocolName,
      assignments,
    );
    this.confirmed();
    if (this.isStopped()) return;
    const own = assignment.length === 0 ? {} : (MemberAssignment.decode(assignment)?.assignment ?? {});
    this.listener.joined(this.#memberId, (topic) => own[topic] ?? []); // 3
    joined();
    while (!this.isStopped()) {
      await sleep(heartbeatMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
      if (this.isStopped() || (await this.#rebalances())) break;
    }
    if (!this.isStopped()) this.listener.rebalancing();
  }

  async #join(): Promise<JoinResponse> {
    const { groupId, instanceId, sessionTimeoutMs, rebalanceTimeoutMs } = this.settings;
    for (;;) {
      try {
        const protocols = [{ name: this.#assigner.name, metadata: this.#assigner.subscription() }];
        const response = await this.ask<JoinResponse>(
          rebalanceTimeoutMs + sessionTimeoutMs,
          "JoinGroup",
          groupId,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          this.#memberId,
          instanceId,
          protocolType,
          protocols,
          null,
        );
        this.#memberId = response.memberId;
        this.#generation = response.generationId;
        return response;
      } catch (error) {
        // The coordinator gives a name first, so that members that give up do not linger.
        if (!isNamed(error, "MEMBER_ID_REQUIRED")) throw error;
        this.#memberId = (error as { readonly response?: JoinResponse }).response?.memberId ?? "";
        if (this.#memberId === "") throw error;
      }
    }
  }

  async #assignments({
    leader,
    memberId,
    members,
    skipAssignment,
  }: JoinResponse): Promise<readonly { memberId: string; assignment: Buffer }[]> {
    if (leader !== memberId || skipAssignment === true) return [];
    const { topics } = await this.cluster.describe(this.settings.topics);
    const all = members.map((member) => ({ memberId: member.memberId, memberMetadata: member.metadata }));
    const partitionsOf = (topic: string): number => topics.get(topic)?.partitions.length ?? 0;
    return this.#assigner
      .assign(all, partitionsOf)
      .map((each) => ({ memberId: each.memberId, assignment: each.memberAssignment }));
  }

  /** Sends a heartbeat, and returns whether the group rebalances. */
  async #rebalances(): Promise<boolean> {
    const { groupId, instanceId, sessionTimeoutMs } = this.settings;
    try {
      await this.ask(sessionTimeoutMs, "Heartbeat", groupId, this.#generation, this.#memberId, instanceId);
      this.confirmed();
      return false;
    } catch (error) {
      if (!isNamed(error, "REBALANCE_IN_PROGRESS")) throw error;
      this.confirmed();
      return true;
    }
  }

  protected override forget(error: unknown): void {
    if (isNamed(error, "UNKNOWN_MEMBER_ID")) this.#memberId = "";
  }

  /** A static member does not leave: it may return under its name before its session ends. */
  protected override async leave(): Promise<void> {
    const { groupId, instanceId } = this.settings;
    if (instanceId !== null || this.#memberId === "") return;
    await this.askAtLast("LeaveGroup", groupId, [{ memberId: this.#memberId }]);
  }
}

const { MemberAssignment } = kafkajs.AssignerProtocol;
