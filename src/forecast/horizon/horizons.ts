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
import { writeHorizonFeatures } from "./horizon-features.js";
import {
  adjustedChanges,
  horizonFeatures,
  horizonLayout,
  levelRates,
  smoothingLevel,
  type HorizonLayout,
} from "./horizon-layout.js";
import { HorizonMixture } from "./horizon-mixture.js";
import { HorizonRows, type HorizonEvent } from "./horizon-rows.js";
import { NestedIntervals } from "../uncertainty/nested-intervals.js";
import type { KeyTable } from "../keys/key-table.js";
import { number } from "../keys/row-layout.js";
import { medianMove } from "../experts/median.js";
import { daily, profileAt, weekly } from "./profile.js";
import { robustSquare, scaleOf, sizeOf } from "../keys/scaling.js";
import type { ForecasterSettings } from "../settings.js";

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
  readonly numbers: Float64Array;
  readonly singles: Float32Array;
  /** The row of the regressions. */
  readonly models: Float32Array;
}

/** Where forecasts go: the part of the forecaster's columns that is about further steps. */
export interface HorizonColumns {
  readonly steps: StepColumns;
  readonly intervals: IntervalColumns;
}

/** Lengths of the arrays of a key's state. */
export interface HorizonSizes extends Readonly<Record<keyof HorizonState, number>> {
  /** That of the singles in release 0.1, which had intervals of the first level alone. */
  readonly firstLevelSingles: number;
}

export class Horizons {
  readonly #layout: HorizonLayout;
  readonly #adjustment: SeasonalAdjustment;
  readonly #mixture: HorizonMixture;
  readonly #regressions: HorizonRegressions;
  readonly #rows: HorizonRows;
  readonly #seasonalAt: number | undefined;
  readonly #nested: NestedIntervals;
  readonly #now: HorizonEvent = { event: 0, slot: 0, key: new Float64Array(0), keyAt: 0, at: 0, row: 0 };

  /** `seasonalAt` is where in a key's singles the seasonal expert, if there is one, finds its forecast. */
  constructor(settings: ForecasterSettings, seasonalAt: number | undefined) {
    this.#seasonalAt = seasonalAt;
    this.#layout = horizonLayout(settings.horizon, settings.intervalLevels.length - 1);
    this.#rows = new HorizonRows(this.#layout);
    this.#adjustment = new SeasonalAdjustment(this.#layout.numbers);
    this.#mixture = new HorizonMixture(this.#layout, settings.intervalLevels, settings.loss === "squared");
    this.#nested = new NestedIntervals(settings.intervalLevels);
    this.#regressions = new HorizonRegressions(horizonFeatures, settings.horizon, forgetting);
  }

  get bytes(): number {
    return this.#rows.bytes + this.#regressions.bytes;
  }

  /** Lengths of the arrays of a key's state. */
  get sizes(): HorizonSizes {
    const { numbers, singles } = this.#layout;
    return {
      numbers: numbers.size,
      singles: singles.size,
      firstLevelSingles: singles.furtherQuantiles,
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
  write(slot: number, { numbers, singles, models }: HorizonState): void {
    this.#mixture.startFurther(this.#rows.singles, slot * this.#layout.singles.size);
    this.#rows.write(slot, numbers, singles);
    this.#regressions.write(slot, models);
  }

  dispose(): void {
    this.#regressions.dispose();
    this.#rows.clear();
  }

  /**
   * Takes the key's next event, which its numbers have taken already but for their count of events; where its value is
   * there, everything learns from it. Writes the forecasts of steps 2 to H to row `row` of the columns, and that of the
   * next value to the seasonal expert.
   */
  observe(keys: KeyTable, slot: number, missing: boolean, row: number, columns: HorizonColumns): void {
    const now = this.#now;
    now.slot = slot;
    now.key = keys.numbers;
    now.keyAt = slot * keys.numbersPerKey;
    now.at = slot * this.#layout.numbers.size;
    now.row = slot * this.#layout.singles.size;
    now.event = now.key[now.keyAt + number.count]!;
    if (now.event === 0) this.#start(now);
    this.#adjust(now, missing);
    if (!missing) this.#mixture.learn(now, this.#rows);
    const next = this.#forecast(now, row, columns);
    if (this.#seasonalAt !== undefined) keys.singles[slot * keys.singlesPerKey + this.#seasonalAt] = next;
  }

  #start({ slot, key, keyAt, at, row }: HorizonEvent): void {
    const { numbers: n, singles: s } = this.#layout;
    const { numbers, singles } = this.#rows;
    const value = key[keyAt + number.base]!;
    numbers.fill(0, at, at + n.size);
    singles.fill(0, row, row + s.size);
    numbers[at + n.median] = value;
    numbers.fill(value, at + n.levels, at + n.levels + levelRates.length);
    this.#adjustment.start(numbers, at);
    this.#mixture.start(singles, row);
    this.#regressions.start(slot);
  }

  /** Moves the adjusted value and all that follows it, and lets the regressions learn. */
  #adjust({ event, slot, key, keyAt, at, row }: HorizonEvent, missing: boolean): void {
    const { horizon, numbers: n, singles: s } = this.#layout;
    const { numbers } = this.#rows;
    const adjustment = this.#adjustment;
    const base = key[keyAt + number.base]!;
    const time = key[keyAt + number.time]!;
    const variance = key[keyAt + number.variance]!;
    const observed = key[keyAt + number.observed]!;
    if (event > 0 && !missing) {
      const before = numbers[at + n.bases + ((event - 1) % horizon)]!;
      adjustment.learnWeights(numbers, at, key, keyAt, base - before);
    }
    adjustment.weigh(numbers, at);
    const adjusted = base - adjustment.seasonAt(numbers, at, time);
    const change = event > 0 ? adjusted - numbers[at + n.adjusted]! : 0;
    const squared = numbers[at + n.squaredChange]!;
    const scaled = change / sizeOf(squared, base);
    this.#rows.singles[row + s.changes + (event % adjustedChanges)] = clip(scaled, largestChange);
    numbers[at + n.adjusted] = adjusted;
    if (event > 0) this.#learnRegressions(slot, at, event, missing, observed > warmUp);
    if (!missing) {
      if (event > 0) {
        const square = robustSquare(change * change, squared, variance, observed - 1);
        const rate = Math.max(1 / (observed - 1), squareRate);
        numbers[at + n.squaredChange] = squared + rate * (square - squared);
      }
      const above = base - numbers[at + n.median]!;
      numbers[at + n.median] = numbers[at + n.median]! + medianMove(above, scaleOf(key, keyAt));
      for (let i = 0; i < levelRates.length; i++) this.#followLevel(at, i, adjusted, observed, variance);
      adjustment.learnProfiles(numbers, at, key, keyAt);
    }
    adjustment.keep(numbers, at, time);
  }

  #followLevel(at: number, i: number, adjusted: number, observed: number, variance: number): void {
    const { levels, levelSquares } = this.#layout.numbers;
    const { numbers } = this.#rows;
    const error = adjusted - numbers[at + levels + i]!;
    const mean = numbers[at + levelSquares + i]!;
    const square = robustSquare(error * error, mean, variance, observed);
    const squared = mean + Math.max(1 / observed, squareRate) * (square - mean);
    numbers[at + levelSquares + i] = squared;
    const bounded = observed > warmUp ? clip(error, largestLevelError * Math.sqrt(squared)) : error;
    numbers[at + levels + i] = numbers[at + levels + i]! + Math.max(1 / observed, levelRates[i]!) * bounded;
  }

