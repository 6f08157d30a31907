/** Replays series at a steady pace without end: after its last value a series starts over, its times moved on. */
import type { SampleSeries } from "./sample-series.js";

const dayMilliseconds = 86_400_000;
/** Seconds that are caught up with at most after a standstill, such as a sleeping computer. */
const mostSeconds = 1;

/**
 * Emits the values of several series as they become due, one of each in turn.
 *
 * A series that restarts is shifted by whole days, so that its times rise and its time of day stays right. A series without a
 * cycle, such as a price, jumps once then.
 *
 * @example
 * ```ts
 * const replay = new Replay(series, 25); // 25 values of each series a second
 * replay.advance(1, ({ key }, time, value) => console.log(key, time, value)); // those of one second
 * ```
 */
export class Replay {
  readonly #series: readonly SampleSeries[];
  readonly #perSecond: number;
  #due = 0;
  #next = 0;

  /** `perSecond`: values of each series in a second, above 0. */
  constructor(series: readonly SampleSeries[], perSecond: number) {
    this.#series = series;
    this.#perSecond = perSecond;
  }

  /** Emits the values that become due within the next `seconds`. */
  advance(seconds: number, give: (series: SampleSeries, time: number, value: number) => void): void {
    this.#due += Math.min(seconds, mostSeconds) * this.#perSecond;
    for (; this.#due >= 1; this.#due--) {
      for (const series of this.#series) {
        const row = this.#next % series.times.length;
        const round = Math.floor(this.#next / series.times.length);
        give(series, series.times[row]! + round * lengthOf(series), series.values[row]!);
      }
      this.#next++;
    }
  }
}

/** From the first value to the first of the next round: the days that the series covers. */
function lengthOf({ times }: SampleSeries): number {
  const last = times.length - 1;
  const step = last > 0 ? times[last]! - times[last - 1]! : dayMilliseconds;
  return Math.ceil((times[last]! - times[0]! + step) / dayMilliseconds) * dayMilliseconds;
}
