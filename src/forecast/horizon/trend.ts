/**
 * Continues a key's trend (`experts/trend.ts`) over further steps: its level plus the step times a slope. Which of its
 * slopes, the quick ones or the slow ones, is told by the errors of the furthest step, where a wrong slope costs most.
 */
import { slopeRates, trendLevel, trendSlope } from "../experts/trend.js";
import { number } from "../keys/layout.js";
import { clip } from "../elementary.js";
import type { HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";

/** An error of the furthest step counts up to this many scales times √step. */
const largestError = 10;
/** What is kept is cut here, in scales, to be finite in 32 bits. */
const largestChange = 1e9;
/** Memory of the losses at step 1, in values; further steps remember √step times as long. */
const memory = 100;
/** Weight of a slope: the inverse of its loss to this power. */
const sharpness = 8;
/** Loss below which all slopes are equally good. */
const negligible = 1e-7;

export class HorizonTrend {
  readonly #layout: HorizonLayout;
  readonly #discount: number;
  /** √horizon. */
  readonly #root: number;

  constructor(layout: HorizonLayout) {
    this.#layout = layout;
    this.#root = Math.sqrt(layout.horizon);
    this.#discount = 1 - 1 / (memory * this.#root);
  }

  /** The slopes learn from the value of the event, which was the furthest step of an event before. */
  learn({ key, event, f64, at64, f32, at32 }: HorizonRow): void {
    const { horizon, f64: n, f32: s } = this.#layout;
    if (event < horizon) return;
    const place = event % horizon;
    const change = key.f64[key.at64 + number.base]! - f64[at64 + n.bases + place]!;
    const above = change / f64[at64 + n.units + place]! - f32[at32 + s.trendLevels + place]!;
    for (let i = 0; i < slopeRates.length; i++) {
      const error = (above - horizon * f32[at32 + s.slopes + i * horizon + place]!) / this.#root;
      const loss = at32 + s.slopeLosses + i;
      f32[loss] = this.#discount * f32[loss]! + Math.min(Math.abs(error), largestError);
    }
  }

  /** Keeps the trend of the event, until the values of its steps have come. */
  keep({ key, event, f64, at64, f32, at32 }: HorizonRow): void {
    const { horizon, f64: n, f32: s } = this.#layout;
    const place = event % horizon;
    const unit = f64[at64 + n.units + place]!;
    const trend = key.at32 + key.layout.trend;
    let least = Infinity;
    for (let i = 0; i < slopeRates.length; i++) least = Math.min(least, f32[at32 + s.slopeLosses + i]!);
    least += negligible;
    let total = 0;
    let sum = 0;
    for (let i = 0; i < slopeRates.length; i++) {
      const slope = clip(trendSlope(key.f32, trend, i) / unit, largestChange);
      f32[at32 + s.slopes + i * horizon + place] = slope;
      let weight = least / (f32[at32 + s.slopeLosses + i]! + negligible);
      for (let power = 1; power < sharpness; power *= 2) weight *= weight;
      total += weight;
      sum += weight * slope;
    }
    f32[at32 + s.trendLevels + place] = clip(trendLevel(key.f32, trend) / unit, largestChange);
    f32[at32 + s.trendSlopes + place] = sum / total;
  }

  /** What the event at a place of the rings forecasts of a step, in scales above its base. */
  forecast({ f32, at32 }: HorizonRow, place: number, step: number): number {
    const { trendLevels, trendSlopes } = this.#layout.f32;
    return f32[at32 + trendLevels + place]! + step * f32[at32 + trendSlopes + place]!;
  }
}
