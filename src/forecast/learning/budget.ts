/**
 * The budget of weight updates in event time: a token bucket (Turner, New Directions in Communications, 1986). Event time earns
 * updates, an update costs one, and at most a minute's worth, or one update, is saved: keys that come at the same times have
 * windows at the same times. Event time is followed in steps of a minute at most: one wrong clock of a device earns no more than that, and a gap is worth what it is over the next events.
 */
import type { LearningSettings } from "./schedule.js";

/** Most event time that one event may add, in milliseconds. */
const longestStepMs = 60_000;
const millisecondsPerSecond = 1000;

/** Offsets in the numbers that a snapshot keeps. */
const place = { time: 0, saved: 1 } as const;
export const budgetSize = 2;

export class UpdateBudget {
  readonly #perMs: number;
  readonly #most: number;
  readonly #numbers = new Float64Array(budgetSize);

  constructor({ maxUpdatesPerSecond }: Required<Pick<LearningSettings, "maxUpdatesPerSecond">>) {
    this.#perMs = maxUpdatesPerSecond / millisecondsPerSecond;
    this.#most = Math.max(1, longestStepMs * this.#perMs);
    this.#start();
  }

  /** Whether an update can be paid. */
  get allows(): boolean {
    return this.#numbers[place.saved]! >= 1;
  }

  /** An event of this time, in epoch milliseconds, was taken. */
  pass(time: number): void {
    const numbers = this.#numbers;
    if (Number.isNaN(numbers[place.time]!)) numbers[place.time] = time;
    const step = Math.min(time - numbers[place.time]!, longestStepMs);
    if (step <= 0) return;
    numbers[place.time] = numbers[place.time]! + step;
    numbers[place.saved] = Math.min(numbers[place.saved]! + step * this.#perMs, this.#most);
  }

  /** An update was made. One that could not wait may be paid later. */
  spend(): void {
    this.#numbers[place.saved] = this.#numbers[place.saved]! - 1;
  }

  read(): Float64Array {
    return this.#numbers.slice();
  }

  /** Takes over what `read` returned; without it the budget begins anew. */
  write(numbers: Float64Array | undefined): void {
    if (numbers === undefined) this.#start();
    else this.#numbers.set(numbers);
  }

  /** One update may be made at once. */
  #start(): void {
    this.#numbers[place.time] = NaN;
    this.#numbers[place.saved] = 1;
  }
}
