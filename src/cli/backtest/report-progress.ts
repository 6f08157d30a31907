/** How a backtest went over its course: error, coverage and the experts' weights in equal pieces of the stream. */
import type { ExpertProgress, Progress } from "../../adapters/web/report-data.js";
import type { ExpertSample } from "../../forecast/evaluation/expert-record.js";
import type { RecordedEvent } from "./report-record.js";
import { columnOf } from "./report-numbers.js";

const mostPieces = 120;
const leastEventsPerPiece = 50;

/** Sums over the pieces. Errors are relative to a key's own, so that keys of any scale count alike. */
export class ProgressTotals {
  readonly #eventsPerPiece: number;
  readonly #ends: Float64Array;
  readonly #lastEvents: Float64Array;
  readonly #scored: Float64Array;
  readonly #errors: Float64Array;
  readonly #persistenceErrors: Float64Array;
  readonly #intervals: Float64Array;
  readonly #hits: Float64Array;

  constructor(events: number) {
    this.#eventsPerPiece = Math.max(leastEventsPerPiece, Math.ceil(events / mostPieces));
    const pieces = Math.ceil(events / this.#eventsPerPiece);
    const column = (): Float64Array => new Float64Array(pieces);
    this.#ends = column();
    this.#lastEvents = column();
    this.#scored = column();
    this.#errors = column();
    this.#persistenceErrors = column();
    this.#intervals = column();
    this.#hits = column();
  }

  pieceOf(index: number): number {
    return Math.floor(index / this.#eventsPerPiece);
  }

  /** Takes an event that is not scored. */
  pass({ index, time }: Readonly<RecordedEvent>): void {
    const piece = this.pieceOf(index);
    this.#ends[piece] = time;
    this.#lastEvents[piece] = index + 1;
  }

  /** Takes a scored one; `previous` is the value before it, and `unit` the key's MAE of persistence. */
  score(event: Readonly<RecordedEvent>, previous: number, unit: number): void {
    this.pass(event);
    const piece = this.pieceOf(event.index);
    const { value, expected, lower, upper } = event;
    if (unit > 0) {
      this.#scored[piece] = this.#scored[piece]! + 1;
      this.#errors[piece] = this.#errors[piece]! + Math.abs(value - expected) / unit;
      this.#persistenceErrors[piece] = this.#persistenceErrors[piece]! + Math.abs(value - previous) / unit;
    }
    if (Number.isNaN(lower + upper)) return;
    this.#intervals[piece] = this.#intervals[piece]! + 1;
    if (value >= lower && value <= upper) this.#hits[piece] = this.#hits[piece]! + 1;
  }

  read(): Progress {
    const inTime = this.#ends.every((end, i) => i === 0 || this.#ends[i - 1]! < end);
    const means = (sums: Float64Array, counts: Float64Array): Progress["error"] =>
      columnOf(sums.map((sum, i) => sum / counts[i]!));
    return {
      eventsPerPiece: this.#eventsPerPiece,
      at: Array.from(inTime ? this.#ends : this.#lastEvents),
      inTime,
      error: means(this.#errors, this.#scored),
      persistenceError: means(this.#persistenceErrors, this.#scored),
      coverage: means(this.#hits, this.#intervals),
    };
  }

  /** The samples of the experts' weights, as means over those that end in the same piece. */
  experts(samples: readonly ExpertSample[], experts: number): ExpertProgress {
    const byPiece = new Map<number, ExpertSample[]>();
    for (const sample of samples) {
      const piece = this.pieceOf(sample.events - 1);
      byPiece.set(piece, [...(byPiece.get(piece) ?? []), sample]);
    }
    const groups = [...byPiece.values()];
    const mean = (group: readonly ExpertSample[], expert: number): number =>
      group.reduce((sum, { weights }) => sum + weights[expert]!, 0) / group.length;
    return {
      pieces: [...byPiece.keys()],
      weights: Array.from({ length: experts }, (_, expert) =>
        groups.map((group) => Number(mean(group, expert).toFixed(4))),
      ),
    };
  }
}
