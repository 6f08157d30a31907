/** Commits the batches of a task in order: one commit in flight while the next one is prepared. */
import type { Commit } from "../ports.js";

export class CommitQueue {
  readonly #commit: (commit: Commit) => Promise<void>;
  readonly #failed: () => void;
  #last: Promise<void> = Promise.resolve();

  /** `failed` is called when a commit is rejected. All later commits are rejected too and never begin. */
  constructor(commit: (commit: Commit) => Promise<void>, failed: () => void) {
    this.#commit = commit;
    this.#failed = failed;
  }

  /**
   * Begins a commit after the previous one has landed, and resolves then. The next commit is prepared meanwhile and waits its
   * turn.
   */
  async add(commit: Commit): Promise<void> {
    const before = this.#last;
    this.#last = before.then(() => this.#commit(commit));
    // The promise may be awaited later or never.
    this.#last.catch(this.#failed);
    await before;
  }

  /** Resolves when the last commit has landed; rejects if a commit failed. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
