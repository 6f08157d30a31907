/**
 * Forecasts of the values 2 to H steps ahead: experts for each key and step, mixed per step, with an interval each; and
 * of the next value by the regression, as one more expert for those who mix it.
 *
 * The regression forecasts the seasonally adjusted value: the value less what the profiles of the day and the week say
 * of its time, as far as they have told the key's changes so far. Its features are the key's recent adjusted changes,
 * harmonics of the day, and how far the adjusted value lies from its levels; not the recurrent cell, so that every cell
 * and read-out has the same further steps, at the same cost.
 */
import { HorizonRegressions } from "../../engine/wasm/horizons.js";
import { SeasonalAdjustment } from "./adjustment.js";
import type { IntervalColumns, StepColumns } from "../columns.js";
import { clip } from "../elementary.js";
import { typicalGap } from "../keys/gap.js";
import { writeHorizonFeatures } from "./features.js";
import {
  adjustedChanges,
  horizonFeatures,
  horizonLayout,
  levelRates,
  smoothingLevel,
  type HorizonLayout,
} from "./layout.js";
import { HorizonMixture } from "./mixture.js";
import { HorizonPeriodic } from "./periodic.js";
import { daily, weekly } from "./profile.js";
import { HorizonRows, type HorizonRow } from "./rows.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import type { CurrentEvent } from "../current-event.js";
import { medianAbove } from "../experts/median.js";
import { robustSquare, scaleOf, sizeOf } from "../keys/scaling.js";
import type { Seasons } from "../seasons/seasons.js";
import type { ForecasterSettings } from "../settings.js";
import type { LocalClock } from "../keys/local-clock.js";
import { NestedIntervals } from "../uncertainty/nested-intervals.js";

/** Forgetting of the regression per observed value: a memory of 5,000 values; and values before it learns. */
const forgetting = 0.9998;
const warmUp = 30;
/** Bound of an adjusted change, in adjusted scales. */
const largestChange = 8;
/** A target counts up to this many scales times √step. */
const largestTarget = 20;
/** Slowest rate at which mean squares are followed. */
const squareRate = 0.01;
/** What a flat expert forecasts is cut here, in scales. */
const largestFlat = 1e9;
/** What forecasts are made of is kept in 32 bits: of a change, no more is known than this share. */
const resolution = 2 ** -22;
/** An error of a level counts up to this many times the running size of its errors. */
const largestLevelError = 5;

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
}

export class Horizons {
  readonly #layout: HorizonLayout;
  readonly #clock: LocalClock;
  readonly #adjustment: SeasonalAdjustment;
  readonly #mixture: HorizonMixture;
  readonly #regressions: HorizonRegressions;
  readonly #rows: HorizonRows;
  readonly #nested: NestedIntervals;
  /** The key under way, once there is one. */
  #row: HorizonRow | undefined;

