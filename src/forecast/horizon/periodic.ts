/**
 * Repeats a key's season (`seasons/`) over further steps. Of its last event a key keeps the period, the variant and the
 * deviation: what the event forecasts follows from these and from the ring of the key's values.
 */
import { clip } from "../elementary.js";
import type { Season } from "../seasons/season.js";
import { noOrigin, type Seasons } from "../seasons/seasons.js";
import type { HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";

/** What is kept is cut here, in scales, to be finite in 32 bits. */
const largestChange = 1e9;

export class HorizonPeriodic {
  readonly #layout: HorizonLayout;
  readonly #seasons: Seasons;
  /** Of the event that forecasts: its season, what forecasts of that are made of, with the deviation in units, its base, and the inverse of its unit. */
  #season: Season | undefined;
  readonly #origin = noOrigin();
  #base = 0;
  #scale = 1;

  constructor(layout: HorizonLayout, seasons: Seasons) {
    this.#layout = layout;
    this.#seasons = seasons;
  }

  /** Keeps what the event, which the key's seasons have taken already, forecasts from. */
  keep({ f64, at64, f32, at32 }: HorizonRow): void {
    const { f64: n, f32: s } = this.#layout;
    const { period, variant, deviation } = this.#seasons.origin;
    f32[at32 + s.seasonPeriod] = period;
    f32[at32 + s.seasonVariant] = variant;
    f32[at32 + s.seasonDeviation] = clip(deviation / f64[at64 + n.unit]!, largestChange);
  }

  /** Turns to a key's last event, to forecast from. */
  turnTo({ key, f64, at64, f32, at32 }: HorizonRow): void {
    const { f64: n, f32: s } = this.#layout;
    this.#season = this.#seasons.of(key.slot);
    const origin = this.#origin;
    origin.period = f32[at32 + s.seasonPeriod]!;
    origin.variant = f32[at32 + s.seasonVariant]!;
    origin.deviation = f32[at32 + s.seasonDeviation]!;
    if (this.isKnown) this.#season!.tellLasting(origin);
    this.#base = f64[at64 + n.base]!;
    this.#scale = 1 / f64[at64 + n.unit]!;
  }

  /** Whether the event knows a season. */
  get isKnown(): boolean {
    return this.#origin.period !== 0 && this.#season !== undefined;
  }

  /** What the event forecasts of a step ahead, in scales above its base; only where it knows a season. */
  forecast(step: number): number {
    const season = this.#season!;
    const origin = this.#origin;
    const above = (season.mean(origin.period, origin.variant, step, 0) - this.#base) * this.#scale;
    return above + season.shareOf(origin, step) * origin.deviation;
  }
}
