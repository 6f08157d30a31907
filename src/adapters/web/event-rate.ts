/** Events per second over the last few whole seconds, in one bucket a second. */

const seconds = 5;

export class EventRate {
  readonly #buckets = new Float64Array(seconds + 1);
  #second = -Infinity;
  #since = NaN;

  /** Counts events that came at a time in milliseconds. */
  add(now: number, events: number): void {
    this.#turn(now);
    if (Number.isNaN(this.#since)) this.#since = this.#second;
    const at = this.#second % this.#buckets.length;
    this.#buckets[at] = this.#buckets[at]! + events;
  }

  /** The current second does not count, for it is not over; in the first one it is all there is. */
  perSecond(now: number): number {
    this.#turn(now);
    if (Number.isNaN(this.#since)) return 0;
    const whole = Math.min(seconds, this.#second - this.#since);
    if (whole === 0) return this.#buckets[this.#second % this.#buckets.length]!;
    let events = 0;
    for (let back = 1; back <= whole; back++) {
      events += this.#buckets[(this.#second - back) % this.#buckets.length]!;
    }
    return events / whole;
  }

  /** Empties the buckets of the seconds that went by; a clock that is set back stays in the current one. */
  #turn(now: number): void {
    const second = Math.floor(now / 1000);
    if (second <= this.#second) return;
    const length = this.#buckets.length;
    const first = Math.max(this.#second + 1, second - length + 1);
    for (let i = first; i <= second; i++) this.#buckets[i % length] = 0;
    this.#second = second;
  }
}
