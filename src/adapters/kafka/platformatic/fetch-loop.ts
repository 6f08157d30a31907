/**
 * Fetches partitions, one request at a time from each broker. Positions and pauses are the partitions' own: a broker is asked
 * for what its partitions want at that moment.
 */
import type { fetchV17 } from "@platformatic/kafka";
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputRecord } from "../../../pipeline/ports.js";
import { isRetriable } from "../errors.js";
import type { Cluster } from "./cluster.js";
import { committedRecords } from "./committed-records.js";
import { readFetchResponse, type FetchedPartition, type FetchResponse } from "./fetch-response.js";

/** Takes what is fetched of a partition. */
export interface FetchTarget {
  push(records: readonly InputRecord[], nextOffset: number, endOffset: number): void;
  hear(endOffset: number): void;
}

export interface FetchSettings {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly maxUnpackedBatchBytes: number;
  /** "" for none. */
  readonly rackId: string;
}

export interface FetchListener {
  targetOf(topic: string, partition: number): FetchTarget | undefined;
  /** The brokers no longer know a topic. */
  missing(): void;
  /** Nothing is fetched any more. */
  failed(error: Error): void;
}

interface Wanted {
  readonly topic: string;
  readonly partition: number;
  position: number;
  paused: boolean;
  /** Replica that the leader prefers; undefined for the leader. */
  replica: number | undefined;
}

const fetchKey = 1;
/** The last version that names topics in fixed fields; every broker since Kafka 2.3 knows it. */
const fetchVersion = 11;
const readCommitted = 1;
/** Time before brokers are asked again after an error, and the time beyond a fetch's own within which they answer, in ms. */
const pause = 200;
const patience = 30_000;

const [offsetOutOfRange, unknownTopic] = [1, 3];
/** Codes of a partition whose leader moves or is not ready. */
const passing = new Set([5, 6, 9, 56, 74, 75, 76, 78, 100]);

export class FetchLoop {
  readonly #cluster: Cluster;
  readonly #settings: FetchSettings;
  readonly #listener: FetchListener;
  readonly #wanted = new Map<string, Wanted>();
  /** Node of each partition's leader, as last heard. */
  #leaders: ReadonlyMap<string, number> = new Map();
  #brokers: Awaited<ReturnType<Cluster["describe"]>>["brokers"] = new Map();
  /** Nodes that are being asked. */
  readonly #asking = new Map<number, Promise<void>>();
  #refreshing: Promise<void> | undefined;
  readonly #stopped = new AbortController();