  constructor(settings: ForecasterSettings, { clock, seasons }: HorizonParts) {
    this.#clock = clock;
    this.#layout = horizonLayout(settings.horizon, settings.intervalLevels.length);
    this.#rows = new HorizonRows(this.#layout);
    this.#adjustment = new SeasonalAdjustment(this.#layout.f64);
    const periodic = new HorizonPeriodic(this.#layout, seasons);
    this.#mixture = new HorizonMixture(this.#layout, settings, periodic);
    this.#nested = new NestedIntervals(settings.intervalLevels);
    this.#regressions = new HorizonRegressions(horizonFeatures, settings.horizon, forgetting);
  }

  /** Where each quantity of a key lies in its further rows. */
  get layout(): HorizonLayout {
    return this.#layout;
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
   * everything learns from it. Writes the forecasts of steps 2 to H to the event's row, and returns that of the next value
   * by the seasonal regression, as a scaled change from the base.
   */
  observe(key: KeyRow, now: CurrentEvent): number {
    const { missing, row: toRow, forecasts } = now;
    const row = this.#turnTo(key);
    if (row.event === 0) this.#start(row);
    else if (now.anew) this.#startAnew(row);
    else if (now.jump !== 0) this.#move(row, now.jump);
    const time = this.#clock.localOf(key.f64[key.at64 + number.time]!);
    this.#adjust(row, missing, time);
    if (!missing) this.#mixture.learn(row, time);
    this.#keep(row);
    return this.#forecast(row, toRow, forecasts);
  }

  /** Writes the forecasts of steps 2 to H that the key's last event made, which its numbers have counted, to a row again. */
  writePending(key: KeyRow, toRow: number, forecasts: HorizonColumns): void {
    const row = this.#turnTo(key);
    row.event--;
    this.#adjustment.recall(row);
    this.#mixture.periodic.turnTo(row);
    this.#mixture.periodic.forecastFrom(row);
    this.#forecast(row, toRow, forecasts);
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
    this.#adjustment.start(row);
    this.#mixture.start(row);
    this.#regressions.start(key.slot);
  }

  /** The key began anew with its last value but one: as if it had been there since its first event. */
  #startAnew(row: HorizonRow): void {
    const { key, f64, at64 } = row;
    const { horizon, f64: n } = this.#layout;
    this.#start(row);
    const value = key.f64[key.at64 + number.candidate]!;
    const scale = scaleOf(key);
    f64[at64 + n.adjusted] = value;
    f64.fill(value, at64 + n.levels, at64 + n.levels + levelRates.length);
    f64.fill(value, at64 + n.bases, at64 + n.bases + horizon);
    f64.fill(scale, at64 + n.units, at64 + n.units + horizon);
    f64.fill(value, at64 + n.adjustedValues, at64 + n.adjustedValues + horizon);
    f64.fill(scale, at64 + n.adjustedScales, at64 + n.adjustedScales + horizon);
    const square = key.f64[key.at64 + number.squaredChange]!;
    for (let step = 2; step <= horizon; step++) f64[at64 + n.squaredErrors + step - 2] = step * square;
  }

  /** All that the key keeps of its values moves with it: its forecasts go on as if it had always been there. */
  #move({ f64, at64 }: HorizonRow, jump: number): void {
    const { horizon, f64: n } = this.#layout;
    const blocks = [
      [n.adjusted, 1],
      [n.day, 1],
      [n.week, 1],
      [n.levels, levelRates.length],
      [n.daily, daily.knots],
      [n.weekly, weekly.knots],
      [n.bases, horizon],
      [n.adjustedValues, horizon],
    ] as const;
    for (const [from, length] of blocks) {
      for (let i = at64 + from; i < at64 + from + length; i++) f64[i] = f64[i]! + jump;
    }
  }

