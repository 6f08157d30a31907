/**
 * Forecasts of the values 2 to H steps ahead: experts for each key and step, mixed per step, with an interval each; and
 * of the next value by the regression, as one more expert for those who mix it.
 *
 * The regression forecasts the seasonally adjusted value: the value less what the profiles of the day and the week say
 * of its time, as far as they have told the key's changes so far. Its features are the key's recent adjusted changes,
 * harmonics of the day, how far the adjusted value lies from its levels, and the forecast of the next value: through that
 * alone further steps see the recurrent cell and exogenous features.
 */
import { SeasonalAdjustment } from "./adjustment.js";
import type { IntervalColumns, StepColumns } from "../columns.js";
import { clip, placeIn } from "../elementary.js";
import { typicalGap } from "../keys/gap.js";
import { horizonLayout, levelRates, profiles, smoothingLevel, type HorizonLayout } from "./layout.js";
import { HorizonMixture } from "./mixture.js";
import { HorizonPeriodic } from "./periodic.js";
import { daily, lasting, weekly } from "./profile.js";
import { Regressions } from "./regressions.js";
import { HorizonRows, type HorizonRow } from "./rows.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import type { CurrentEvent } from "../current-event.js";
import { medianAbove } from "../experts/median.js";
import { robustSquare, scaleOf, sizeOf } from "../keys/scaling.js";
import { spreadOf } from "../keys/spread.js";
import type { Seasons } from "../seasons/seasons.js";
import type { ForecasterSettings } from "../settings.js";
import type { LocalClock } from "../keys/local-clock.js";
import { NestedIntervals } from "../uncertainty/nested-intervals.js";

/** Bound of an adjusted change, in adjusted scales. */
const largestChange = 8;
/** Slowest rate at which mean squares are followed. */
const squareRate = 0.01;
/** What a flat expert forecasts is cut here, in scales. */
const largestFlat = 1e9;
/** What forecasts are made of is kept in 32 bits: of a change, no more is known than this share. */
const resolution = 2 ** -22;
/** An error of a level counts up to this many times the running size of its errors, once so many values have settled that. */
const largestLevelError = 5;
const settled = 30;

/** The part of a key's state that only forecasts beyond the next value need. */
export interface HorizonState {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  /** The row of the regressions. */
  readonly models: Float32Array;
}

/** Where forecasts go: the part of the forecaster's columns that is about further steps. */
interface HorizonColumns {
  readonly steps: StepColumns;
  readonly intervals: IntervalColumns;
}

/** Lengths of the arrays of a key's state. */
export type HorizonSizes = Readonly<Record<keyof HorizonState, number>>;

/** What the horizons share with the next value. */
interface HorizonParts {
  readonly clock: LocalClock;
  readonly seasons: Seasons;
  /** Whether the next value is forecast by the regression, too. */
  readonly next: boolean;
}

export class Horizons {
  readonly #layout: HorizonLayout;
  readonly #clock: LocalClock;
  readonly #adjustment: SeasonalAdjustment;
  readonly #mixture: HorizonMixture;
  readonly #regressions: Regressions;
  readonly #rows: HorizonRows;
  readonly #nested: NestedIntervals;
  /** Where values of the key lie in its row, and how many: what moves when it moves. */
  readonly #moved: readonly (readonly [from: number, length: number])[];
  /** The key under way, once there is one. */
  #row: HorizonRow | undefined;

