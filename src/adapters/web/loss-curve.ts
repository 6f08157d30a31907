/** A curve of the whole run in bounded memory: when it is full, neighbours are averaged and each point counts double. */
import type { LossUpdate } from "./wire.js";

export class LossCurve {
  readonly #capacity: number;
  #versions: number[] = [];
  #losses: number[] = [];
  /** Number of updates in one point. */
  #stride = 1;
  #pending = 0;
  #sum = 0;
  /** Grows with every change of the curve, so that a reader can tell whether it has seen the change. */
  revision = 0;

  /** `capacity` is an even number of points. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(version: number, loss: number): void {
    if (!Number.isFinite(loss)) return;
    this.#sum += loss;
    if (++this.#pending < this.#stride) return;
    this.#versions.push(version);
    this.#losses.push(this.#sum / this.#pending);
    this.#pending = 0;
    this.#sum = 0;
    if (this.#losses.length === this.#capacity) this.#halve();
    this.revision++;
  }

  read(): LossUpdate {
    return { versions: [...this.#versions], losses: [...this.#losses] };
  }

  #halve(): void {
    const losses = this.#losses;
    this.#versions = this.#versions.filter((_, i) => i % 2 === 1);
    this.#losses = this.#versions.map((_, i) => (losses[2 * i]! + losses[2 * i + 1]!) / 2);
    this.#stride *= 2;
  }
}
