/** Every scored forecast of a backtest in memory, for its report: 40 bytes an event, in the order of the events. */
import type { ForecastColumns } from "../../forecast/columns.js";

/** One batch. Bounds are kept by their distance from the forecast, where single precision is plenty. */
interface Chunk {
  readonly slots: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly expected: Float64Array;
  readonly below: Float32Array;
  readonly above: Float32Array;
  readonly anomalyScores: Float32Array;
}

/** An event with the forecast made before it; NaN stands for "none". One object is reused. */
export interface RecordedEvent {
  /** The number of the event in the stream, from 0. */
  index: number;
  slot: number;
  time: number;
  value: number;
  expected: number;
  lower: number;
  upper: number;
  anomalyScore: number;
}

export class ReportRecord {
  readonly #chunks: Chunk[] = [];
  #events = 0;

  get events(): number {
    return this.#events;
  }

  /** Copies the first `count` rows. */
  add(columns: ForecastColumns, count: number): void {
    if (count === 0) return;
    const { expected, expectedLower, expectedUpper } = columns;
    this.#chunks.push({
      slots: columns.slots.slice(0, count),
      times: columns.times.slice(0, count),
      values: columns.values.slice(0, count),
      expected: expected.slice(0, count),
      below: Float32Array.from({ length: count }, (_, row) => expected[row]! - expectedLower[row]!),
      above: Float32Array.from({ length: count }, (_, row) => expectedUpper[row]! - expected[row]!),
      anomalyScores: Float32Array.from(columns.anomalyScore.subarray(0, count)),
    });
    this.#events += count;
  }

  /** The events in their order. */
  *[Symbol.iterator](): Generator<Readonly<RecordedEvent>> {
    const event: RecordedEvent = {
      index: -1,
      slot: 0,
      time: 0,
      value: 0,
      expected: 0,
      lower: 0,
      upper: 0,
      anomalyScore: 0,
    };
    for (const chunk of this.#chunks) {
      for (let row = 0; row < chunk.slots.length; row++) {
        event.index++;
        event.slot = chunk.slots[row]!;
        event.time = chunk.times[row]!;
        event.value = chunk.values[row]!;
        event.expected = chunk.expected[row]!;
        event.lower = event.expected - chunk.below[row]!;
        event.upper = event.expected + chunk.above[row]!;
        event.anomalyScore = chunk.anomalyScores[row]!;
        yield event;
      }
    }
  }
}
