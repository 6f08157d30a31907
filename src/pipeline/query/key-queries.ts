/** Answers what the partitions of a running pipeline know of a key, from committed state alone. */
import type { Origin } from "../decode/dead-letter.js";
import type { KeyReport } from "./key-report.js";

/** A partition: its number, or `topic/number` where there are several input topics. */
export type PartitionName = number | string;

/** What this instance knows of a key. */
export interface KeyAnswer {
  /** A report for each live partition that has a state of the key, in the order of the partitions. */
  readonly reports: readonly KeyReport[];
  /** The partitions that were asked. */
  readonly live: readonly PartitionName[];
  /** Partitions of this instance that are being taken over: their state cannot be read yet. */
  readonly takingOver: readonly PartitionName[];
}

/** What a state holds of a key. */
export interface KeyReading {
  readonly report: KeyReport | undefined;
}

/** Reads the state of a live partition. */
export interface KeyReader {
  /**
   * Resolves when the state that the report shows is committed; without a report for an unknown key. Resolves to undefined, or
   * rejects, if it never will be.
   */
  read(key: string): Promise<KeyReading | undefined>;
}

/** A partition that a task holds. */
export class HeldPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #isSeveral: boolean;
  readonly #release: (held: HeldPartition) => void;
  /** Undefined during a takeover. */
  reader: KeyReader | undefined;

  constructor({ topic, partition }: Origin, isSeveral: boolean, release: (held: HeldPartition) => void) {
    this.topic = topic;
    this.partition = partition;
    this.#isSeveral = isSeveral;
    this.#release = release;
  }

  get name(): PartitionName {
    return this.#isSeveral ? `${this.topic}/${this.partition}` : this.partition;
  }

  /** Returns a report that tells where it comes from. */
  named(report: KeyReport): KeyReport {
    return this.#isSeveral ? { topic: this.topic, ...report } : report;
  }

  release(): void {
    this.#release(this);
  }
}

/**
 * Takes questions about keys while a pipeline runs. A report shows the state of a commit, and comes when that commit is
 * durable: nobody reads what a failed commit takes back. Questions change nothing.
 *
 * @example
 * ```ts
 * const queries = new KeyQueries();
 * run(source, committer, { queries }).subscribe();
 * const { reports } = await queries.ask("pump-7");
 * reports[0]?.forecast["yhat"];
 * ```
 */
export class KeyQueries {
  readonly #held = new Set<HeldPartition>();

  /**
   * Asks for a key.
   *
   * @param key The key of the forecast message.
   * @param partition Asks one input partition; default: all that this pipeline holds.
   * @param topic Asks the partitions of one input topic; default: of all.
   */
  async ask(key: string, partition?: number, topic?: string): Promise<KeyAnswer> {
    const asked = [...this.#held].filter(
      (held) =>
        (partition === undefined || held.partition === partition) &&
        (topic === undefined || held.topic === topic),
    );
    const reports: KeyReport[] = [];
    const live: PartitionName[] = [];
    const takingOver: PartitionName[] = [];
    const ask = async (held: HeldPartition): Promise<void> => {
      const read = await held.reader?.read(key).catch(() => undefined);
      if (read === undefined) {
        // The run ended before the commit landed: another takeover follows.
        takingOver.push(held.name);
        return;
      }
      live.push(held.name);
      if (read.report !== undefined) reports.push(held.named(read.report));
    };
    await Promise.all(asked.map(ask));
    return joinAnswers([{ reports, live, takingOver }]);
  }

  /** @internal A task holds a partition, whose state it has not read yet. */
  hold(origin: Origin, isSeveral = false): HeldPartition {
    const held = new HeldPartition(origin, isSeveral, (each) => this.#held.delete(each));
    this.#held.add(held);
    return held;
  }
}

/** Joins the answers of several pipelines. */
export function joinAnswers(answers: readonly KeyAnswer[]): KeyAnswer {
  const sorted = (names: readonly PartitionName[]): PartitionName[] => [...names].sort(byName);
  return {
    reports: answers
      .flatMap(({ reports }) => reports)
      .sort((a, b) => byName(a.topic ?? "", b.topic ?? "") || a.partition - b.partition),
    live: sorted(answers.flatMap(({ live }) => live)),
    takingOver: sorted(answers.flatMap(({ takingOver }) => takingOver)),
  };
}

function byName(a: PartitionName, b: PartitionName): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
