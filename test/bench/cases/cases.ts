/**
 * Plain, odd, discrete and broken series of daily work, generated from seeds, each the only key of a fresh forecaster.
 *
 * Errors and coverage are those of the values after 300 and after five seasons, alarms those after 1,000 (and after 300).
 * A ratio is the mean absolute error by that of the best simple rule on the same values. An error below a thousandth of
 * the series' mean change is as good as none, so a rule without an error counts as one with that error. Absurd readings
 * are not scored, nor is a forecast made at one; `clean` is the error of the 100 values after the first of them, by that
 * of the same values without any; `found` is the share of them that are alarms, after 300 values.
 */
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { ForecastColumns } from "../../../src/forecast/columns.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { runWith } from "../streams.js";
import { absurd } from "./absurd.js";
import { discrete } from "./discrete.js";
import { operations } from "./operations.js";
import { ranges } from "./ranges.js";
import { generate, type Case, type Generated } from "./series.js";
import { shapes } from "./shapes.js";
import { simpleRules } from "./simple-rules.js";

/** One row of the table: a series, or a part of it, over all seeds. */
export interface CaseRow {
  readonly name: string;
  /** Alarms by the stated rate, of the values after 1,000 and after 300. */
  readonly alarms: number;
  readonly earlyAlarms: number;
  /** Alarms on the value that the key has had most, where that is a tenth of all. */
  readonly alarmsOnMode: number;
  readonly coverage: number;
  readonly below: number;
  readonly above: number;
  readonly mae: number;
  readonly best: string;
  readonly ratio: number;
  /** Of the forecasts 24 steps ahead; NaN where they are not scored. */
  readonly aheadBest: string;
  readonly aheadRatio: number;
  /** NaN where no reading is absurd. */
  readonly clean: number;
  readonly aheadClean: number;
  readonly found: number;
  /** What is worse than it may be. */
  readonly breaks: readonly string[];
}

const warmUp = 300;
const alarmWarmUp = 1000;
const seasonsBefore = 5;
const ahead = 24;
/** Values after the first absurd reading that are compared with the same ones without it. */
const aftermath = 100;
/** Mean changes below which an error is none. */
const negligible = 1e-3;
/** Digits that rounding may cost a forecast. */
const rounding = 1e-15;

const limits = { ratio: 1.05, coverage: 0.02, alarms: 1.5, clean: 1.5 } as const;
/** Where fewer alarms are expected than `few`, chance alone goes beyond the limit: `chance` more are allowed. */
const few = 15;
const chance = 3;

/** Runs the cases whose names contain `only`; one after the other, each row when it is there. */
export function* benchCases(
  options: ForecasterOptions,
  seeds: readonly number[],
  only = "",
): Generator<CaseRow> {
  for (const series of [...discrete, ...absurd, ...shapes, ...ranges, ...operations]) {
    if (series.name.includes(only)) yield* rowsOf(series, options, seeds);
  }
}

function rowsOf(series: Case, options: ForecasterOptions, seeds: readonly number[]): CaseRow[] {
  const { parts = { "": () => true } } = series;
  const totals = Object.keys(parts).map(() => new Totals());
  for (const seed of seeds) {
    const generated = generate(series, seed);
    const settings = { ...series.options, ...options, seed, horizon: series.ahead === true ? ahead : 1 };
    const forecasts = forecastsOf(generated, generated.values, settings);
    const isAbsurd = generated.absurd.includes(1);
    const undisturbed = isAbsurd ? forecastsOf(generated, generated.clean, settings) : undefined;
    Object.values(parts).forEach((belongs, part) => {
      addScores(totals[part]!, { series, generated, forecasts, belongs });
      if (undisturbed !== undefined) addAftermath(totals[part]!, generated, forecasts, undisturbed);
    });
  }
  const { alarmRate, intervalLevels } = forecasterSettings(options);
  return Object.keys(parts).map((part, i) =>
    totals[i]!.row(part === "" ? series.name : `${series.name}, ${part}`, alarmRate, intervalLevels[0]!),
  );
}

function forecastsOf(
  { times }: Generated,
  values: Float64Array,
  options: ForecasterOptions,
): ForecastColumns {
  const forecaster = new Forecaster(forecasterSettings(options));
  const forecasts = runWith(forecaster, {
    keys: ["key"],
    slots: new Int32Array(values.length),
    times,
    values,
  });
  forecaster.dispose();
  return forecasts;
}

/** Errors of one number of steps ahead: the model's and each rule's, and the sum of the errors that are as good as none. */
class Errors {
  count = 0;
  model = 0;
  none = 0;
  readonly rules = new Map<string, number>();
  after = 0;
  afterClean = 0;

  best(): [name: string, error: number] {
    const [first, ...others] = this.rules;
    return others.reduce((best, each) => (each[1] < best[1] ? each : best), first ?? ["", NaN]);
  }

  get ratio(): number {
    return this.count === 0 ? NaN : this.model / Math.max(this.best()[1], this.none);
  }

  get clean(): number {
    return this.afterClean === 0 ? NaN : this.after / this.afterClean;
  }
}

/** Sums over all values and seeds of a row. */
class Totals {
  readonly next = new Errors();
  readonly ahead = new Errors();
  count = 0;
  alarms = 0;
  earlyCount = 0;
  earlyAlarms = 0;
  alarmsOnMode = 0;
  below = 0;
  above = 0;
  absurd = 0;
  absurdAlarms = 0;

