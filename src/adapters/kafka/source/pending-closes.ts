/** Tracks pending closes: members that leave a group, readers that close their connections. */
export class PendingCloses {
  readonly #pending = new Set<Promise<void>>();

  /** A failed close has ended too; nothing more can be done. */
  add(departure: Promise<void>): void {
    const over = departure.catch(() => undefined).finally(() => this.#pending.delete(over));
    this.#pending.add(over);
  }

  /** Resolves when all that has begun is over. */
  async over(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
