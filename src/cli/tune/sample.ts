/** What `tune` keeps of the sample beside the incidents: when keys were scored, and how well each forecaster did. */
import type { ForecastColumns } from "../../forecast/columns.js";
import { overallSkill } from "../../forecast/evaluation/score.js";

const dayMs = 86_400_000;

/** Numbers of a known type that grow. */
class Growing<Numbers extends Float32Array | Float64Array | Int32Array> {
  #numbers: Numbers;
  #count = 0;

  constructor(first: Numbers) {
    this.#numbers = first;
  }

  push(value: number): void {
    if (this.#count === this.#numbers.length) {
      const grown = new (this.#numbers.constructor as new (length: number) => Numbers)(2 * this.#count);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.#count++] = value;
  }

  at(index: number): number {
    return this.#numbers[index]!;
  }

  get count(): number {
    return this.#count;
  }
}

/** The time from the first scored value of a key to its last value, in epoch milliseconds. */
export interface KeySpan {
  begin: number;
  end: number;
  scored: number;
}

export class Sample {
  /** Events, missing values included. */
  events = 0;
  /** By slot; undefined for a key without a scored value. */
  readonly spans: (KeySpan | undefined)[] = [];
  readonly #times = new Growing(new Float64Array(8192));
  readonly #slots = new Growing(new Int32Array(8192));
  readonly #persistence = new Growing(new Float32Array(8192));
  /** By forecaster. */
  readonly #errors: readonly Growing<Float32Array>[];

  constructor(forecasters: number) {
    this.#errors = Array.from({ length: forecasters }, () => new Growing(new Float32Array(8192)));
  }

  /** Takes a batch from the first forecaster: its events, and its errors. */
  add(columns: ForecastColumns, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#times.push(columns.times[i]!);
      this.#slots.push(columns.slots[i]!);
      this.#persistence.push(Math.abs(columns.values[i]! - columns.previous[i]!));
      if (!Number.isNaN(columns.anomalyScore[i]!)) this.#extend(columns.slots[i]!, columns.times[i]!);
    }
    this.events += count;
  }

  /** Takes the same batch from each forecaster. */
  addErrors(forecaster: number, columns: ForecastColumns, count: number): void {
    const errors = this.#errors[forecaster]!;
    for (let i = 0; i < count; i++) errors.push(Math.abs(columns.values[i]! - columns.expected[i]!));
  }

  #extend(slot: number, time: number): void {
    const span = (this.spans[slot] ??= { begin: time, end: time, scored: 0 });
    if (time < span.begin) span.begin = time;
    if (time > span.end) span.end = time;
    span.scored++;
  }

  /** Returns the skill of each forecaster against persistence in each fold: [forecaster][fold]. */
  skills(folds: number, foldOf: (slot: number, time: number) => number): readonly (readonly number[])[] {
    return this.#errors.map((errors) => {
      const sums = Array.from(
        { length: folds },
        () => new Map<number, [model: number, persistence: number]>(),
      );
      for (let i = 0; i < errors.count; i++) {
        const [model, persistence] = [errors.at(i), this.#persistence.at(i)];
        if (Number.isNaN(model + persistence)) continue;
        const keys = sums[foldOf(this.#slots.at(i), this.#times.at(i))]!;
        const sum = keys.get(this.#slots.at(i));
        if (sum === undefined) keys.set(this.#slots.at(i), [model, persistence]);
        else {
          sum[0] += model;
          sum[1] += persistence;
        }
      }
      return sums.map((keys) => overallSkill([...keys.values()]).skill);
    });
  }
}

/** The times that keys cover together: intervals in order, apart from each other. */
export class Coverage {
  readonly #intervals: [begin: number, end: number][] = [];

  constructor(spans: readonly (KeySpan | undefined)[]) {
    const sorted = spans.flatMap((span) => span ?? []).sort((a, b) => a.begin - b.begin);
    for (const { begin, end } of sorted) {
      const last = this.#intervals.at(-1);
      if (last === undefined || begin > last[1]) this.#intervals.push([begin, end]);
      else last[1] = Math.max(last[1], end);
    }
  }

  get days(): number {
    return this.#intervals.reduce((sum, [begin, end]) => sum + end - begin, 0) / dayMs;
  }

  /** Returns the share of the covered time that lies before a time. */
  shareBefore(time: number): number {
    const before = this.#intervals.reduce(
      (sum, [begin, end]) => sum + Math.max(0, Math.min(time, end) - begin),
      0,
    );
    const total = this.days * dayMs;
    return total === 0 ? 0 : before / total;
  }
}
