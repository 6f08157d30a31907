/** Reads a partition's state between batches, and gives what was read when its commit has landed. */
import type { KeyReader, KeyReading } from "./key-queries.js";
import type { KeyReport } from "./key-report.js";

/** The partition that is read. */
export interface ReadPartition {
  /** Reads the state as it is now. */
  report(key: string): KeyReport | undefined;
  /** Resolves when every commit so far has landed; rejects if one failed. */
  settled(): Promise<void>;
}

/**
 * A batch changes the state in one turn of the event loop, which ends with its commit in the queue. Only a batch hook leaves the
 * state in between for longer; reads wait for its end.
 */
export class CommittedReader implements KeyReader {
  readonly #partition: ReadPartition;
  readonly #waiting: (() => void)[] = [];
  #isHooked = false;
  #isClosed = false;

  constructor(partition: ReadPartition) {
    this.#partition = partition;
  }

  /** Does work while the state is that of a commit in the queue: at once, or after the hook under way. Not after `close`. */
  between(work: () => void): void {
    if (this.#isHooked) this.#waiting.push(() => this.between(work));
    else if (!this.#isClosed) work();
  }

  async read(key: string): Promise<KeyReading | undefined> {
    if (!this.#isHooked) return await this.#readNow(key);
    return await new Promise((resolve, reject) => {
      this.#waiting.push(() => void this.#readNow(key).then(resolve, reject));
    });
  }

  /** A hook takes time from now on, and the state is not that of a commit. */
  hooked(): void {
    this.#isHooked = true;
  }

  /** The commit of the state is in the queue. */
  queued(): void {
    this.#isHooked = false;
    for (const read of this.#waiting.splice(0)) read();
  }

  /** The state cannot be read any more. */
  close(): void {
    this.#isClosed = true;
    this.queued();
  }

  async #readNow(key: string): Promise<KeyReading | undefined> {
    if (this.#isClosed) return undefined;
    const report = this.#partition.report(key);
    await this.#partition.settled();
    return { report };
  }
}
