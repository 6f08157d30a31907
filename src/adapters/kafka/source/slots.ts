/** Limits concurrency: grants a bounded number of slots in order of request. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with a function that gives the place back, or with undefined where `signal` is aborted before. */
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
      // The place that this one was woken for is another's.
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
