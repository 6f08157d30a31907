/**
 * The seasons of a forecaster's keys: a pool of rings, at most `seasonKeys` of them. The first keys that move get one; a key
 * that shows no season for long gives its ring back, and asks again later. Which keys have one follows from the order of
 * the events alone.
 */
import { remainder } from "../elementary.js";
import type { CurrentEvent } from "../current-event.js";
import { typicalGap } from "../keys/gap.js";
import { number } from "../keys/layout.js";
import type { LocalClock } from "../keys/local-clock.js";
import type { KeyRow } from "../keys/row.js";
import { scaleOf } from "../keys/scaling.js";
import { periodic } from "../experts/periodic.js";
import { errorOfMixture } from "../experts/panel.js";
import { Season, type SeasonEvent, type SeasonOrigin } from "./season.js";
import { longestWindow } from "./search.js";

/** A key asks for a ring in the first of so many events, but for the very first; and again in each such span of events. */
const span = 4 * longestWindow;
const askedFrom = 8;
const askedUntil = longestWindow;

/** The periodic expert sleeps only where its loss is a ninth above that of the mixture, whose greatest part it may be. */
const patience = 0.9;

/**
 * A season leads alone where it jumps from one value to the next by more than so many sizes, and is still as far from the last
 * value. The way of a smooth one is for the mixture.
 */
const far = 6;

/** A key that begins anew with fewer values than these has none to keep. */
const fewest = 32;

/** The part of a key's state that only keys with a ring have. */
export interface SeasonState {
  readonly numbers: Float64Array;
  readonly values: Float32Array;
}

export class Seasons {
  readonly #most: number;
  readonly #clock: LocalClock;
  readonly #tellsAhead: boolean;
  readonly #seasons = new Map<number, Season>();
  readonly #event: SeasonEvent = {
    value: 0,
    aside: NaN,
    missing: false,
    last: 0,
    errorOfMixture: 0,
    scale: 1,
    gap: 0,
    offset: 0,
  };
  /**
   * The way of the forecasts of the steps after an event: its season, the last value and the forecast before, how far a jump
   * goes at least, and whether there was one.
   */
  readonly #path = {
    season: undefined as Season | undefined,
    last: 0,
    before: 0,
    least: 0,
    hasJumped: false,
  };
  /** What forecasts of the steps after the event under way are made of. */
  readonly origin: SeasonOrigin = noOrigin();

  /**
   * For at most so many keys.
   *
   * @param tellsAhead Whether further steps are forecast by seasons too.
   */
  constructor(most: number, clock: LocalClock, tellsAhead: boolean) {
    this.#most = most;
    this.#clock = clock;
    this.#tellsAhead = tellsAhead;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { numbers, values } of this.#seasons.values()) bytes += numbers.byteLength + values.byteLength;
    return bytes;
  }

  /** The seasons of a key, where it has any. */
  of(slot: number): Season | undefined {
    return this.#seasons.get(slot);
  }

  /** Takes the key's event, which its numbers have taken already but for their count, and forecasts the next value. */
  observe(key: KeyRow, { value, missing, setAside, anew, jump, row, forecasts }: CurrentEvent): void {
    const { slot, f64, at64, f32, at32, layout } = key;
    const origin = this.origin;
    origin.period = 0;
    let season = this.#seasons.get(slot);
    if (anew && season !== undefined && season.count < fewest) {
      this.#seasons.delete(slot);
      season = undefined;
    } else if (anew || jump !== 0) {
      season?.changeLevel();
    }
    if (season === undefined) {
      if (!this.#isDue(key)) {
        periodic.forget(f32, at32 + layout.periodic);
        return;
      }
      season = new Season();
      this.#seasons.set(slot, season);
    }
    const event = this.#event;
    event.value = f64[at64 + number.base]!;
    event.missing = missing || anew || jump !== 0;
    event.aside = setAside ? value : NaN;
    event.last = forecasts.previous[row]!;
    event.scale = sizeOf(key);
    event.errorOfMixture = errorOfMixture(key);
    event.gap = typicalGap(key);
    const time = f64[at64 + number.time]!;
    event.offset = this.#clock.localOf(time) - time;
    if (season.count === 0) event.missing = true;
    season.observe(event, origin);
    if (origin.period === 0) {
      periodic.forget(f32, at32 + layout.periodic);
      if (season.isIdle) this.#seasons.delete(slot);
      else if (this.#tellsAhead) season.tellAhead(origin);
      return;
    }
    const forecast = season.forecast(origin, 1);
    this.#tell(season, event.scale);
    const loss = Number.isNaN(this.#jumpTo(1, forecast, origin)) ? patience * origin.relativeLoss : 0;
    periodic.tell(f32, at32 + layout.periodic, forecast - event.value, loss);
  }

  /** Turns to the last event of a key, to tell the jumps after it. */
  turnTo(key: KeyRow): void {
    const { origin } = this;
    const season = this.#seasons.get(key.slot);
    if (season === undefined) {
      origin.period = 0;
      return;
    }
    season.tellOrigin(origin);
    if (origin.period === 0) return;
    season.tellLasting(origin);
    this.#tell(season, sizeOf(key));
    this.jumpTo(1);
  }

  /** Returns what the season of the key turned to forecasts of a step, one after the other, where that is a jump; else NaN. */
  jumpTo(step: number): number {
    const { origin } = this;
    return origin.period === 0 ? NaN : this.#jumpTo(step, this.#path.season!.forecast(origin, step), origin);
  }

  #tell(season: Season, size: number): void {
    const path = this.#path;
    path.season = season;
    path.least = far * size;
    path.last = path.before = season.lastKept;
    path.hasJumped = false;
  }

  #jumpTo(step: number, forecast: number, { period }: SeasonOrigin): number {
    const path = this.#path;
    const { before, least, last } = path;
    path.before = forecast;
    if (Math.abs(forecast - before) > least) path.hasJumped = true;
    const isJump = path.hasJumped && Math.abs(forecast - last) > least;
    return isJump && path.season!.agrees(period, step, forecast) ? forecast : NaN;
  }

  /** The key is forgotten, or another one takes its slot. */
  forget(slot: number): void {
    this.#seasons.delete(slot);
  }

  read(slot: number): SeasonState | undefined {
    return this.#seasons.get(slot);
  }

  /** Whether arrays are those of a key's seasons. */
  static fits({ numbers, values }: SeasonState): boolean {
    return Season.fits(numbers, values);
  }

  write(slot: number, { numbers, values }: SeasonState): void {
    this.#seasons.set(slot, new Season(numbers.slice(), values.slice()));
  }

  clear(): void {
    this.#seasons.clear();
  }

  /** Whether a key without a ring gets one now. */
  #isDue({ f64, at64 }: KeyRow): boolean {
    if (this.#seasons.size >= this.#most || f64[at64 + number.variance] === 0) return false;
    const event = remainder(f64[at64 + number.count]!, span);
    return event >= askedFrom && event < askedUntil;
  }
}

export function noOrigin(): SeasonOrigin {
  return { period: 0, variant: 0, deviation: 0, lasting: 1, fading: 0, relativeLoss: Infinity };
}

/** The size of a key's moves: the scale of a key that rests shrinks, that of its errors does not. */
function sizeOf(key: KeyRow): number {
  return Math.max(scaleOf(key), Math.sqrt(key.f64[key.at64 + number.squaredError]!));
}
