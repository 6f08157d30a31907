/** Forecasts one key: scores its pending forecast, updates its scale, and mixes its next forecast. */
import type { ForecastColumns } from "./columns.js";
import type { CurrentEvent } from "./current-event.js";
import { clip } from "./elementary.js";
import type { Expert, ExpertInput, LearnedSizes } from "./experts/expert.js";
import type { Gate, GatedValue } from "./experts/gate.js";
import { endBridge } from "./experts/trend.js";
import { ExpertPanel, isSettled, type ExpertStanding } from "./experts/panel.js";
import { learnAtoms, startAtoms, usualAhead, usualOr } from "./keys/atoms.js";
import { learnGrid, nearestOr, startGrid } from "./keys/grid.js";
import { typicalGap } from "./keys/gap.js";
import {
  followCandidate,
  followNext,
  followed,
  isAside,
  isFarSmallerMove,
  isFirstMove,
  judge,
  lastFollowed,
  lastObserved,
  moveLevel,
  verdicts,
} from "./keys/guard.js";
import { Intervals } from "./uncertainty/interval.js";
import { number } from "./keys/layout.js";
import { startAnew, type KeyRow } from "./keys/row.js";
import { assumeSize, countMove, scaleOf, trackScale } from "./keys/scaling.js";
import type { LocalClock } from "./keys/local-clock.js";
import { Spread, startSpread } from "./keys/spread.js";
import type { Bounds } from "./uncertainty/bounds.js";
import type { NestedIntervals } from "./uncertainty/nested-intervals.js";
import type { OpenGroup } from "./incidents/groups/watcher.js";
import type { Incident } from "./incidents/incidents.js";
import type { Seasons } from "./seasons/seasons.js";
import type { ForecasterSettings } from "./settings.js";

/** Bounds in scaled changes: of an observed target, and of the imputation of a missing value. */
const largestTarget = 20;
const largestImputation = 10;
/** Bound of a change that the gate learns from: finite in 32 bits. */
const largestChange = 1e30;

/** The parts of a pending forecast. All numbers except the weights are in the unit of the values. */
export interface PendingForecast {
  /** The key's running level; `scale` is the typical size of its changes, by which the cell's inputs are divided. */
  readonly level: number;
  readonly scale: number;
  /**
   * The forecast is the weighted sum of the experts' forecasts, moved to the nearest possible value where values lie on a
   * grid, and cut at `bounds`; the weights sum to 1. Where the forecast is the value that most of the key's values are, that value is one more expert, `frequent`, with all of the weight.
   * Where the forecast is limited to what the key can afford (`experts/gate.ts`), that is one more, `limited`.
   */
  readonly experts: readonly {
    readonly name: string;
    readonly weight: number;
    readonly forecast: number;
  }[];
}

/** What is kept of a key beside its forecast. */
export interface KeyInspection {
  /** Events taken, and observed values among them. */
  readonly events: number;
  readonly observed: number;
  /** The last observed value. */
  readonly value: number;
  /** The last values, the oldest first, where they are kept for seasons. */
  readonly values: readonly number[];
  readonly standing: ExpertStanding;
  readonly incidents: readonly Incident[];
  /** The open incident of the key's group. */
  readonly group: OpenGroup | undefined;
}

export class KeyForecaster {
  readonly #panel: ExpertPanel;
  readonly #gate: Gate;
  readonly #intervals: Intervals;
  readonly #spread: Spread;
  readonly #sizes: LearnedSizes = { scale: 1, spread: 1, weight: 1 };
  readonly #gated: GatedValue = { target: 0, mixture: 0, moved: 0, spread: 1 };
  readonly #nested: NestedIntervals;
  readonly #bounds: Bounds;
  readonly #squaredLoss: boolean;

  constructor(
    settings: ForecasterSettings,
    experts: readonly Expert[],
    { bounds, clock, gate }: { readonly bounds: Bounds; readonly clock: LocalClock; readonly gate: Gate },
  ) {
    this.#gate = gate;
    this.#bounds = bounds;
    this.#squaredLoss = settings.loss === "squared";
    this.#panel = new ExpertPanel(experts, this.#squaredLoss);
    this.#spread = new Spread(clock);
    this.#intervals = new Intervals(settings.intervalLevels, this.#spread);
    this.#nested = this.#intervals.nested;
  }

  /** The weights of the experts in the forecast of the key's next value. One array is reused. */
  weights(key: KeyRow): Float64Array {
    const mixed = this.#panel.weights(key);
    this.#gate.fold(key, mixed);
    return mixed.weights;
  }