  constructor(settings: ForecasterSettings, { clock, seasons, next }: HorizonParts) {
    this.#clock = clock;
    this.#layout = horizonLayout(settings.horizon, settings.intervalLevels.length);
    this.#rows = new HorizonRows(this.#layout);
    this.#moved = valuesOf(this.#layout);
    this.#adjustment = new SeasonalAdjustment(this.#layout.f64);
    const periodic = new HorizonPeriodic(this.#layout, seasons);
    this.#mixture = new HorizonMixture(this.#layout, settings, periodic);
    this.#nested = new NestedIntervals(settings.intervalLevels);
    this.#regressions = new Regressions(this.#layout, next);
  }

  /** Where each quantity of a key lies in its further rows. */
  get layout(): HorizonLayout {
    return this.#layout;
  }

  /** The models of a new key. */
  get freshModels(): Float32Array {
    return this.#regressions.fresh;
  }

  /** Floats of the next value's model, the first of a key's; 0 where there is none. */
  get nextSize(): number {
    return this.#regressions.nextSize;
  }

  get bytes(): number {
    return this.#rows.bytes + this.#regressions.bytes;
  }

  /** Lengths of the arrays of a key's state. */
  get sizes(): HorizonSizes {
    const { f64, f32 } = this.#layout;
    return {
      f64: f64.size,
      f32: f32.size,
      models: this.#regressions.rowSize,
    };
  }

  /** Makes room for `keys` keys. Throws MEMORY_EXHAUSTED. */
  reserve(keys: number): void {
    this.#regressions.reserve(keys);
    this.#rows.reserve(keys);
  }

  read(slot: number): HorizonState {
    return { ...this.#rows.read(slot), models: this.#regressions.read(slot) };
  }

  write(slot: number, { f64, f32, models }: HorizonState): void {
    this.#rows.write(slot, f64, f32);
    this.#regressions.write(slot, models);
  }

  dispose(): void {
    this.#regressions.dispose();
    this.#rows.clear();
  }

  /**
   * Takes the key's event, which its numbers have taken already but for their count of events; where its value is there,
   * everything learns from it. Returns the forecast of the next value by the seasonal regression, as a scaled change from the
   * base; NaN where nobody mixes that.
   */
  observe(key: KeyRow, now: CurrentEvent): number {
    const { missing } = now;
    const row = this.#turnTo(key);
    if (row.event === 0) this.#start(row);
    else if (now.anew) this.#startAnew(row, key.f64[key.at64 + number.candidate]!);
    // What an infinite profile has spoilt would be so for good.
    else if (!Number.isFinite(row.f64[row.at64 + this.#layout.f64.adjusted]!))
      this.#startAnew(row, key.f64[key.at64 + number.base]!);
    else if (now.jump !== 0) this.#move(row, now.jump);
    const time = this.#clock.localOf(key.f64[key.at64 + number.time]!);
    this.#adjust(row, missing, time);
    if (!missing) this.#mixture.learn(row, time);
    const due = this.#clock.localOf(key.f64[key.at64 + number.time]! + typicalGap(key));
    this.#keep(row, due, missing);
    return this.#forecastNext(row, due);
  }

  /**
   * Forecasts steps 2 to H of the key's last event, which its numbers have counted, once its next value is forecast: `next`
   * scales above its base. Writes them to a row.
   */
  forecast(key: KeyRow, next: number, toRow: number, forecasts: HorizonColumns): void {
    const row = this.#recall(key);
    this.#keepNext(row, next);
    this.#forecast(row, toRow, forecasts);
  }

  /** Writes what `forecast` wrote of the key's last event to a row again. */
  writePending(key: KeyRow, toRow: number, forecasts: HorizonColumns): void {
    this.#forecast(this.#recall(key), toRow, forecasts);
  }

  /** Turns to a key as it was behind its last event. */
  #recall(key: KeyRow): HorizonRow {
    const row = this.#turnTo(key);
    row.event--;
    this.#adjustment.recall(row);
    return row;
  }

  /** Keeps the forecast of the next value as an adjusted change: a feature of the steps behind it. */
  #keepNext(row: HorizonRow, next: number): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const due = this.#clock.localOf(key.f64[key.at64 + number.time]! + typicalGap(key));
    const value = f64[at64 + n.base]! + f64[at64 + n.unit]! * next;
    const adjusted = value - this.#adjustment.seasonAt(row, due);
    const change = (adjusted - f64[at64 + n.adjustedValue]!) / f64[at64 + n.adjustedScale]!;
    f32[at32 + s.nexts + placeIn(horizon, event)] = clip(change, largestChange);
  }

  #turnTo(key: KeyRow): HorizonRow {
    const { f64, f32 } = this.#rows;
    const row = (this.#row ??= { key, event: 0, f64, at64: 0, f32, at32: 0 });
    row.key = key;
    this.#rows.point(row);
    return row;
  }

  #start(row: HorizonRow): void {
    const { key, f64, at64, f32, at32 } = row;
    const { f64: n, f32: s } = this.#layout;
    const value = key.f64[key.at64 + number.base]!;
    f64.fill(0, at64, at64 + n.size);
    f32.fill(0, at32, at32 + s.size);
    f64.fill(value, at64 + n.levels, at64 + n.levels + levelRates.length);
    this.#adjustment.start(row, value);
    this.#mixture.start(row);
    this.#regressions.start(key.slot);
  }

  /** The key begins anew with a value, such as its last one but one: as if it had been there since its first event. */
  #startAnew(row: HorizonRow, value: number): void {
    const { key, f64, at64 } = row;
    const { f64: n } = this.#layout;
    this.#start(row);
    const scale = scaleOf(key);
    f64[at64 + n.adjusted] = value;
    f64.fill(value, at64 + n.levels, at64 + n.levels + levelRates.length);
    f64.fill(value, at64 + n.adjustmentLevels, at64 + n.adjustmentLevels + profiles);
    f64[at64 + n.base] = f64[at64 + n.adjustedValue] = value;
    f64[at64 + n.unit] = f64[at64 + n.adjustedScale] = scale;
    this.#mixture.assumeSize(row, key.f64[key.at64 + number.squaredChange]!);
  }

  /** All that the key keeps of its values moves with it: its forecasts go on as if it had always been there. */
  #move({ f64, at64 }: HorizonRow, jump: number): void {
    for (const [from, length] of this.#moved) {
      for (let i = at64 + from; i < at64 + from + length; i++) f64[i] = f64[i]! + jump;
    }
  }

