/** Limits the cost of an instance's takeovers: how many run at once, and how often they ask the brokers. */

/** Grants a bounded number of slots in order of request. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with a function that returns the slot, or with undefined if `signal` is aborted first. */
  async take(signal: AbortSignal): Promise<(() => void) | undefined> {
    while (!signal.aborted && this.#free === 0) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    }
    if (signal.aborted) {
      // Passes on the slot for which this request was woken.
      if (this.#free > 0) this.#wakeNext();
      return undefined;
    }
    this.#free--;
    let given = true;
    return () => {
      if (!given) return;
      given = false;
      this.#free++;
      this.#wakeNext();
    };
  }

  #wakeNext(): void {
    const next = this.#waiting.values().next().value;
    next?.();
  }
}

/**
 * Shares one answer of the brokers among all who ask the same question. The answer is always to a request that began after
 * the question was asked. An answer for all partitions costs as much for one takeover as for a thousand.
 */
export class SharedQuestion<Answer> {
  readonly #put: () => Promise<Answer>;
  #pending: Promise<Answer> | undefined;
  #next: Promise<Answer> | undefined;

  constructor(put: () => Promise<Answer>) {
    this.#put = put;
  }

  ask(): Promise<Answer> {
    if (this.#pending === undefined) return this.#begin();
    const over = (): Promise<Answer> => {
      this.#next = undefined;
      return this.#begin();
    };
    return (this.#next ??= this.#pending.then(over, over));
  }

  #begin(): Promise<Answer> {
    const pending = this.#put().finally(() => {
      if (this.#pending === pending) this.#pending = undefined;
    });
    return (this.#pending = pending);
  }
}
