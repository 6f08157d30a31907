/** Keeps the source partitions of a repartition near each other in time while they read a backlog. */
import { durationMs } from "../../forecast/windows/duration.js";
import type { AggregateSettings } from "../../forecast/windows/settings.js";
import type { Clock } from "../clock.js";
import type { InputRecord } from "../ports.js";

/** Lead without windows, in milliseconds of record time, of the first record of a commit. */
const leadMs = 10_000;

/** How long a partition whose next records have not come yet holds the others: a fetch takes less. */
const fetchPatienceMs = 2000;

/** How long a partition that has records and does not get on holds the others. */
const commitPatienceMs = 10_000;

/** How far a partition may lead the others, by the windows that follow. */
export interface TimeOrderOptions {
  /** Windows that the records will be put into: no partition closes a window that another one still has records of. */
  readonly aggregate: Pick<AggregateSettings, "every" | "grace"> | undefined;
  readonly clock: Clock;
}

export class TimeOrder {
  readonly #every: number;
  readonly #grace: number;
  readonly #clock: Clock;
  readonly #places = new Set<TimePlace>();
  #wake: () => void = () => undefined;
  #changed = this.#newChange();

  constructor({ aggregate, clock }: TimeOrderOptions) {
    this.#every = aggregate === undefined ? 0 : durationMs(aggregate.every);
    this.#grace = aggregate === undefined ? leadMs : durationMs(aggregate.grace);
    this.#clock = clock;
  }

  /** Adds a source partition. Those of one group wait for each other. */
  enter(group: number): TimePlace {
    const place = new TimePlace(group, this.#clock.now(), (left) => {
      if (left) this.#places.delete(place);
      this.#wake();
      this.#changed = this.#newChange();
    });
    this.#places.add(place);
    return place;
  }

  /**
   * Waits until the record at `begin` may be written.
   *
   * @param place The partition of the records.
   * @param records Records in order.
   * @param begin Index of the first record that is not written.
   * @param signal Ends the wait.
   * @returns The index after the last record that may be written now, above `begin`.
   */
  async turn(
    place: TimePlace,
    records: readonly InputRecord[],
    begin: number,
    signal: AbortSignal,
  ): Promise<number> {
    const time = records[begin]!.timestamp;
    place.reach(time, this.#clock.now());
    for (;;) {
      const { limit, patience } = this.#limitOf(place);
      if (time < limit || signal.aborted) {
        place.take(time, this.#clock.now());
        // Without windows nothing is lost by a commit that is whole, and smaller ones cost throughput.
        return this.#every === 0 ? records.length : endBelow(records, begin, limit);
      }
      await this.#change(patience, signal);
    }
  }

  /** The time that `place` may not reach, and for how many milliseconds that holds unless something changes. */
  #limitOf(place: TimePlace): { limit: number; patience: number } {
    let earliest = Infinity;
    let patience = Infinity;
    const now = this.#clock.now();
    for (const other of this.#places) {
      if (other === place || other.group !== place.group) continue;
      const left = other.since + (other.isFetching ? fetchPatienceMs : commitPatienceMs) - now;
      if (left <= 0 && !other.isWaiting) continue;
      earliest = Math.min(earliest, other.time);
      if (!other.isWaiting) patience = Math.min(patience, left);
    }
    const end = this.#every === 0 ? earliest : (Math.floor(earliest / this.#every) + 1) * this.#every;
    return { limit: end + this.#grace, patience };
  }

  /** Resolves when a partition got on, when patience is at its end, or when the signal is aborted. */
  async #change(patience: number, signal: AbortSignal): Promise<void> {
    // Aborted at the end of each wait, so that neither a timer nor a listener outlives it.
    const awake = new AbortController();
    const wake = (): void => awake.abort();
    signal.addEventListener("abort", wake);
    const aborted = new Promise<void>((resolve) => {
      awake.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const sleeps = Number.isFinite(patience) ? [this.#clock.sleep(Math.max(1, patience), awake.signal)] : [];
    await Promise.race([this.#changed, aborted, ...sleeps]);
    signal.removeEventListener("abort", wake);
    wake();
  }

  #newChange(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** One source partition: the earliest time that it may still write. */
export class TimePlace {
  readonly group: number;
  readonly #changed: (left: boolean) => void;
  /** Times of commits that have not landed. */
  readonly #taken: number[] = [];
  #next: number | undefined;
  /** Time of what was written last, if more is known to follow. */
  #last = -Infinity;
  #since: number;

  constructor(group: number, since: number, changed: (left: boolean) => void) {
    this.group = group;
    this.#since = since;
    this.#changed = changed;
  }

  get time(): number {
    return this.#taken[0] ?? this.#next ?? this.#last;
  }

  /** Whether it waits for the next records, which may not come soon. */
  get isFetching(): boolean {
    return this.#taken.length === 0 && this.#next === undefined;
  }

  /** Whether it waits for its turn. */
  get isWaiting(): boolean {
    return this.#taken.length === 0 && this.#next !== undefined;
  }

  /** When it got on last, by the clock. */
  get since(): number {
    return this.#since;
  }

  /** The time of the next record to write. */
  reach(time: number, now: number): void {
    this.#next = time;
    this.#move(now);
  }

  /** The next commit has this time. */
  take(time: number, now: number): void {
    this.#taken.push(time);
    this.#next = undefined;
    this.#since = now;
  }

  /** The oldest commit has landed. Without waiting records the partition holds nobody. */
  landed(isLast: boolean, now: number): void {
    const time = this.#taken.shift()!;
    this.#last = isLast ? Infinity : time;
    this.#move(now);
  }

  /** The input has ended for now. */
  caughtUp(now: number): void {
    this.#last = Infinity;
    this.#move(now);
  }

  leave(): void {
    this.#changed(true);
  }

  #move(now: number): void {
    this.#since = now;
    this.#changed(false);
  }
}

/** The end of the records below a time, behind `begin`. */
function endBelow(records: readonly InputRecord[], begin: number, limit: number): number {
  if (limit === Infinity) return records.length;
  let end = begin + 1;
  while (end < records.length && records[end]!.timestamp < limit) end++;
  return end;
}