  /** How the key's pending forecast came about. */
  explain(key: KeyRow): PendingForecast {
    this.#bounds.turnTo(key);
    const { f64, at64, f32, at32, layout } = key;
    const scale = scaleOf(key);
    const base = followed(key, f64[at64 + number.base]!);
    const pending = f64[at64 + number.pending]!;
    const weights = this.weights(key);
    const possible = this.#possible(key, this.#said(key, scale));
    const isMixed = pending === possible;
    const experts = this.#panel.experts.map(({ name }, e) => ({
      name,
      weight: isMixed ? weights[e]! : 0,
      forecast: base + scale * f32[at32 + layout.forecasts + e]!,
    }));
    if (!isMixed) {
      const isUsual = !this.#squaredLoss && pending === usualOr(key, possible, scale);
      const name = isUsual ? "frequent" : "limited";
      experts.push({ name, weight: 1, forecast: followed(key, pending) });
    }
    return { level: f64[at64 + number.mean]!, scale, experts };
  }

  /** Returns how the key's experts have done. */
  standing(key: KeyRow): ExpertStanding {
    return this.#panel.standing(key);
  }

  /** Takes a key's first value. */
  start(key: KeyRow, value: number): void {
    const { f64, at64 } = key;
    f64[at64 + number.observed] = 1;
    for (const name of firstValues) f64[at64 + number[name]] = value;
    this.#intervals.start(key);
    startAtoms(key, value);
    startGrid(key);
    startSpread(key);
    this.#panel.start(key);
  }

  /**
   * Writes how the pending forecast did against the event's value to its row; where the value is there, everything that
   * belongs to the key learns from it. Moves the base to the value, or to the imputation of a missing one, and
   * returns the scaled change that the cell is shown.
   */
  score(key: KeyRow, now: CurrentEvent): number {
    const { f64, at64, f32, at32, layout } = key;
    const { forecasts, row, value } = now;
    const pending = f64[at64 + number.pending]!;
    const expected = this.#bounds.clip(followed(key, pending));
    forecasts.expected[row] = expected;
    const { levels, expectedLower, expectedUpper } = forecasts.intervals;
    this.#intervals.write(key, expected);
    forecasts.expectedLower[row] = expected - this.#nested.below[0]!;
    forecasts.expectedUpper[row] = expected + this.#nested.above[0]!;
    if (levels.length > 0) {
      this.#nested.write(expected, expectedLower, expectedUpper, row * levels.length);
    }
    forecasts.previous[row] = lastObserved(key);
    now.held = f64[at64 + number.held]!;
    forecasts.anomalyScore[row] = NaN;
    if (now.missing) return this.#skip(key);
    this.#gate.account(key, Math.abs(value - expected), Math.abs(value - forecasts.previous[row]));
    // What was granted at a value set aside is not for moves that are far smaller.
    if (isFarSmallerMove(key, value)) this.#gate.account(key, this.#gate.allowance(key), 0);
    const verdict = judge(key, value, this.#gate.mixesYoung);
    if (verdict === verdicts.aside) {
      now.missing = now.setAside = true;
      this.#panel.miss(key, value - f64[at64 + number.base]!, scaleOf(key));
      const imputation = this.#skip(key);
      followCandidate(key);
      this.#followIfDear(key);
      return imputation;
    }
    let forecast = this.#bounds.clip(pending);
    if (verdict === verdicts.level) {
      now.jump = moveLevel(key);
      endBridge(f32, at32 + layout.trend);
      forecast = expected;
    } else if (verdict === verdicts.anew) {
      now.anew = true;
      this.#startAnew(key);
      forecast = f64[at64 + number.base]!;
    }
    return this.#learn(now, key, value - forecast);
  }

  /** Forecasts follow a value set aside, where the key cannot afford to be as far from it as it is. */
  #followIfDear(key: KeyRow): void {
    if (!this.#gate.isYoung(key)) return;
    const { f64, at64 } = key;
    const away = Math.abs(f64[at64 + number.candidate]! - f64[at64 + number.base]!);
    // What a resting key was spared by an odd value, it must not lose with its first move.
    const isFirst = this.#gate.isGuarded(key) && isFirstMove(key);
    if (isFirst || away > this.#gate.allowance(key)) f64[at64 + number.follows] = 1;
  }

  /** Everything that belongs to the key learns from a value, `error` above what was forecast in its place. */
  #learn({ value }: CurrentEvent, key: KeyRow, error: number): number {
    const { f64, at64 } = key;
    const scale = scaleOf(key);
    const said = this.#said(key, scale);
    const change = value - f64[at64 + number.base]!;
    const target = clip(change / scale, largestTarget);
    f64[at64 + number.observed] = f64[at64 + number.observed]! + 1;
    const sizes = this.#sizesOf(key, scale);
    const gated = this.#gated;
    gated.target = clip(change / scale, largestChange);
    gated.mixture = this.#panel.mixtureOf(key);
    gated.moved = value - f64[at64 + number.held]!;
    gated.spread = this.#squaredLoss ? 1 : sizes.spread;
    this.#gate.learn(key, gated);
    this.#panel.learn(key, change, sizes);
    learnGrid(key, value, said);
    learnAtoms(key, value, this.#bounds.clip(said), scale);
    countMove(key, value !== f64[at64 + number.held]!);
    this.#intervals.track(key, error);
    trackScale(key, value, change);
    f64[at64 + number.base] = value;
    f64[at64 + number.held] = value;
    return target;
  }

  #sizesOf(key: KeyRow, scale: number): LearnedSizes {
    const sizes = this.#sizes;
    const least = this.#spread.least(key);
    sizes.scale = scale;
    sizes.spread = this.#spread.ofNext(key);
    sizes.weight = (least * least) / sizes.spread;
    return sizes;
  }

  /** The pending forecast stands in for a missing value. */
  #skip(key: KeyRow): number {
    const { f64, at64 } = key;
    const scale = scaleOf(key);
    const base = f64[at64 + number.base]!;
    const imputation = clip((f64[at64 + number.pending]! - base) / scale, largestImputation);
    f64[at64 + number.base] = base + scale * imputation;
    this.#panel.skip(key, scale * imputation);
    return imputation;
  }

  /** The key begins anew at the candidate; where several values were set aside before, with the size of their changes. */
  #startAnew(key: KeyRow): void {
    const { f64, at64 } = key;
    const square = f64[at64 + number.candidateSquare]!;
    startAnew(key);
    this.start(key, f64[at64 + number.candidate]!);
    this.#gate.start(key.slot);
    if (square > 0) assumeSize(key, square);
  }

  /** What the experts forecast together, in the unit of the values. */
  #said({ f64, at64, f32, at32, layout }: KeyRow, scale: number): number {
    // From the mixture as it is stored, in 32 bits, so that the next event finds this very forecast.
    return f64[at64 + number.base]! + scale * f32[at32 + layout.mixture]!;
  }

  /** The nearest possible value where values lie on a grid. The mean, which the squared loss asks for, may lie between two. */
  #possible(key: KeyRow, value: number): number {
    return this.#squaredLoss ? value : nearestOr(key, value);
  }

  /**
   * Mixes the forecast of a key's next value from what the experts say, into row `row`. Of `input` the read-outs are
   * given; the rest is filled in here.
   */
  forecast(key: KeyRow, input: ExpertInput, row: number, forecasts: ForecastColumns): void {
    const { f64, at64, f32, at32, layout } = key;
    const base = f64[at64 + number.base]!;
    input.scale = scaleOf(key);
    input.held = (f64[at64 + number.held]! - base) / input.scale;
    if (layout.seasonal !== undefined) input.seasonal = f32[at32 + layout.seasonal]!;
    this.#panel.forecast(key, input);
    this.#gate.forecast(key, this.#panel.mixtureOf(key), this.#panel.lead);
    const said = this.#said(key, input.scale);
    const possible = this.#possible(key, said);
    // A season that has told the rare values is better than the frequent one, before the losses of both have told so.
    const { isLed } = this.#panel;
    const usual = this.#squaredLoss || isLed ? possible : usualOr(key, possible, input.scale);
    // What one expert, or a frequent value, has earned is not limited, but for a young key.
    const isEarned = (isLed || usual !== possible) && !this.#gate.isYoung(key);
    f64[at64 + number.pending] = isEarned ? usual : this.#afford(key, usual);
    this.writePending(key, row, forecasts);
  }

  /** The forecast, moved towards its last value as far as the key can afford. */
  #afford(key: KeyRow, forecast: number): number {
    const allowance = this.#gate.allowance(key);
    const away = followed(key, forecast) - lastObserved(key);
    if (Math.abs(away) <= allowance) return forecast;
    const limited = clip(away, allowance);
    if (!isAside(key) || key.f64[key.at64 + number.follows]! > 0) return forecast - away + limited;
    // By a forecast there the next value like the one set aside would be an ordinary one.
    followNext(key);
    return key.f64[key.at64 + number.base]! + limited;
  }

  /** Writes the pending forecast of a key's next value to a row; the bounds cut its intervals. */
  writePending(key: KeyRow, row: number, forecasts: ForecastColumns): void {
    const { f64, at64 } = key;
    const yhat = this.#bounds.clip(followed(key, f64[at64 + number.pending]!));
    const gap = typicalGap(key);
    forecasts.yhat[row] = yhat;
    this.#intervals.write(key, yhat);
    forecasts.yhatLower[row] = yhat - this.#nested.below[0]!;
    forecasts.yhatUpper[row] = yhat + this.#nested.above[0]!;
    const { levels, yhatLower, yhatUpper } = forecasts.intervals;
    if (levels.length > 0) this.#nested.write(yhat, yhatLower, yhatUpper, row * levels.length);
    forecasts.yhatTime[row] = gap > 0 ? f64[at64 + number.time]! + gap : NaN;
    this.#bounds.clipNext(forecasts, row);
  }

  /** Turns the further steps of row `row` to the key's frequent or first values, or to its season's, where they are the forecast. */
  finishSteps(key: KeyRow, row: number, { steps, intervals }: ForecastColumns, seasons: Seasons): void {
    const { horizon } = steps;
    const { f64, at64 } = key;
    const until = lastFollowed(key);
    const isYoung = !isSettled(key);
    const held = f64[at64 + number.held]!;
    const scale = scaleOf(key);
    const width = intervals.levels.length;
    seasons.turnTo(key);
    for (let step = 2; step <= horizon; step++) {
      const at = row * (horizon - 1) + step - 2;
      const said = steps.yhat[at]!;
      const follows = step <= until;
      const jump = follows || isYoung ? NaN : seasons.jumpTo(step);
      if (!Number.isNaN(jump)) {
        moveStep(steps, intervals, at, jump - said);
        steps.yhat[at] = jump;
        continue;
      }
      let usual = this.#squaredLoss ? said : usualAhead(key, said, scale, step);
      if (isYoung) usual = held;
      if (usual === said && !follows) continue;
      steps.yhat[at] = movedIf(follows, key, usual);
      steps.yhatLower[at] = movedIf(follows, key, lowerTo(steps.yhatLower[at]!, usual));
      steps.yhatUpper[at] = movedIf(follows, key, raiseTo(steps.yhatUpper[at]!, usual));
      for (let i = at * width; i < (at + 1) * width; i++) {
        intervals.stepLower[i] = movedIf(follows, key, lowerTo(intervals.stepLower[i]!, usual));
        intervals.stepUpper[i] = movedIf(follows, key, raiseTo(intervals.stepUpper[i]!, usual));
      }
    }
  }
}

