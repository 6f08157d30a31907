/**
 * A transactional log in memory: input partitions with gaps between their offsets, and what commits made of them. It
 * does what a broker does: a takeover raises the partition's epoch, settles what the owner before left open, and from
 * then on refuses that owner; a commit lands whole or not at all.
 */
import { UndercurrentError } from "../../src/errors/errors.js";
import type {
  Commit,
  InputBatch,
  InputRecord,
  OutputRecord,
  RoutedRecord,
  Takeover,
} from "../../src/pipeline/ports.js";

import type { AppliedFeedback } from "../../src/pipeline/state/feedback.js";
import type { Promotion } from "../../src/pipeline/state/promotion.js";
import { readRoles, rolesKey } from "../../src/pipeline/state/role-history.js";
import { readFeedbackState } from "../../src/pipeline/state/state-records.js";

/** A promotion that holds from an input offset on. */
export interface AppliedPromotion extends Pick<Promotion, "settings"> {
  readonly at: number;
}

/** Where a partition of the log is: with several topics, they take turns. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** What readers of committed records see of one partition. */
export interface Visible {
  readonly forecasts: readonly OutputRecord[];
  readonly incidents: readonly OutputRecord[];
  readonly candidates: readonly OutputRecord[];
  readonly candidateIncidents: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
  readonly routed: readonly RoutedRecord[];
}

interface Partition {
  readonly input: InputRecord[];
  endOffset: number;
  earliest: number;
  readonly forecasts: OutputRecord[];
  readonly incidents: OutputRecord[];
  readonly candidates: OutputRecord[];
  readonly candidateIncidents: OutputRecord[];
  /** Values of feedback, by their offsets; nothing else is read of the incidents topic. */
  readonly feedback: Uint8Array[];
  /** What of it commits have applied, and before which offset, by its text. */
  readonly applied: Map<string, AppliedFeedback>;
  readonly deadLetters: OutputRecord[];
  readonly routed: RoutedRecord[];
  /** Compacted: the latest record of each key. */
  readonly state: Map<string, Uint8Array>;
  committed: number | undefined;
  epoch: number;
  /** A commit whose end was asked for and has not been decided. */
  inDoubt: Commit | undefined;
  readonly waiting: Set<() => void>;
}

/** How a commit ends: as it should; landed or lost with an error; or open until the next takeover decides. */
export type CommitOutcome = "landed" | "landed-unheard" | "lost" | "in-doubt";

export class TransactionalLog {
  readonly #partitions: readonly Partition[];

  /** Input topics that the partitions are of. */
  readonly topics: number;
  readonly #refused: () => void;

