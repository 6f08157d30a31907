/**
 * Repeats a key's season (`seasons/`) over further steps. Of each event it keeps the period, the variant and the deviation
 * alone: what the event forecast of a value follows from these and from the ring of the key's values.
 */
import { clip } from "../elementary.js";
import type { Season } from "../seasons/season.js";
import type { Seasons } from "../seasons/seasons.js";
import type { HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";

/** What is kept is cut here, in scales, to be finite in 32 bits. */
const largestChange = 1e9;

export class HorizonPeriodic {
  readonly #layout: HorizonLayout;
  readonly #seasons: Seasons;
  /** The seasons of the key under way. */
  #season: Season | undefined;
  /** The last mean that was asked for, of the key and event under way, and what it was asked for with. */
  #mean = 0;
  #period = 0;
  #variant = 0;
  #first = 0;
  /** Of the event that forecasts: its period and variant, its base, the inverse of its unit, and its deviation in units. */
  #ownPeriod = 0;
  #ownVariant = 0;
  #base = 0;
  #scale = 1;
  #deviation = 0;

  constructor(layout: HorizonLayout, seasons: Seasons) {
    this.#layout = layout;
    this.#seasons = seasons;
  }

  /** Turns to a key, whose seasons have taken the event already. */
  turnTo({ key }: HorizonRow): void {
    this.#season = this.#seasons.of(key.slot);
    this.#period = 0;
  }

  /** Keeps what the event forecasts from, until the values of its steps have come. */
  keep(row: HorizonRow): void {
    const { event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const { period, variant, deviation } = this.#seasons.origin;
    const place = event % horizon;
    const unit = f64[at64 + n.units + place]!;
    f32[at32 + s.seasonPeriods + place] = period;
    f32[at32 + s.seasonVariants + place] = variant;
    f32[at32 + s.seasonDeviations + place] = clip(deviation / unit, largestChange);
    this.forecastFrom(row);
  }

  /** Turns to what was kept of an event, to forecast from. */
  forecastFrom({ event, f64, at64, f32, at32 }: HorizonRow): void {
    const { horizon, f64: n, f32: s } = this.#layout;
    const place = event % horizon;
    this.#ownPeriod = f32[at32 + s.seasonPeriods + place]!;
    this.#ownVariant = f32[at32 + s.seasonVariants + place]!;
    this.#base = f64[at64 + n.bases + place]!;
    this.#scale = 1 / f64[at64 + n.units + place]!;
    this.#deviation = f32[at32 + s.seasonDeviations + place]!;
  }

  /** What the event of `forecastFrom` forecasts of a step ahead, in scales above its base; NaN where it knows no season. */
  forecast(step: number): number {
    const period = this.#ownPeriod;
    const variant = this.#ownVariant;
    if (period === 0) return NaN;
    const season = this.#season!;
    const above = (season.mean(period, variant, step, 0) - this.#base) * this.#scale;
    return above + season.shareOf(variant, step) * this.#deviation;
  }

  /** What the event `step` values ago forecast of the one under way, in scales above its base; NaN where it knew no season. */
  recall({ event, f64, at64, f32, at32 }: HorizonRow, step: number): number {
    const { horizon, f64: n, f32: s } = this.#layout;
    const place = (event - step) % horizon;
    const period = f32[at32 + s.seasonPeriods + place]!;
    const season = this.#season;
    if (period === 0 || season === undefined) return NaN;
    const variant = f32[at32 + s.seasonVariants + place]!;
    const first = step <= period ? 1 : Math.ceil(step / period);
    // Nearly always the same for all steps.
    if (period !== this.#period || variant !== this.#variant || first !== this.#first) {
      this.#mean = season.mean(period, variant, 0, step);
      this.#period = period;
      this.#variant = variant;
      this.#first = first;
    }
    const above = (this.#mean - f64[at64 + n.bases + place]!) / f64[at64 + n.units + place]!;
    return above + season.shareOf(variant, step) * f32[at32 + s.seasonDeviations + place]!;
  }
}
