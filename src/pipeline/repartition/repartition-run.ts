/** One run of a repartition task: from a takeover to a stop or error. */
import { UndercurrentError } from "../../errors/errors.js";
import type { Clock } from "../clock.js";
import { deadLetter } from "../decode/dead-letter.js";
import type { ValueFormat } from "../decode/format.js";
import type { Assignment, Commit, Committer, InputRecord, OutputRecord, RoutedRecord } from "../ports.js";
import { chunksOf, type Chunk } from "../task/chunks.js";
import { CommitQueue } from "../task/commits.js";
import { rejections } from "../task/stage.js";
import type { AnyTaskRun, TaskRunOwner } from "../task/task.js";
import type { Telemetry } from "../telemetry.js";
import type { TimeOrder, TimePlace } from "./time-order.js";

/** What the tasks of a repartition share. */
export interface RepartitionContext {
  readonly topic: string;
  /** Reads the key of a record; undefined if records keep their partition number. */
  readonly keyOf: ((record: InputRecord) => string) | undefined;
  /** Whether the record key stays, because the series' key is read from it. */
  readonly keepsKey: boolean;
  readonly format: ValueFormat | undefined;
  readonly telemetry: Pick<Telemetry, "rejection"> | undefined;
  readonly clock: Clock;
  readonly committer: Committer;
  /** Most records of one commit. */
  readonly maxEvents: number;
  readonly order: TimeOrder;
  /** Partitions of one group are put in the order of time. */
  readonly groupOf: (partition: number) => number;
}

const noIncidents = { keys: 0, silences: 0, groups: 0, waitingSilences: 0 };

export class RepartitionRun implements AnyTaskRun {
  readonly heldBack = undefined;
  readonly #assignment: Assignment;
  readonly #context: RepartitionContext;
  readonly #owner: TaskRunOwner;
  /** Aborted at a stop, when the partition is lost, and when a commit has failed. */
  readonly #end = new AbortController();
  readonly #commits: CommitQueue;
  readonly #place: TimePlace;
  #landed = false;
  #endOffset = 0;