/** Moves the intervals of a further step. */
function moveStep(
  { yhatLower, yhatUpper }: ForecastColumns["steps"],
  { levels, stepLower, stepUpper }: ForecastColumns["intervals"],
  at: number,
  by: number,
): void {
  yhatLower[at] = yhatLower[at]! + by;
  yhatUpper[at] = yhatUpper[at]! + by;
  for (let i = at * levels.length; i < (at + 1) * levels.length; i++) {
    stepLower[i] = stepLower[i]! + by;
    stepUpper[i] = stepUpper[i]! + by;
  }
}

/** What is forecast, moved to the candidate where forecasts of its step follow that. */
function movedIf(follows: boolean, key: KeyRow, forecast: number): number {
  return follows ? followed(key, forecast) : forecast;
}

// A bound that is unknown stays the same NaN: Math.min and Math.max give NaN a sign that depends on the compiler's tier.

function lowerTo(bound: number, value: number): number {
  return value < bound ? value : bound;
}

function raiseTo(bound: number, value: number): number {
  return value > bound ? value : bound;
}

/** What is known of a key with its first value. */
const firstValues = ["base", "held", "undisturbed", "mean", "pending", "candidate"] as const;

const scores = ["expected", "expectedLower", "expectedUpper", "previous", "anomalyScore"] as const;
const predictions = ["yhat", "yhatLower", "yhatUpper", "yhatTime"] as const;

/** Row `event` has nothing to score. */
export function writeNoScore(forecasts: ForecastColumns, event: number): void {
  for (const name of scores) forecasts[name][event] = NaN;
  const { levels, expectedLower, expectedUpper } = forecasts.intervals;
  const width = levels.length;
  for (const column of [expectedLower, expectedUpper]) column.fill(NaN, event * width, (event + 1) * width);
}

/** Row `event` forecasts nothing. */
export function writeNoForecast(forecasts: ForecastColumns, event: number): void {
  for (const name of predictions) forecasts[name][event] = NaN;
  const { horizon, yhat, yhatLower, yhatUpper } = forecasts.steps;
  const begin = event * (horizon - 1);
  for (const column of [yhat, yhatLower, yhatUpper]) column.fill(NaN, begin, begin + horizon - 1);
  const { intervals } = forecasts;
  const width = intervals.levels.length;
  for (const column of [intervals.yhatLower, intervals.yhatUpper]) {
    column.fill(NaN, event * width, (event + 1) * width);
  }
  for (const column of [intervals.stepLower, intervals.stepUpper]) {
    column.fill(NaN, begin * width, (begin + horizon - 1) * width);
  }
}
