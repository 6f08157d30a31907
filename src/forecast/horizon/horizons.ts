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
import { HorizonRows, type HorizonRow } from "./rows.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import type { CurrentEvent } from "../current-event.js";
import { medianMove } from "../experts/median.js";
import { daily, profileAt, weekly } from "./profile.js";
import { robustSquare, scaleOf, sizeOf } from "../keys/scaling.js";
import type { ForecasterSettings } from "../settings.js";
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
export interface HorizonSizes extends Readonly<Record<keyof HorizonState, number>> {
  /** That of the singles in release 0.1, which had intervals of the first level alone. */
  readonly firstLevelF32: number;
}

export class Horizons {
  readonly #layout: HorizonLayout;
  readonly #adjustment: SeasonalAdjustment;
  readonly #mixture: HorizonMixture;
  readonly #regressions: HorizonRegressions;
  readonly #rows: HorizonRows;
  readonly #nested: NestedIntervals;
  /** The key under way, once there is one. */
  #row: HorizonRow | undefined;

  constructor(settings: ForecasterSettings) {
    this.#layout = horizonLayout(settings.horizon, settings.intervalLevels.length - 1);
    this.#rows = new HorizonRows(this.#layout);
    this.#adjustment = new SeasonalAdjustment(this.#layout.f64);
    this.#mixture = new HorizonMixture(this.#layout, settings.intervalLevels, settings.loss === "squared");
    this.#nested = new NestedIntervals(settings.intervalLevels);
    this.#regressions = new HorizonRegressions(horizonFeatures, settings.horizon, forgetting);
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
      firstLevelF32: f32.furtherQuantiles,
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

  /** A state of release 0.1 has no intervals beyond the first level: they start as those of a new key. */
  write(slot: number, { f64, f32, models }: HorizonState): void {
    this.#mixture.startFurther(this.#rows.f32, slot * this.#layout.f32.size);
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
  observe(key: KeyRow, { missing, row: toRow, forecasts }: CurrentEvent): number {
    const { f64, f32 } = this.#rows;
    const row = (this.#row ??= { key, event: 0, f64, at64: 0, f32, at32: 0 });
    row.key = key;
    this.#rows.point(row);
    if (row.event === 0) this.#start(row);
    this.#adjust(row, missing);
    if (!missing) this.#mixture.learn(row);
    return this.#forecast(row, toRow, forecasts);
  }

  #start(row: HorizonRow): void {
    const { key, f64, at64, f32, at32 } = row;
    const { f64: n, f32: s } = this.#layout;
    const value = key.f64[key.at64 + number.base]!;
    f64.fill(0, at64, at64 + n.size);
    f32.fill(0, at32, at32 + s.size);
    f64[at64 + n.median] = value;
    f64.fill(value, at64 + n.levels, at64 + n.levels + levelRates.length);
    this.#adjustment.start(row);
    this.#mixture.start(row);
    this.#regressions.start(key.slot);
  }

  /** Moves the adjusted value and all that follows it, and lets the regressions learn. */
  #adjust(row: HorizonRow, missing: boolean): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const adjustment = this.#adjustment;
    const base = key.f64[key.at64 + number.base]!;
    const time = key.f64[key.at64 + number.time]!;
    const variance = key.f64[key.at64 + number.variance]!;
    const observed = key.f64[key.at64 + number.observed]!;
    if (event > 0 && !missing) {
      const before = f64[at64 + n.bases + ((event - 1) % horizon)]!;
      adjustment.learnWeights(row, base - before);
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
      const above = base - f64[at64 + n.median]!;
      f64[at64 + n.median] = f64[at64 + n.median]! + medianMove(above, scaleOf(key));
      for (let i = 0; i < levelRates.length; i++) this.#followLevel(row, i);
      adjustment.learnProfiles(row);
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

  /** Returns the regression's forecast of the next value, as a scaled change from the base. */
  #forecast(row: HorizonRow, toRow: number, { steps: columns, intervals }: HorizonColumns): number {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s } = this.#layout;
    const place = event % horizon;
    const base = key.f64[key.at64 + number.base]!;
    const time = key.f64[key.at64 + number.time]!;
    const gap = typicalGap(key);
    const unit = scaleOf(key);
    const adjusted = f64[at64 + n.adjusted]!;
    const adjustedUnit = sizeOf(f64[at64 + n.squaredChange]!, base);
    f64[at64 + n.bases + place] = base;
    f64[at64 + n.units + place] = unit;
    f64[at64 + n.adjustedValues + place] = adjusted;
    f64[at64 + n.adjustedScales + place] = adjustedUnit;
    f32[at32 + s.flat + place] = (key.f64[key.at64 + number.held]! - base) / unit;
    f32[at32 + s.flat + horizon + place] = (f64[at64 + n.median]! - base) / unit;
    writeHorizonFeatures(row, this.#layout, adjustedUnit, this.#regressions.buffers.features);
    this.#regressions.forecast(key.slot, place);
    const { forecasts } = this.#regressions.buffers;
    const { shaped, roots } = this.#mixture;
    const { halves } = this.#nested;
    const smoothed = f64[at64 + n.levels + smoothingLevel]!;
    for (let step = 2; step <= horizon; step++) {
      const due = time + step * gap;
      const season = this.#adjustment.seasonAt(row, due);
      const day = profileAt(f64, at64 + n.daily, daily, due);
      const week = profileAt(f64, at64 + n.weekly, weekly, due);
      const stepUnit = unit * roots[step]!;
      shaped[0] = (smoothed + season - base) / stepUnit;
      shaped[1] = Number.isNaN(day) ? 0 : (day - base) / stepUnit;
      shaped[2] = Number.isNaN(week) ? 0 : (week - base) / stepUnit;
      shaped[3] = (adjusted + adjustedUnit * forecasts[step - 1]! + season - base) / stepUnit;
      this.#mixture.fillHalves(row, step, stepUnit, halves);
      const half = halves[0]!;
      const yhat = base + stepUnit * this.#mixture.mix(row, step);
      const to = toRow * (horizon - 1) + step - 2;
      columns.yhat[to] = yhat;
      columns.yhatLower[to] = yhat - half;
      columns.yhatUpper[to] = yhat + half;
      const width = intervals.levels.length;
      if (width > 0) this.#nested.write(yhat, intervals.stepLower, intervals.stepUpper, to * width);
    }
    const season = this.#adjustment.seasonAt(row, time + gap);
    return (adjusted + adjustedUnit * forecasts[0]! + season - base) / unit;
  }
}
