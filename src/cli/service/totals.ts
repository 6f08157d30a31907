/** What the tasks of an instance have done, and hold. */
import type { TaskEvent } from "../../pipeline/events.js";

export class Totals {
  forecasts = 0;
  readonly #keys = new Map<number, number>();

  /** Keys of all partitions that are held now. */
  get keys(): number {
    return [...this.#keys.values()].reduce((sum, keys) => sum + keys, 0);
  }

  add(event: TaskEvent): void {
    if (event.type === "committed") this.forecasts += event.forecasts;
    if (event.type === "live" || event.type === "committed") this.#keys.set(event.partition, event.keys);
    if (event.type === "released") this.#keys.delete(event.partition);
  }
}