  /** Moves the adjusted value and all that follows it, and lets the regressions learn; `time` is local. */
  #adjust(row: HorizonRow, missing: boolean, time: number): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const adjustment = this.#adjustment;
    const base = key.f64[key.at64 + number.base]!;
    const variance = key.f64[key.at64 + number.variance]!;
    const observed = key.f64[key.at64 + number.observed]!;
    if (event > 0 && !missing) {
      const before = f64[at64 + n.bases + ((event - 1) % horizon)]!;
      adjustment.learnWeights(row, base - before, time);
    }
    adjustment.weigh(row);
    const adjusted = base - adjustment.seasonAt(row, time);
    const change = event > 0 ? adjusted - f64[at64 + n.adjusted]! : 0;
    const squared = f64[at64 + n.squaredChange]!;
    const scaled = change / sizeOf(squared, base);
    f32[at32 + s.changes + (event % adjustedChanges)] = clip(scaled, largestChange);
    f64[at64 + n.adjusted] = adjusted;
    if (event > 0) this.#learnRegressions(row, missing);
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
    const bounded = observed > warmUp ? clip(error, largestLevelError * Math.sqrt(squared)) : error;
    f64[at64 + levels + i] = f64[at64 + levels + i]! + Math.max(1 / observed, levelRates[i]!) * bounded;
  }

  #learnRegressions({ key, event, f64, at64 }: HorizonRow, missing: boolean): void {
    const { horizon, f64: n } = this.#layout;
    const place = event % horizon;
    if (missing) {
      this.#regressions.skip(key.slot, place);
      return;
    }
    const { targets } = this.#regressions.buffers;
    const adjusted = f64[at64 + n.adjusted]!;
    for (let step = 1; step <= horizon; step++) {
      const origin = (event - step + horizon) % horizon;
      // Of events before the key's first, whose gains are zero, any target will do.
      targets[step - 1] =
        step > event
          ? 0
          : clip(
              (adjusted - f64[at64 + n.adjustedValues + origin]!) / f64[at64 + n.adjustedScales + origin]!,
              largestTarget * this.#mixture.roots[step]!,
            );
    }
    this.#regressions.learn(key.slot, place, key.f64[key.at64 + number.observed]! > warmUp);
  }

  /** Keeps what the event forecasts from, until the values of its steps have come. */
  #keep(row: HorizonRow): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const place = event % horizon;
    const base = key.f64[key.at64 + number.base]!;
    const unit = scaleOf(key);
    const adjusted = f64[at64 + n.adjusted]!;
    const adjustedUnit = sizeOf(f64[at64 + n.squaredChange]!, base);
    f64[at64 + n.bases + place] = base;
    f64[at64 + n.units + place] = unit;
    f64[at64 + n.adjustedValues + place] = adjusted;
    f64[at64 + n.adjustedScales + place] = adjustedUnit;
    f32[at32 + s.flat + place] = (key.f64[key.at64 + number.held]! - base) / unit;
    f32[at32 + s.flat + horizon + place] = clip(
      medianAbove(key.f32, key.at32 + key.layout.median) / unit,
      largestFlat,
    );
    if (horizon > 1) {
      this.#mixture.trend.keep(row);
      this.#mixture.periodic.turnTo(row);
      this.#mixture.periodic.keep(row);
    }
  }

  /** Forecasts from what is kept of the event. Returns the regression's forecast of the next value, as a scaled change from the base. */
  #forecast(row: HorizonRow, toRow: number, { steps: columns, intervals }: HorizonColumns): number {
    const { key, event, f64, at64 } = row;
    const { horizon, f64: n } = this.#layout;
    const place = event % horizon;
    const base = f64[at64 + n.bases + place]!;
    const time = key.f64[key.at64 + number.time]!;
    const gap = typicalGap(key);
    const unit = f64[at64 + n.units + place]!;
    const adjusted = f64[at64 + n.adjustedValues + place]!;
    const adjustedUnit = f64[at64 + n.adjustedScales + place]!;
    const next = this.#clock.localOf(time + gap);
    writeHorizonFeatures(row, this.#layout, next, this.#regressions.buffers.features);
    this.#regressions.forecast(key.slot, place);
    const { forecasts } = this.#regressions.buffers;
    const { shaped, roots } = this.#mixture;
    const nested = this.#nested;
    const smoothed = f64[at64 + n.levels + smoothingLevel]!;
    for (let step = 2; step <= horizon; step++) {
      const due = this.#clock.localOf(time + step * gap);
      const season = this.#adjustment.seasonAt(row, due);
      const { day, week } = this.#adjustment;
      const stepUnit = unit * roots[step]!;
      shaped[0] = (smoothed + season - base) / stepUnit;
      shaped[1] = Number.isNaN(day) ? 0 : (day - base) / stepUnit;
      shaped[2] = Number.isNaN(week) ? 0 : (week - base) / stepUnit;
      shaped[3] = (adjusted + adjustedUnit * forecasts[step - 1]! + season - base) / stepUnit;
      this.#mixture.fillIntervals(row, step, due, nested);
      const yhat = base + stepUnit * this.#mixture.mix(row, step);
      nested.widenTo(resolution * Math.abs(yhat - base));
      const to = toRow * (horizon - 1) + step - 2;
      columns.yhat[to] = yhat;
      columns.yhatLower[to] = yhat - nested.below[0]!;
      columns.yhatUpper[to] = yhat + nested.above[0]!;
      const width = intervals.levels.length;
      if (width > 0) nested.write(yhat, intervals.stepLower, intervals.stepUpper, to * width);
    }
    const season = this.#adjustment.seasonAt(row, next);
    return (adjusted + adjustedUnit * forecasts[0]! + season - base) / unit;
  }
}