  constructor(assignment: Assignment, context: RepartitionContext, owner: TaskRunOwner) {
    this.#assignment = assignment;
    this.#context = context;
    this.#owner = owner;
    this.#place = context.order.enter(context.groupOf(assignment.partition));
    this.#commits = new CommitQueue(
      (commit) => this.#commit(commit),
      () => this.#end.abort(),
    );
  }

  get landed(): boolean {
    return this.#landed;
  }

  /**
   * 1. Take the partition over, which fences earlier owners, and read the committed offset.
   * 2. Read from there on. Each chunk of records waits for its turn in time, and is one commit with the offset after it.
   * 3. At a stop, wait until the last commit has landed.
   */
  async run(): Promise<void> {
    const { ending } = this.#owner;
    const end = (): void => this.#end.abort();
    ending.addEventListener("abort", end);
    try {
      const from = await this.#takeOver();
      await this.#read(from);
      // 3. Rejects where a commit has failed.
      await this.#commits.settled();
    } catch (error) {
      // A takeover or a wait for a schema that the end interrupted has changed nothing.
      if (!ending.aborted || error !== ending.reason) throw error;
    } finally {
      ending.removeEventListener("abort", end);
      end();
      // A commit that is under way must have an end before the partition is released.
      await this.#commits.settled().catch(() => undefined);
      this.#place.leave();
    }
  }

  /** 2. */
  async #read(from: number): Promise<void> {
    const { signal } = this.#end;
    if (this.#owner.ending.aborted) this.#end.abort();
    for await (const batch of this.#assignment.read(from, signal)) {
      this.#endOffset = batch.endOffset;
      if (batch.records.length === 0 && batch.nextOffset >= batch.endOffset)
        this.#place.caughtUp(this.#context.clock.now());
      for (const chunk of chunksOf(batch, 0, this.#context.maxEvents)) {
        for await (const part of this.#inTime(chunk)) {
          if (signal.aborted) return;
          try {
            await this.#take(part);
          } catch (error) {
            // If it has ended, the last commit says why.
            if (!isAborted(signal)) throw error;
          }
        }
      }
    }
  }

  /** Yields the records of a chunk as they have their turn. */
  async *#inTime({ records, next }: Chunk): AsyncGenerator<Chunk> {
    const { order } = this.#context;
    for (let begin = 0; begin < records.length;) {
      const end = await order.turn(this.#place, records, begin, this.#end.signal);
      const whole = begin === 0 && end === records.length;
      yield {
        records: whole ? records : records.slice(begin, end),
        next: end < records.length ? records[end]!.offset : next,
      };
      begin = end;
    }
  }

  /** 1. */
  async #takeOver(): Promise<number> {
    const { topic, partition } = this.#assignment;
    const origin = { topic, partition };
    const began = this.#context.clock.now();
    this.#owner.emit({ type: "taking-over", ...origin });
    const { committed, earliest } = await this.#assignment.takeOver(this.#owner.ending);
    if (committed !== undefined && committed < earliest) {
      const message = `topic ${topic}, partition ${partition}: the records from offset ${committed} to ${earliest} were deleted before they were read`;
      throw new UndercurrentError("INPUT_TRUNCATED", message);
    }
    const from = committed ?? earliest;
    const plan = committed === undefined ? "fresh" : "resume";
    const seconds = (this.#context.clock.now() - began) / 1000;
    this.#owner.emit({
      type: "taken-over",
      ...origin,
      plan,
      reason: undefined,
      keys: 0,
      from,
      liveFrom: from,
    });
    const live = { offset: from, keys: 0, openIncidents: noIncidents, bytes: 0, replayed: 0, seconds };
    this.#owner.emit({ type: "live", ...origin, ...live });
    return from;
  }

  async #take({ records, next }: Chunk): Promise<void> {
    const fetched = this.#context.format?.prepare(records, this.#end.signal);
    if (fetched !== undefined) await fetched;
    const deadLetters: OutputRecord[] = [];
    const routed: RoutedRecord[] = [];
    for (const record of records) {
      const placed = this.#placed(record, deadLetters);
      if (placed !== undefined) routed.push(placed);
    }
    const nothing = { forecasts: [], incidents: [], snapshot: undefined };
    await this.#commits.add({ ...nothing, deadLetters, routed, offset: next });
  }

  /** Returns the record and where it goes; undefined for a record that is rejected or skipped. */
  #placed(record: InputRecord, deadLetters: OutputRecord[]): RoutedRecord | undefined {
    const { topic, keyOf, keepsKey } = this.#context;
    const { value, headers, timestamp, unreadable } = record;
    try {
      if (unreadable !== undefined) throw new UndercurrentError("BATCH_UNREADABLE", unreadable);
      const output = { key: record.key, value, headers, timestamp };
      if (keyOf === undefined) return { topic, record: output, placedBy: "input" };
      const key = Buffer.from(keyOf(record));
      if (keepsKey) return { topic, record: output, placedBy: key };
      return { topic, record: { ...output, key } };
    } catch (error) {
      if (!(error instanceof UndercurrentError) || !rejections.has(error.code)) throw error;
      const { topic: from, partition } = this.#assignment;
      const origin = { topic: from, partition };
      if (error.code !== "RECORD_SKIPPED")
        deadLetters.push(deadLetter(record, origin, [{ series: "", error }]));
      const { code, message } = error;
      this.#context.telemetry?.rejection({ code, message, origin: `${from}/${partition}@${record.offset}` });
      return undefined;
    }
  }

  async #commit(commit: Commit): Promise<void> {
    const { topic, partition } = this.#assignment;
    if (this.#owner.lost.aborted) {
      throw new UndercurrentError("FENCED", "the partition was released before this commit began");
    }
    const began = this.#context.clock.now();
    await this.#context.committer.commit(this.#assignment, commit);
    this.#landed = true;
    const { offset, deadLetters, routed } = commit;
    const lag = Math.max(0, Math.max(this.#endOffset, this.#assignment.endOffset ?? 0) - offset);
    this.#place.landed(lag === 0, this.#context.clock.now());
    this.#owner.emit({
      type: "committed",
      ...{ topic, partition, offset },
      lag,
      ...{ keys: 0, bytes: 0, openIncidents: noIncidents, forecasts: 0, incidents: 0 },
      deadLetters: deadLetters.length,
      routed: routed.length,
      snapshot: undefined,
      seconds: (this.#context.clock.now() - began) / 1000,
      processingSeconds: undefined,
      oldest: undefined,
    });
  }
}

/** Reads a signal again: it may have been aborted during a wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
