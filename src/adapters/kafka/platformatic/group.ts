/** What members of both group protocols share: what they are told, whom they tell, and how they go on after an error. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "@platformatic/kafka";
import { UndercurrentError } from "../../../errors/errors.js";
import { isRetriable } from "../errors.js";
import type { KafkaConnection } from "../options.js";
import { Cluster, isNamed } from "./cluster.js";

/** The partitions of each topic that a member may read. */
export type PartitionsOf = (topic: string) => readonly number[];

export interface GroupListener {
  joined(member: string, partitionsOf: PartitionsOf): void;
  rebalancing(): void;
  /** The member has left the group; `restarts` tells whether it joins again by itself. */
  crashed(error: Error, restarts: boolean): void;
  answered(): void;
}

export interface GroupSettings {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Name of a static member (KIP-345); null for none. */
  readonly instanceId: string | null;
}

/** Pauses between attempts to reach the coordinator, in ms. */
const pauseOf = (attempt: number): number => Math.min(2000, 100 * 2 ** attempt);
/** Attempts to join before `start` gives up: as long as kafkajs' retries take. */
const firstAttempts = 16;

/** Longest wait for the answer to a departure, in ms. */
const leaveMs = 5000;

/** Answers after which a new join may succeed: SyncGroup meets a rebalance that has just begun. */
const passing = [
  "REBALANCE_IN_PROGRESS",
  "NOT_COORDINATOR",
  "COORDINATOR_NOT_AVAILABLE",
  "COORDINATOR_LOAD_IN_PROGRESS",
] as const;

/** A static member's name is taken until its earlier session ends (KIP-848): as long as the brokers' timeout. */
const unreleased = "UNRELEASED_INSTANCE_ID";

/** Answers to a member of one protocol while the group has members of the other one. */
const otherProtocol = ["INCONSISTENT_GROUP_PROTOCOL", "GROUP_ID_NOT_FOUND"] as const;
/** Kafka 4.1 fails to convert the group, because the subscriptions of kafkajs are shorter than their version says. */
const refusedJoin = "UNKNOWN_SERVER_ERROR";

/** One member of a group, from `start` to `stop`. */
export abstract class GroupMember {
  protected readonly settings: GroupSettings;
  protected readonly listener: GroupListener;
  protected readonly cluster: Cluster;
  protected readonly stopped = new AbortController();
  #coordinator: Connection | undefined;
  #life: Promise<void> = Promise.resolve();
  /** Times of the last answer that confirmed the membership, in ms; undefined outside the group. */
  #confirmed: number | undefined;
  readonly #connection: KafkaConnection;

  constructor(connection: KafkaConnection, settings: GroupSettings, listener: GroupListener) {
    this.settings = settings;
    this.listener = listener;
    this.#connection = connection;
    // Joining waits for the other members. Its own connections: an answer may be long in coming.
    this.cluster = new Cluster(connection, {
      answered: () => listener.answered(),
      requestTimeoutMs: settings.rebalanceTimeoutMs + 2 * settings.sessionTimeoutMs,
    });
  }

  /** Resolves once the group is joined, and goes on as a member. Rejects if the group cannot be joined. */
  async start(): Promise<void> {
    await this.cluster.open();
    await new Promise<void>((resolve, reject) => {
      this.#life = this.#live(resolve, reject);
    });
  }

