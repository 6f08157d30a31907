/** Commits the batches of a task in order: one commit in flight while the next one is prepared. */
import type { Commit } from "../ports.js";

export class CommitQueue {
  readonly #commit: (commit: Commit) => Promise<void>;
  readonly #failed: () => void;
  #last: Promise<void> = Promise.resolve();

  /** `failed` is called when a commit has been rejected; all later ones are rejected with it, and never begun. */
  constructor(commit: (commit: Commit) => Promise<void>, failed: () => void) {
    this.#commit = commit;
    this.#failed = failed;
  }

  /** Begins a commit once the one before has landed, and resolves then: what is made meanwhile waits its turn. */
  async add(commit: Commit): Promise<void> {
    const before = this.#last;
    this.#last = before.then(() => this.#commit(commit));
    // Somebody waits for it only later, or not at all.
    this.#last.catch(this.#failed);
    await before;
  }

  /** Resolves when the last commit has landed; rejects where one did not. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