  constructor(cluster: Cluster, settings: FetchSettings, listener: FetchListener) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#listener = listener;
  }

  /** The next fetch of the partition begins here; what an earlier one still brings is thrown away. */
  seek(topic: string, partition: number, position: number): void {
    const wanted = this.#wanted.get(keyOf(topic, partition));
    if (wanted?.position === position) return;
    // A new object: answers to earlier requests no longer count.
    const paused = wanted?.paused ?? true;
    this.#wanted.set(keyOf(topic, partition), { topic, partition, position, paused, replica: undefined });
    this.#ask();
  }

  pause(topic: string, partition: number): void {
    const wanted = this.#wanted.get(keyOf(topic, partition));
    if (wanted !== undefined) wanted.paused = true;
  }

  resume(topic: string, partition: number): void {
    const wanted = this.#wanted.get(keyOf(topic, partition));
    if (wanted === undefined) return;
    wanted.paused = false;
    this.#ask();
  }

  /** Ends the loop. A fetch under way ends with its connection. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([...this.#asking.values(), this.#refreshing]);
  }

  /** Whether the loop ends; asked anew after each wait. */
  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Asks every broker that has something to give and is not being asked. */
  #ask(): void {
    if (this.#isStopped()) return;
    for (const wanted of this.#wanted.values()) {
      if (wanted.paused) continue;
      const node = this.#nodeOf(wanted);
      if (node === undefined) {
        void this.#refresh();
      } else if (!this.#asking.has(node)) {
        const asking = this.#follow(node).finally(() => {
          this.#asking.delete(node);
          // What began to be wanted in the meantime.
          if (this.#partitionsOf(node).length > 0) this.#ask();
        });
        this.#asking.set(node, asking);
      }
    }
  }

  #nodeOf({ topic, partition, replica }: Wanted): number | undefined {
    if (replica !== undefined && this.#brokers.has(replica)) return replica;
    const leader = this.#leaders.get(keyOf(topic, partition));
    return leader !== undefined && this.#brokers.has(leader) ? leader : undefined;
  }

  #partitionsOf(node: number): Wanted[] {
    return [...this.#wanted.values()].filter((wanted) => !wanted.paused && this.#nodeOf(wanted) === node);
  }

  /** Asks one broker until none of its partitions wants anything. Never rejects. */
  async #follow(node: number): Promise<void> {
    while (!this.#isStopped()) {
      const partitions = this.#partitionsOf(node);
      if (partitions.length === 0) return;
      try {
        const response = await this.#fetch(node, partitions);
        if (this.#isStopped()) return;
        await this.#take(response, node, partitions);
      } catch (error) {
        if (this.#isStopped()) return;
        if (!isRetriable(error)) {
          this.#fail(error);
          return;
        }
        for (const wanted of partitions) wanted.replica = undefined;
        await this.#refresh();
        return;
      }
    }
  }

  async #fetch(node: number, partitions: readonly Wanted[]): Promise<FetchResponse> {
    const { maxWaitMs, minBytes, maxBytes, maxPartitionBytes, rackId } = this.#settings;
    const { client } = this.#cluster;
    const connection = await this.#cluster.connection(this.#brokers.get(node));
    const topics = new Map<string, FetchedRange[]>();
    for (const { topic, partition, position } of partitions) {
      const ranges = topics.get(topic) ?? [];
      if (ranges.length === 0) topics.set(topic, ranges);
      ranges.push({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(position),
        lastFetchedEpoch: -1,
        partitionMaxBytes: maxPartitionBytes,
      });
    }
    // This version has the name where later ones have the id.
    const named = [...topics].map(([topicId, ranges]) => ({ topicId, partitions: ranges }));
    const limits = [maxWaitMs, minBytes, maxBytes, readCommitted] as const;
    const { fetchV11 } = client as unknown as { fetchV11: typeof fetchV17 };
    const request = fetchV11.createRequest;
    const late = setTimeout(() => connection.socket.destroy(), maxWaitMs + patience);
    try {
      return await new Promise<FetchResponse>((resolve, reject) =>
        connection.send(
          fetchKey,
          fetchVersion,
          () => request(...limits, noSession, noEpoch, named, [], rackId),
          (_correlation, _key, _version, reader) =>
            // A copy, because the client reuses no memory but keeps what it received in pieces.
            readFetchResponse(reader.buffer.slice(reader.position)),
          false,
          false,
          (error, response) => (error === null ? resolve(response!) : reject(error)),
        ),
      );
    } finally {
      clearTimeout(late);
      this.#cluster.answered();
    }
  }

  async #take(response: FetchResponse, node: number, asked: readonly Wanted[]): Promise<void> {
    let moved = response.errorCode !== 0;
    for (const fetched of response.partitions) {
      const wanted = this.#wanted.get(keyOf(fetched.topic, fetched.partition));
      // Sought elsewhere since the request, or no longer read.
      if (wanted === undefined || !asked.includes(wanted)) continue;
      const target = this.#listener.targetOf(fetched.topic, fetched.partition);
      if (target === undefined) continue;
      if (fetched.errorCode !== 0) {
        moved = this.#takeError(fetched, wanted, node) || moved;
        continue;
      }
      if (fetched.preferredReplica >= 0 && fetched.preferredReplica !== node) {
        wanted.replica = fetched.preferredReplica;
      }
      const { maxUnpackedBatchBytes } = this.#settings;
      const { records, nextOffset } = await committedRecords(
        fetched.batches,
        fetched.aborted,
        maxUnpackedBatchBytes,
      );
      if (this.#wanted.get(keyOf(fetched.topic, fetched.partition)) !== wanted) continue;
      if (nextOffset === undefined || nextOffset <= wanted.position) {
        target.hear(fetched.highWatermark);
        continue;
      }
      wanted.position = nextOffset;
      target.push(records, nextOffset, fetched.highWatermark);
    }
    if (moved) await this.#refresh();
  }

  /** Returns whether another broker should be asked. Throws what ends the loop. */
  #takeError({ topic, partition, errorCode }: FetchedPartition, wanted: Wanted, node: number): boolean {
    if (errorCode === offsetOutOfRange) {
      // A follower may lag behind the leader.
      if (wanted.replica === node) {
        wanted.replica = undefined;
        return false;
      }
      throw new UndercurrentError(
        "INPUT_TRUNCATED",
        `topic ${topic}, partition ${partition}: the next records to read are no longer in the log`,
      );
    }
    wanted.replica = undefined;
    if (errorCode === unknownTopic) {
      this.#listener.missing();
      return true;
    }
    if (passing.has(errorCode)) return true;
    const refusal: Error = new this.#cluster.client.ProtocolError(errorCode, null, { topic, partition });
    throw refusal;
  }

  /** Asks for the leaders after a pause, and then for what is wanted. One question at a time; never rejects. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#findLeaders().finally(() => {
      this.#refreshing = undefined;
      this.#ask();
    });
    return this.#refreshing;
  }

  async #findLeaders(): Promise<void> {
    const { signal } = this.#stopped;
    while (!this.#isStopped()) {
      const topics = [...new Set([...this.#wanted.values()].map(({ topic }) => topic))];
      try {
        if (this.#leaders.size > 0) await sleep(pause, undefined, { signal });
        const { brokers, topics: described, error } = await this.#cluster.describe(topics);
        const leaders = new Map<string, number>();
        for (const { name, partitions } of described.values()) {
          partitions.forEach(({ leader }, partition) => leaders.set(keyOf(name, partition), leader));
        }
        this.#brokers = brokers;
        this.#leaders = leaders;
        const known = [...this.#wanted.values()].every(
          (wanted) => wanted.paused || this.#nodeOf(wanted) !== undefined,
        );
        if (known) return;
        if (error !== undefined && !isRetriable(error)) throw error;
        if (error !== undefined) this.#listener.missing();
      } catch (error) {
        if (this.#isStopped()) return;
        if (!isRetriable(error)) {
          this.#fail(error);
          return;
        }
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  #fail(error: unknown): void {
    if (this.#isStopped()) return;
    this.#stopped.abort();
    this.#listener.failed(error instanceof Error ? error : new Error(String(error)));
  }
}

interface FetchedRange {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: bigint;
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
}

/** Each request stands alone. */
const [noSession, noEpoch] = [0, -1];

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`;
}
