/** Tracks pending closes: members that leave a group, readers that close their connections. */
export class PendingCloses {
  readonly #pending = new Set<Promise<void>>();

  /** A departure that fails is over too: nobody could do anything about it. */
  add(departure: Promise<void>): void {
    const over = departure.catch(() => undefined).finally(() => this.#pending.delete(over));
    this.#pending.add(over);
  }

  /** Resolves when all that has begun is over. */
  async over(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