  row(name: string, alarmRate: number, level: number): CaseRow {
    const { next, ahead: later } = this;
    const expected = this.count * alarmRate;
    const coverage = 1 - (this.below + this.above) / next.count;
    const row = {
      name,
      alarms: this.alarms / this.count / alarmRate,
      earlyAlarms: this.earlyAlarms / this.earlyCount / alarmRate,
      alarmsOnMode: this.alarmsOnMode,
      coverage,
      below: this.below / next.count,
      above: this.above / next.count,
      mae: next.model / next.count,
      best: next.best()[0],
      ratio: next.ratio,
      aheadBest: later.best()[0],
      aheadRatio: later.ratio,
      clean: next.clean,
      aheadClean: later.clean,
      found: this.absurd === 0 ? NaN : this.absurdAlarms / this.absurd,
    };
    const isRare = this.absurd <= alarmRate * (this.earlyCount + this.absurd);
    const broken: Readonly<Record<string, boolean>> = {
      alarms: this.alarms > limits.alarms * expected + (expected < few ? chance : 0),
      mode: row.alarmsOnMode > 0,
      coverage: coverage < level - limits.coverage,
      next: row.ratio > limits.ratio,
      ahead: row.aheadRatio > limits.ratio,
      clean: row.clean > limits.clean || row.aheadClean > limits.clean,
      found: row.found < 1 && isRare,
    };
    return { ...row, breaks: Object.keys(broken).filter((each) => broken[each]) };
  }
}

interface Run {
  readonly series: Case;
  readonly generated: Generated;
  readonly forecasts: ForecastColumns;
  readonly belongs: (i: number) => boolean;
}

function addScores(totals: Totals, { series, generated, forecasts, belongs }: Run): void {
  const { values, absurd: isAbsurd } = generated;
  const { expected, expectedLower, expectedUpper, anomalyScore, steps } = forecasts;
  const { period = 0 } = series;
  const from = Math.max(warmUp, seasonsBefore * period);
  const none = noError(generated.clean);
  const rules = simpleRules(series.period);
  const made = rules.map(() => new Float64Array(values.length));
  const counts = new Map<number, number>();
  let mode = NaN;
  values.forEach((value, i) => {
    if (Number.isNaN(value)) {
      if (series.ahead === true) rules.forEach((rule, r) => (made[r]![i] = rule.ahead(ahead)));
      return;
    }
    if (isAbsurd[i] === 1 && i >= warmUp && belongs(i)) {
      totals.absurd++;
      if (anomalyScore[i]! > 1) totals.absurdAlarms++;
    }
    if (isAbsurd[i] === 0 && isAbsurd[i - 1] !== 1 && belongs(i)) {
      const isAlarm = anomalyScore[i]! > 1;
      if (i >= warmUp) {
        totals.earlyCount++;
        if (isAlarm) totals.earlyAlarms++;
      }
      if (i >= alarmWarmUp) {
        totals.count++;
        if (isAlarm) totals.alarms++;
        if (isAlarm && value === mode && counts.get(mode)! > i / 10) totals.alarmsOnMode++;
      }
      if (i >= from) {
        if (value < expectedLower[i]!) totals.below++;
        if (value > expectedUpper[i]!) totals.above++;
        addErrors(totals.next, none, Math.abs(expected[i]! - value), (add) =>
          rules.forEach((rule) => add(rule.name, Math.abs(rule.ahead(1) - value))),
        );
      }
    }
    const origin = i - ahead;
    if (
      series.ahead === true &&
      origin >= from &&
      isAbsurd[i] === 0 &&
      isAbsurd[origin] === 0 &&
      belongs(i)
    ) {
      const yhat = steps.yhat[origin * (ahead - 1) + ahead - 2]!;
      addErrors(totals.ahead, none, Math.abs(yhat - value), (add) =>
        rules.forEach((rule, r) => add(rule.name, Math.abs(made[r]![origin]! - value))),
      );
    }
    rules.forEach((rule, r) => {
      rule.observe(value);
      if (series.ahead === true) made[r]![i] = rule.ahead(ahead);
    });
    const times = (counts.get(value) ?? 0) + 1;
    counts.set(value, times);
    if (!(times <= (counts.get(mode) ?? 0))) mode = value;
  });
}

function addErrors(
  errors: Errors,
  none: number,
  error: number,
  ofRules: (add: (name: string, error: number) => void) => void,
): void {
  errors.count++;
  errors.none += none;
  errors.model += Number.isFinite(error) ? error : Infinity;
  ofRules((name, own) => errors.rules.set(name, (errors.rules.get(name) ?? 0) + own));
}

/** The error that is as good as none: a share of the mean change, and the last digits of the values. */
function noError(values: Float64Array): number {
  let changes = 0;
  let size = 0;
  for (let i = 1; i < values.length; i++) {
    // Values that are missing count for none.
    changes += Math.abs(values[i]! - values[i - 1]!) || 0;
    size += Math.abs(values[i]!) || 0;
  }
  return (negligible * changes + rounding * size) / values.length;
}

function addAftermath(
  totals: Totals,
  { clean, absurd: isAbsurd }: Generated,
  forecasts: ForecastColumns,
  undisturbed: ForecastColumns,
): void {
  const first = isAbsurd.indexOf(1);
  for (let i = first + 2; i < first + 2 + aftermath; i++) {
    if (isAbsurd[i] === 1) continue;
    if (isAbsurd[i - 1] === 0) {
      totals.next.after += Math.abs(forecasts.expected[i]! - clean[i]!);
      totals.next.afterClean += Math.abs(undisturbed.expected[i]! - clean[i]!);
    }
    const origin = i - ahead;
    if (forecasts.steps.horizon === 1 || origin <= first || isAbsurd[origin] === 1) continue;
    const at = origin * (ahead - 1) + ahead - 2;
    totals.ahead.after += Math.abs(forecasts.steps.yhat[at]! - clean[i]!);
    totals.ahead.afterClean += Math.abs(undisturbed.steps.yhat[at]! - clean[i]!);
  }
}
