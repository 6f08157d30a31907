/** What the contract suites of the pipeline's ports need of an implementation, and how they hold its partitions. */
import { filter, firstValueFrom, ReplaySubject, type Subscription } from "rxjs";
import type {
  Assignment,
  Commit,
  Committer,
  InputBatch,
  InputRecord,
  OutputRecord,
  RoutedRecord,
  Source,
} from "../../src/pipeline/ports.js";

/** One instance of a service: its source is subscribed to at most once. */
export interface PortsOfMember {
  readonly source: Source;
  readonly committer: Committer;
}

/** A fresh input topic with everything that belongs to it, and what outside readers see of it. */
export interface PipelineHarness {
  /** A further topic that commits may write to. */
  readonly routedTopic: string;
  append(partition: number, records: readonly Omit<InputRecord, "offset">[]): Promise<void>;
  /** A new member of the group. */
  member(): PortsOfMember;
  /** What is committed, in order: forecasts and incidents of a partition, dead letters and routed records of all. */
  forecasts(partition: number): Promise<readonly OutputRecord[]>;
  incidents(partition: number): Promise<readonly OutputRecord[]>;
  deadLetters(): Promise<readonly OutputRecord[]>;
  routed(): Promise<readonly RoutedRecord[]>;
  /** Called when every member has left. */
  close(): Promise<void>;
}

export type CreateHarness = (partitions: number) => Promise<PipelineHarness>;

/** A member that has joined, with the partitions it was given. */
export class Joined {
  readonly committer: Committer;
  readonly #assignments = new ReplaySubject<Assignment>();
  readonly #given: Assignment[] = [];
  readonly #subscription: Subscription;

  constructor({ source, committer }: PortsOfMember) {
    this.committer = committer;
    this.#subscription = source.assignments.subscribe({
      next: (assignment) => {
        this.#given.push(assignment);
        // Whoever loses a partition is through with it, as a task would be.
        assignment.revoked.addEventListener("abort", () => void assignment.release());
        this.#assignments.next(assignment);
      },
      error: (error: unknown) => this.#assignments.error(error),
    });
  }

  /** The partition, once it is given and as long as it is not taken away. */
  async partition(partition: number): Promise<Assignment> {
    return await firstValueFrom(
      this.#assignments.pipe(filter((given) => given.partition === partition && !given.revoked.aborted)),
    );
  }

  /** Gives everything back and leaves. */
  async leave(): Promise<void> {
    this.#subscription.unsubscribe();
    await Promise.all(
      this.#given.filter(({ revoked }) => !revoked.aborted).map((assignment) => assignment.release()),
    );
  }
}

/** Runs a test with a fresh harness of so many partitions; members that it joins leave at the end. */
export async function withHarness(
  create: CreateHarness,
  partitions: number,
  body: (harness: PipelineHarness, join: () => Joined) => Promise<void>,
): Promise<void> {
  const harness = await create(partitions);
  const joined: Joined[] = [];
  try {
    await body(harness, () => {
      const member = new Joined(harness.member());
      joined.push(member);
      return member;
    });
  } finally {
    for (const member of joined) await member.leave();
    await harness.close();
  }
}

/** Batches until at least `count` records have come. */
export async function readRecords(
  assignment: Assignment,
  from: number,
  count: number,
): Promise<{ readonly records: readonly InputRecord[]; readonly batches: readonly InputBatch[] }> {
  const stop = new AbortController();
  const records: InputRecord[] = [];
  const batches: InputBatch[] = [];
  for await (const batch of assignment.read(from, stop.signal)) {
    batches.push(batch);
    records.push(...batch.records);
    if (records.length >= count) break;
  }
  stop.abort();
  return { records, batches };
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A record of text. */
export function record(
  key: string,
  value: string,
  timestamp = 1_700_000_000_000,
): Omit<InputRecord, "offset"> {
  return { key: bytes(key), value: bytes(value), headers: [], timestamp };
}

/** A commit of nothing but what is given. */
export function commitOf(parts: Partial<Commit> & Pick<Commit, "offset">): Commit {
  return { forecasts: [], incidents: [], deadLetters: [], routed: [], snapshot: undefined, ...parts };
}

/** A record in a form that compares by content, whatever kind of byte array holds it. */
export function plain({ key, value, headers, timestamp }: OutputRecord): unknown {
  const text = (part: Uint8Array | null): string | null => part && Buffer.from(part).toString("hex");
  return {
    key: text(key),
    value: text(value),
    headers: headers.map((header) => [header.name, text(header.value)]),
    timestamp,
  };
}