  #learnRegressions(slot: number, at: number, event: number, missing: boolean, settled: boolean): void {
    const { horizon, numbers: n } = this.#layout;
    const place = event % horizon;
    if (missing) {
      this.#regressions.skip(slot, place);
      return;
    }
    const { targets } = this.#regressions.buffers;
    const adjusted = this.#rows.numbers[at + n.adjusted]!;
    for (let step = 1; step <= horizon; step++) {
      const origin = (event - step + horizon) % horizon;
      // Of events before the key's first, whose gains are zero, any target will do.
      targets[step - 1] =
        step > event
          ? 0
          : clip(
              (adjusted - this.#rows.numbers[at + n.adjustedValues + origin]!) /
                this.#rows.numbers[at + n.adjustedScales + origin]!,
              largestTarget * this.#mixture.roots[step]!,
            );
    }
    this.#regressions.learn(slot, place, settled);
  }

  /** Returns the regression's forecast of the next value, as a scaled change from the base. */
  #forecast(now: HorizonEvent, toRow: number, { steps: columns, intervals }: HorizonColumns): number {
    const { event, slot, key, keyAt, at, row } = now;
    const { horizon, numbers: n, singles: s } = this.#layout;
    const { numbers, singles } = this.#rows;
    const place = event % horizon;
    const base = key[keyAt + number.base]!;
    const time = key[keyAt + number.time]!;
    const gap = typicalGap(key, keyAt);
    const unit = scaleOf(key, keyAt);
    const adjusted = numbers[at + n.adjusted]!;
    const adjustedUnit = sizeOf(numbers[at + n.squaredChange]!, base);
    numbers[at + n.bases + place] = base;
    numbers[at + n.units + place] = unit;
    numbers[at + n.adjustedValues + place] = adjusted;
    numbers[at + n.adjustedScales + place] = adjustedUnit;
    singles[row + s.flat + place] = (key[keyAt + number.held]! - base) / unit;
    singles[row + s.flat + horizon + place] = (numbers[at + n.median]! - base) / unit;
    writeHorizonFeatures(now, this.#rows, this.#layout, adjustedUnit, this.#regressions.buffers.features);
    this.#regressions.forecast(slot, place);
    const { forecasts } = this.#regressions.buffers;
    const { shaped, roots } = this.#mixture;
    const { halves } = this.#nested;
    const smoothed = numbers[at + n.levels + smoothingLevel]!;
    for (let step = 2; step <= horizon; step++) {
      const due = time + step * gap;
      const season = this.#adjustment.seasonAt(numbers, at, due);
      const day = profileAt(numbers, at + n.daily, daily, due);
      const week = profileAt(numbers, at + n.weekly, weekly, due);
      const stepUnit = unit * roots[step]!;
      shaped[0] = (smoothed + season - base) / stepUnit;
      shaped[1] = Number.isNaN(day) ? 0 : (day - base) / stepUnit;
      shaped[2] = Number.isNaN(week) ? 0 : (week - base) / stepUnit;
      shaped[3] = (adjusted + adjustedUnit * forecasts[step - 1]! + season - base) / stepUnit;
      this.#mixture.fillHalves(now, this.#rows, step, stepUnit, halves);
      const half = halves[0]!;
      const yhat = base + stepUnit * this.#mixture.mix(now, singles, step);
      const to = toRow * (horizon - 1) + step - 2;
      columns.yhat[to] = yhat;
      columns.yhatLower[to] = yhat - half;
      columns.yhatUpper[to] = yhat + half;
      const width = intervals.levels.length;
      if (width > 0) this.#nested.write(yhat, intervals.stepLower, intervals.stepUpper, to * width);
    }
    const season = this.#adjustment.seasonAt(numbers, at, time + gap);
    return (adjusted + adjustedUnit * forecasts[0]! + season - base) / unit;
  }
}