  /** Leaves the group, if its members are to take over at once, and closes the connections. */
  async stop(): Promise<void> {
    this.stopped.abort();
    // A group that was never joined is not left.
    if (this.#confirmed !== undefined) await this.leave().catch(() => undefined);
    await this.cluster.close();
    await this.#life;
  }

  /** Joins, or keeps the membership: returns when a rebalance begins, and throws the client's errors. */
  protected abstract beMember(joined: () => void): Promise<void>;

  /** Forgets what the brokers said of this member, because the group has expelled it. */
  protected abstract forget(error: unknown): void;

  protected abstract leave(): Promise<void>;

  /** Logs a line at level "debug" or "warn". */
  protected tell(level: "debug" | "warn", message: string, error: unknown): void {
    const { groupId } = this.settings;
    this.#connection.log?.({
      level,
      message,
      fields: { groupId, error: error instanceof Error ? error.message : String(error) },
    });
  }

  /** Sends a request to the group's coordinator. The connection is closed if no answer comes in time. */
  protected async ask<T>(timeoutMs: number, name: string, ...values: readonly unknown[]): Promise<T> {
    const connection = await this.#connect();
    const late = setTimeout(() => connection.socket.destroy(), timeoutMs);
    try {
      return await this.cluster.request<T>(connection, name, ...values);
    } finally {
      clearTimeout(late);
    }
  }

  /** Sends a last request to the coordinator, on a connection of its own: the other one may wait for a rebalance to end. */
  protected async askAtLast(name: string, ...values: readonly unknown[]): Promise<void> {
    const cluster = new Cluster(this.#connection, { requestTimeoutMs: leaveMs });
    try {
      await cluster.open();
      const broker = await cluster.coordinatorOf(this.settings.groupId);
      await cluster.request(await cluster.connection(broker), name, ...values);
    } finally {
      await cluster.close();
    }
  }

  /** Whether this member stops; asked anew after each wait. */
  protected isStopped(): boolean {
    return this.stopped.signal.aborted;
  }

  /** The group has just confirmed the membership. */
  protected confirmed(): void {
    this.#confirmed = performance.now();
  }

  async #connect(): Promise<Connection> {
    if (this.#coordinator?.isConnected() === true) return this.#coordinator;
    const broker = await this.cluster.coordinatorOf(this.settings.groupId);
    return (this.#coordinator = await this.cluster.connection(broker));
  }

  async #live(resolve: () => void, reject: (error: unknown) => void): Promise<void> {
    const progress = { begun: false, attempts: 0 };
    const joined = (): void => {
      progress.begun = true;
      progress.attempts = 0;
      resolve();
    };
    while (!this.isStopped()) {
      try {
        await this.beMember(joined);
      } catch (error) {
        if (this.isStopped()) break;
        const { begun, attempts } = progress;
        const final = this.#finalError(error, begun);
        const waits = begun || attempts < firstAttempts || isNamed(error, unreleased);
        if (final !== undefined || !waits) {
          if (begun) this.listener.crashed(final ?? (error as Error), false);
          else reject(final ?? error);
          return;
        }
        this.#recover(error, begun);
        progress.attempts++;
        await sleep(pauseOf(attempts), undefined, { signal: this.stopped.signal }).catch(() => undefined);
      }
    }
    resolve();
  }

  /** Returns the error that ends the membership for good; undefined if joining again may help. */
  #finalError(error: unknown, begun: boolean): Error | undefined {
    const { groupId, instanceId } = this.settings;
    if (isNamed(error, "FENCED_INSTANCE_ID")) {
      const message = `the consumer group ${groupId}: another instance has joined as kafka.groupInstanceId ${instanceId}`;
      return new UndercurrentError("GROUP_FOREIGN", message, { cause: error });
    }
    if (isNamed(error, ...(begun ? otherProtocol : [...otherProtocol, refusedJoin]))) {
      const message = `the consumer group ${groupId} has members of another group protocol: all instances need the same kafka.groupProtocol`;
      return new UndercurrentError("GROUP_FOREIGN", message, { cause: error });
    }
    if (isExpelled(error) || isNamed(error, unreleased, ...passing) || isRetriable(error)) return undefined;
    return error instanceof Error ? error : new Error(String(error));
  }

  #recover(error: unknown, begun: boolean): void {
    this.#coordinator = undefined;
    const expelled = isExpelled(error);
    if (expelled) this.forget(error);
    const expired =
      this.#confirmed !== undefined && performance.now() - this.#confirmed > this.settings.sessionTimeoutMs;
    if (begun && (expelled || expired) && this.#confirmed !== undefined) {
      this.#confirmed = undefined;
      this.listener.crashed(error as Error, true);
    }
    this.tell(expelled ? "debug" : "warn", "the consumer group is joined again", error);
  }
}

/** Whether the group no longer counts on this member as it was. */
function isExpelled(error: unknown): boolean {
  return isNamed(
    error,
    "UNKNOWN_MEMBER_ID",
    "ILLEGAL_GENERATION",
    "FENCED_MEMBER_EPOCH",
    "STALE_MEMBER_EPOCH",
  );
}
