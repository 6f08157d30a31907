/** A detector of one key by itself, without a forecaster. */
import { Detector, type DetectorSettings } from "../../src/forecast/detection/detector.js";
import { detectionLayout, rarities, type Magnitude } from "../../src/forecast/detection/layout.js";
import { DetectionRows, type DetectionState } from "../../src/forecast/detection/rows.js";
import { kindOf, type AlarmKind } from "../../src/forecast/detection/kind.js";

export class OneKeyDetector {
  readonly rows: DetectionRows;
  readonly #detector: Detector;
  #last = NaN;

  constructor(settings: Partial<DetectorSettings> = {}) {
    const complete = { alarmRate: 0.001, recurring: false, ...settings };
    const layout = detectionLayout(complete);
    this.rows = new DetectionRows(layout);
    this.rows.reserve(1);
    this.#detector = new Detector(complete, layout);
  }

  /** Scores a value; without an expectation, that of persistence is taken. */
  score(time: number, value: number, expected = this.#last): number {
    if (Number.isNaN(value)) return NaN;
    this.#last = value;
    return this.#detector.score(this.rows.rowOf(0), { time, value, expected, moves: true });
  }

  /** What the last value was rare by; undefined while nothing is judged. */
  get rarest(): Magnitude | undefined {
    return rarities[this.#detector.rarest(this.rows.rowOf(0))];
  }

  get kind(): AlarmKind | undefined {
    return kindOf(this.rows.rowOf(0));
  }

  read(): DetectionState & { readonly last: number } {
    return { ...this.rows.read(0), last: this.#last };
  }

  write(state: DetectionState & { readonly last: number }): void {
    this.rows.write(0, state);
    this.#last = state.last;
  }
}

/** The scores of a series of values five minutes apart. */
export function scoresOf(values: readonly number[], settings: Partial<DetectorSettings> = {}): number[] {
  const detector = new OneKeyDetector(settings);
  return values.map((value, t) => detector.score(t * 300_000, value));
}
