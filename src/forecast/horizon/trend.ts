/**
 * Continues a key's trend (`experts/trend.ts`) over further steps: its level plus the step times a slope. Which of its
 * slopes, the quick ones or the slow ones, is told by the errors of the furthest block, where a wrong slope costs most.
 */
import { slopeRates, trendLevel, trendSlope } from "../experts/trend.js";
import { clip } from "../elementary.js";
import type { HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";

/** An error counts up to this many scales times √step. */
const largestError = 10;
/** What is kept is cut here, in scales, to be finite in 32 bits. */
const largestChange = 1e9;
/** Memory of the losses at step 1, in values; further steps remember √step times as long. */
const memory = 100;
/** Weight of a slope: the inverse of its loss to this power. */
const sharpness = 8;
/** Loss below which all slopes are equally good. */
const negligible = 1e-7;
/** Singles that wait with a forecast of the last block. */
const waitingSize = 1 + slopeRates.length;

export class HorizonTrend {
  readonly #layout: HorizonLayout;
  /** Discount of the losses by a sample. */
  readonly #discount: number;

  constructor(layout: HorizonLayout) {
    this.#layout = layout;
    const { stride = 1 } = layout.blocks.at(-1) ?? {};
    this.#discount = 1 - Math.min(stride / (memory * Math.sqrt(layout.horizon)), 0.5);
  }

  /** The slopes learn from the value of the event: `change` above the base that waits at a place of the last block, in scales. */
  learn({ f32, at32 }: HorizonRow, place: number, step: number, change: number): void {
    const { f32: s } = this.#layout;
    const waiting = at32 + s.waitingTrends + place * waitingSize;
    const above = change - f32[waiting]!;
    const root = Math.sqrt(step);
    for (let i = 0; i < slopeRates.length; i++) {
      const error = (above - step * f32[waiting + 1 + i]!) / root;
      const loss = at32 + s.slopeLosses + i;
      f32[loss] = this.#discount * f32[loss]! + Math.min(Math.abs(error), largestError);
    }
  }

  /** Keeps the trend of the event, which its forecasts are made of. */
  keep({ key, f64, at64, f32, at32 }: HorizonRow): void {
    const { f64: n, f32: s } = this.#layout;
    const unit = f64[at64 + n.unit]!;
    const trend = key.at32 + key.layout.trend;
    let least = Infinity;
    for (let i = 0; i < slopeRates.length; i++) least = Math.min(least, f32[at32 + s.slopeLosses + i]!);
    least += negligible;
    let total = 0;
    let sum = 0;
    for (let i = 0; i < slopeRates.length; i++) {
      const slope = clip(trendSlope(key.f32, trend, i) / unit, largestChange);
      f32[at32 + s.slopes + i] = slope;
      let weight = least / (f32[at32 + s.slopeLosses + i]! + negligible);
      for (let power = 1; power < sharpness; power *= 2) weight *= weight;
      total += weight;
      sum += weight * slope;
    }
    f32[at32 + s.trendLevel] = clip(trendLevel(key.f32, trend) / unit, largestChange);
    f32[at32 + s.trendSlope] = sum / total;
  }

  /** The trend of the event waits for a value at a place of the last block. */
  wait({ f32, at32 }: HorizonRow, place: number): void {
    const { trendLevel: level, slopes, waitingTrends } = this.#layout.f32;
    const waiting = at32 + waitingTrends + place * waitingSize;
    f32[waiting] = f32[at32 + level]!;
    for (let i = 0; i < slopeRates.length; i++) f32[waiting + 1 + i] = f32[at32 + slopes + i]!;
  }

  /** What the event forecasts of a step, in scales above its base. */
  forecast({ f32, at32 }: HorizonRow, step: number): number {
    const { trendLevel: level, trendSlope: slope } = this.#layout.f32;
    return f32[at32 + level]! + step * f32[at32 + slope]!;
  }
}