  /** Moves the adjusted value and all that follows it, and lets the regressions learn; `time` is local. */
  #adjust(row: HorizonRow, missing: boolean, time: number): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { changes, f64: n, f32: s } = this.#layout;
    const adjustment = this.#adjustment;
    const base = key.f64[key.at64 + number.base]!;
    const variance = key.f64[key.at64 + number.variance]!;
    const observed = key.f64[key.at64 + number.observed]!;
    if (event > 0 && !missing) {
      adjustment.learnWeights(row, base - f64[at64 + n.base]!, time);
    }
    adjustment.weigh(row);
    const adjusted = base - adjustment.seasonAt(row, time);
    const change = event > 0 ? adjusted - f64[at64 + n.adjusted]! : 0;
    const squared = f64[at64 + n.squaredChange]!;
    const scaled = change / sizeOf(squared, base);
    f32[at32 + s.changes + placeIn(changes, event)] = clip(scaled, largestChange);
    f64[at64 + n.adjusted] = adjusted;
    if (event > 0) this.#regressions.learn(row, missing);
    if (!missing) {
      if (event > 0) {
        const square = robustSquare(change * change, squared, variance, observed - 1);
        const rate = Math.max(1 / (observed - 1), squareRate);
        f64[at64 + n.squaredChange] = squared + rate * (square - squared);
      }
      for (let i = 0; i < levelRates.length; i++) this.#followLevel(row, i);
      adjustment.learnProfiles(row, time);
    }
    adjustment.keep(row, time);
  }

  #followLevel({ key, f64, at64 }: HorizonRow, i: number): void {
    const { adjusted, levels, levelSquares } = this.#layout.f64;
    const observed = key.f64[key.at64 + number.observed]!;
    const variance = key.f64[key.at64 + number.variance]!;
    const error = f64[at64 + adjusted]! - f64[at64 + levels + i]!;
    const mean = f64[at64 + levelSquares + i]!;
    const square = robustSquare(error * error, mean, variance, observed);
    const squared = mean + Math.max(1 / observed, squareRate) * (square - mean);
    f64[at64 + levelSquares + i] = squared;
    const bounded = observed > settled ? clip(error, largestLevelError * Math.sqrt(squared)) : error;
    f64[at64 + levels + i] = f64[at64 + levels + i]! + Math.max(1 / observed, levelRates[i]!) * bounded;
  }

  /** Keeps what the event forecasts from; its next value is due at a local time. */
  #keep(row: HorizonRow, due: number, missing: boolean): void {
    const { key, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const base = key.f64[key.at64 + number.base]!;
    const unit = scaleOf(key);
    f64[at64 + n.base] = base;
    f64[at64 + n.unit] = unit;
    f64[at64 + n.adjustedValue] = f64[at64 + n.adjusted]!;
    f64[at64 + n.adjustedScale] = sizeOf(f64[at64 + n.squaredChange]!, base);
    f32[at32 + s.flat] = (key.f64[key.at64 + number.held]! - base) / unit;
    f32[at32 + s.flat + 1] = clip(medianAbove(key.f32, key.at32 + key.layout.median) / unit, largestFlat);
    this.#regressions.keep(row, due, missing);
    if (horizon > 1) {
      this.#mixture.trend.keep(row);
      this.#mixture.periodic.keep(row);
    }
  }

  /** Forecasts the further steps from what is kept of the event. */
  #forecast(row: HorizonRow, toRow: number, { steps: columns, intervals }: HorizonColumns): void {
    const { key, f64, at64 } = row;
    const { horizon, blocks, f64: n } = this.#layout;
    const base = f64[at64 + n.base]!;
    const time = key.f64[key.at64 + number.time]!;
    const gap = typicalGap(key);
    const unit = f64[at64 + n.unit]!;
    const adjusted = f64[at64 + n.adjustedValue]!;
    const adjustedUnit = f64[at64 + n.adjustedScale]!;
    const changes = this.#regressions.forecastSteps(row);
    const mixture = this.#mixture;
    const { shaped, roots, inverseRoots } = mixture;
    const nested = this.#nested;
    const width = intervals.levels.length;
    const smoothed = f64[at64 + n.levels + smoothingLevel]!;
    mixture.periodic.turnTo(row);
    const adjustment = this.#adjustment;
    adjustment.walkFrom(this.#clock.localOf(time), gap);
    const inverse = 1 / unit;
    let hour = -1;
    let spread = 1;
    for (const block of blocks) {
      mixture.turnTo(row, block);
      for (const band of block.bands) {
        mixture.turnToBand(row, band);
        for (let step = band.first; step <= band.last; step++) {
          const due = this.#clock.localOf(time + step * gap);
          const season = adjustment.seasonOn(row, due);
          const { day, week } = adjustment;
          if (adjustment.hour !== hour) spread = spreadOf(key, (hour = adjustment.hour));
          const stepUnit = unit * roots[step]!;
          const scale = inverse * inverseRoots[step]!;
          shaped[0] = (smoothed + season - base) * scale;
          shaped[1] = Number.isNaN(day) ? 0 : (day - base) * scale;
          shaped[2] = Number.isNaN(week) ? 0 : (week - base) * scale;
          shaped[3] = (adjusted + adjustedUnit * changes[step - 2]! + season - base) * scale;
          mixture.fillIntervals(row, step, spread, nested);
          const yhat = base + stepUnit * mixture.mix(row, block, step);
          nested.widenTo(resolution * Math.abs(yhat - base));
          const to = toRow * (horizon - 1) + step - 2;
          columns.yhat[to] = yhat;
          columns.yhatLower[to] = yhat - nested.below[0]!;
          columns.yhatUpper[to] = yhat + nested.above[0]!;
          if (width > 0) nested.write(yhat, intervals.stepLower, intervals.stepUpper, to * width);
        }
      }
    }
  }

  /** The next value by the regression, as a scaled change from the base. */
  #forecastNext(row: HorizonRow, due: number): number {
    const { f64, at64 } = row;
    const { f64: n } = this.#layout;
    const change = this.#regressions.forecastNext(row, due);
    if (Number.isNaN(change)) return NaN;
    const season = this.#adjustment.seasonAt(row, due);
    const value = f64[at64 + n.adjustedValue]! + f64[at64 + n.adjustedScale]! * change + season;
    return (value - f64[at64 + n.base]!) / f64[at64 + n.unit]!;
  }
}

/** Where a key's row has values, which are no differences. */
function valuesOf({ f64: n }: HorizonLayout): readonly (readonly [from: number, length: number])[] {
  return [
    [n.adjusted, 1],
    [n.day, 1],
    [n.week, 1],
    [n.levels, levelRates.length],
    [n.daily, daily.knots],
    [n.weekly, weekly.knots],
    [n.lasting, lasting.knots],
    [n.lastingDay, 1],
    [n.adjustmentLevels, profiles],
    [n.base, 1],
    [n.adjustedValue, 1],
    [n.adjustedValues, n.adjustedScales - n.adjustedValues],
    [n.waitingBases, n.waitingUnits - n.waitingBases],
  ];
}
