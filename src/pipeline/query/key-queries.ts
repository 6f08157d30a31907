/** Answers what the partitions of a running pipeline know of a key, from committed state alone. */
import type { KeyReport } from "./key-report.js";

/** What this instance knows of a key. */
export interface KeyAnswer {
  /** A report for each live partition that has a state of the key, in the order of the partitions. */
  readonly reports: readonly KeyReport[];
  /** The partitions that were asked. */
  readonly live: readonly number[];
  /** Partitions of this instance that are being taken over: their state cannot be read yet. */
  readonly takingOver: readonly number[];
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
  readonly partition: number;
  readonly #release: (held: HeldPartition) => void;
  /** Undefined during a takeover. */
  reader: KeyReader | undefined;

  constructor(partition: number, release: (held: HeldPartition) => void) {
    this.partition = partition;
    this.#release = release;
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
   */
  async ask(key: string, partition?: number): Promise<KeyAnswer> {
    const asked = [...this.#held].filter((held) => partition === undefined || held.partition === partition);
    const reports: KeyReport[] = [];
    const live: number[] = [];
    const takingOver: number[] = [];
    const ask = async ({ partition: number, reader }: HeldPartition): Promise<void> => {
      const read = await reader?.read(key).catch(() => undefined);
      if (read === undefined) {
        // The run ended before the commit landed: another takeover follows.
        takingOver.push(number);
        return;
      }
      live.push(number);
      if (read.report !== undefined) reports.push(read.report);
    };
    await Promise.all(asked.map(ask));
    return joinAnswers([{ reports, live, takingOver }]);
  }

  /** @internal A task holds a partition, whose state it has not read yet. */
  hold(partition: number): HeldPartition {
    const held = new HeldPartition(partition, (each) => this.#held.delete(each));
    this.#held.add(held);
    return held;
  }
}

/** Joins the answers of several pipelines. */
export function joinAnswers(answers: readonly KeyAnswer[]): KeyAnswer {
  const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
  return {
    reports: answers.flatMap(({ reports }) => reports).sort((a, b) => a.partition - b.partition),
    live: sorted(answers.flatMap(({ live }) => live)),
    takingOver: sorted(answers.flatMap(({ takingOver }) => takingOver)),
  };
}
