/**
 * Shares the answers of the brokers among all that ask the same: whoever asks gets the answer to a question that was put
 * after it asked. An answer for all partitions costs as much for one takeover as for a thousand.
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