  /** `refused` is called when the commit of an owner that was fenced has been refused. */
  constructor(partitions: number, topics = 1, refused: () => void = () => undefined) {
    this.topics = topics;
    this.#refused = refused;
    this.#partitions = Array.from({ length: partitions }, () => ({
      input: [],
      endOffset: 0,
      earliest: 0,
      forecasts: [],
      incidents: [],
      candidates: [],
      candidateIncidents: [],
      feedback: [],
      applied: new Map(),
      deadLetters: [],
      routed: [],
      state: new Map(),
      committed: undefined,
      epoch: 0,
      inDoubt: undefined,
      waiting: new Set(),
    }));
  }

  /** Topic and number of a partition of the log. */
  placeOf(index: number): Place {
    const topic = this.topics === 1 ? "readings" : `readings-${index % this.topics}`;
    return { topic, partition: Math.floor(index / this.topics) };
  }

  /** The partition of the log that is at a place. */
  indexOf({ topic, partition }: Place): number {
    return this.topics === 1 ? partition : partition * this.topics + Number(topic.split("-")[1]);
  }

  get partitions(): number {
    return this.#partitions.length;
  }

  /** Appends a record behind `gap` offsets that no reader ever sees. */
  append(partition: number, record: Omit<InputRecord, "offset">, gap = 0): void {
    const log = this.#partitions[partition]!;
    log.input.push({ ...record, offset: log.endOffset + gap });
    log.endOffset += gap + 1;
    this.#wake(log);
  }

  /** Appends feedback on incidents. */
  say(partition: number, value: Uint8Array): void {
    const log = this.#partitions[partition]!;
    log.feedback.push(value);
    this.#wake(log);
  }

  /** Up to `size` records of feedback from an offset on; undefined where there is nothing yet. */
  pollFeedback(partition: number, from: number, size: number): InputBatch | undefined {
    const { feedback } = this.#partitions[partition]!;
    const values = feedback.slice(from, from + size);
    if (values.length === 0) return undefined;
    const records = values.map((value, i) => ({
      ...{ offset: from + i, key: null, value, headers: [], timestamp: -1 },
    }));
    return { records, nextOffset: from + records.length, endOffset: feedback.length };
  }

  /** Appends offsets that hold control records alone. */
  appendControl(partition: number, count: number): void {
    const log = this.#partitions[partition]!;
    log.endOffset += count;
    this.#wake(log);
  }

  /** Loses all input before an offset. */
  retain(partition: number, earliest: number): void {
    this.#partitions[partition]!.earliest = earliest;
  }

  /** Loses the state. */
  loseState(partition: number): void {
    this.#partitions[partition]!.state.clear();
  }

  /** Fences the owner before and settles its open commit by `lands`; the new owner's epoch and what is durable. */
  takeOver(partition: number, lands: () => boolean): { epoch: number; takeover: Takeover } {
    const log = this.#partitions[partition]!;
    if (log.inDoubt !== undefined && lands()) this.#land(log, log.inDoubt);
    log.inDoubt = undefined;
    log.epoch++;
    return {
      epoch: log.epoch,
      takeover: {
        committed: log.committed,
        earliest: Math.max(log.earliest, 0),
        state: [...log.state].map(([key, value]) => ({ key, value })),
      },
    };
  }

  /** Up to `size` records from an offset on; undefined where there is nothing yet. */
  poll(partition: number, from: number, size: number): InputBatch | undefined {
    const log = this.#partitions[partition]!;
    if (from >= log.endOffset) return undefined;
    const begin = firstFrom(log.input, Math.max(from, log.earliest));
    const records = log.input.slice(begin, begin + size);
    const following = log.input[begin + size];
    // A fetch that comes to the end learns of trailing control records; any other ends with its last record.
    const nextOffset =
      following === undefined ? log.endOffset : (records.at(-1)?.offset ?? following.offset - 1) + 1;
    return { records, nextOffset, endOffset: log.endOffset };
  }

  /** Resolves when there is input at an offset, or the signal is aborted. */
  async arrival(partition: number, from: number, signal: AbortSignal): Promise<void> {
    const log = this.#partitions[partition]!;
    await this.#until(log, signal, () => from < log.endOffset);
  }

  /** Resolves when there is feedback at an offset, or the signal is aborted. */
  async feedbackArrival(partition: number, from: number, signal: AbortSignal): Promise<void> {
    const log = this.#partitions[partition]!;
    await this.#until(log, signal, () => from < log.feedback.length);
  }

  async #until(log: Partition, signal: AbortSignal, isThere: () => boolean): Promise<void> {
    while (!isThere() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          log.waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        log.waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    }
  }

  /** Throws FENCED where a later owner has taken over; else the commit ends as `outcome` says. */
  commit(partition: number, epoch: number, commit: Commit, outcome: CommitOutcome): void {
    const log = this.#partitions[partition]!;
    if (epoch !== log.epoch) {
      this.#refused();
      throw new UndercurrentError("FENCED", `epoch ${epoch}, now ${log.epoch}`);
    }
    if (outcome === "landed" || outcome === "landed-unheard") this.#land(log, commit);
    if (outcome === "in-doubt") log.inDoubt = commit;
    if (outcome !== "landed") {
      // The producer is wedged: nothing of this epoch can land any more.
      log.epoch++;
      throw new UndercurrentError("COMMIT_UNCERTAIN", `the answer was lost`);
    }
  }

  /** Shows forecasts at once, whatever becomes of their transaction: what a committer must never do. */
  leak(partition: number, forecasts: readonly OutputRecord[]): void {
    this.#partitions[partition]!.forecasts.push(...forecasts);
  }

  visible(partition: number): Visible {
    const { forecasts, incidents, candidates, candidateIncidents, ...others } = this.#partitions[partition]!;
    const { deadLetters, routed } = others;
    return { forecasts, incidents, candidates, candidateIncidents, deadLetters, routed };
  }

  /** The feedback that commits have applied, in order. */
  applied(partition: number): readonly AppliedFeedback[] {
    return [...this.#partitions[partition]!.applied.values()];
  }

  /** The promotions that commits have applied, in order. */
  promotions(partition: number): readonly AppliedPromotion[] {
    const value = this.state(partition).get(rolesKey);
    if (value === undefined) return [];
    const { models, changes } = readRoles({ key: rolesKey, value });
    return changes.flatMap(({ at, former, model }) =>
      former === undefined ? [] : [{ at, settings: models[model]! }],
    );
  }

  /** The feedback that was said, in order. */
  feedback(partition: number): readonly Uint8Array[] {
    return this.#partitions[partition]!.feedback;
  }

  committed(partition: number): number | undefined {
    return this.#partitions[partition]!.committed;
  }

  endOffset(partition: number): number {
    return this.#partitions[partition]!.endOffset;
  }

  input(partition: number): readonly InputRecord[] {
    return this.#partitions[partition]!.input;
  }

  state(partition: number): ReadonlyMap<string, Uint8Array> {
    return this.#partitions[partition]!.state;
  }

  #land(log: Partition, commit: Commit): void {
    log.forecasts.push(...commit.forecasts);
    log.incidents.push(...commit.incidents);
    log.candidates.push(...(commit.candidates ?? []));
    log.candidateIncidents.push(...(commit.candidateIncidents ?? []));
    log.deadLetters.push(...commit.deadLetters);
    log.routed.push(...commit.routed);
    for (const { key, value } of commit.snapshot?.records ?? []) {
      if (value === null) log.state.delete(key);
      else log.state.set(key, value);
      if (key !== "feedback" || value === null) continue;
      for (const entry of readFeedbackState({ key, value }).applied) {
        log.applied.set(JSON.stringify(entry), entry);
      }
    }
    log.committed = commit.offset;
  }

  #wake(log: Partition): void {
    for (const wake of [...log.waiting]) wake();
  }
}

/** Index of the first record at an offset or after it. */
function firstFrom(input: readonly InputRecord[], offset: number): number {
  let low = 0;
  let high = input.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (input[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
