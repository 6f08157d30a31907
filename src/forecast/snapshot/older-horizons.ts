/**
 * Takes over what older formats of records keep for further steps. Their layouts are frozen here.
 *
 * - Formats 1 and 2, with a covariance, gains and pending forecasts for each step: the profiles, the levels and the sizes of
 *   errors stay, and so does the model of the next value. The models of further steps, their mixtures and the quantiles of
 *   their intervals begin anew.
 * - Format 3, whose models saw one more change in place of the forecast of the next value: what they know of all else stays.
 * - Formats 3 and 4, with two blocks for each doubling, which are today's bands, and the other parts in today's order: a block's mixture
 *   is that of the last of its bands. The forecasts that wait are dropped.
 * - Formats 1 to 5, without the profile of the lasting day: it begins as that of the day is.
 * - Formats 1 to 6, whose models saw no level by the hour: they know nothing of its features, and go on with the others.
 */
import { corrupt } from "./record.js";
import { initialQuantile } from "../uncertainty/interval.js";
import type { HorizonState } from "../horizon/horizons.js";
import { nextFeature, stepFeatures } from "../horizon/features.js";
import { slopeRates } from "../experts/trend.js";
import {
  adjustedChanges,
  horizonExperts,
  horizonFeatures,
  levelRates,
  profiles,
  type HorizonLayout,
} from "../horizon/layout.js";
import { daily, profileMean, profileSize, weekly } from "../horizon/profile.js";

/** Numbers of formats 1 and 2 by name; format 1 has the median and lacks the means of the profiles. */
const numbersOf = (format: number, horizon: number): readonly (readonly [name: string, length: number])[] => [
  ["adjusted", 1],
  ["squaredChange", 1],
  ["day", 1],
  ["week", 1],
  ...(format === 1
    ? ([["median", 1]] as const)
    : ([
        ["dayMean", 1],
        ["weekMean", 1],
      ] as const)),
  ["levels", levelRates.length],
  ["levelSquares", levelRates.length],
  ["adjustmentLosses", 3],
  ["daily", profileSize(daily)],
  ["weekly", profileSize(weekly)],
  ["bases", horizon],
  ["units", horizon],
  ["adjustedValues", horizon],
  ["adjustedScales", horizon],
  ["squaredErrors", horizon - 1],
];
/** Rings of the last event, of which one number is left. */
const rings: Readonly<Record<string, "base" | "unit" | "adjustedValue" | "adjustedScale">> = {
  bases: "base",
  units: "unit",
  adjustedValues: "adjustedValue",
  adjustedScales: "adjustedScale",
};

/** Features of formats 1 to 6, a multiple of four: of the next value, and of further steps since format 3. */
const vector = 36;
const stepVector = 20;
const covariance = covarianceSize(vector);
/** The level that has the rate of those of adjustments. */
const adjustedLevel = 2;
/** How much worse than the day the lasting one begins: a share of a twentieth. */
const unproven = 60;
/** Errors that a size taken over stands for. */
const assumedErrors = 100;

/** What this release keeps for further steps. */
export interface CurrentHorizons {
  readonly layout: HorizonLayout;
  /** The models of a new key; where the next value has one, that is the first. */
  readonly freshModels: Float32Array;
  /** Floats of the model of the next value; 0 where there is none. */
  readonly nextSize: number;
}

/** Converts the state of a key with so many events in an older format. Throws SNAPSHOT_CORRUPT where a length is another one. */
export function convertHorizons(
  state: HorizonState,
  count: number,
  format: number,
  current: CurrentHorizons,
): HorizonState {
  const converted = format === 6 ? state : toFormat6(state, count, format, asOfFormat6(current));
  return { ...converted, models: withHours(converted.models, current) };
}

/** A run of floats in a key's models that all formats keep as they are but for its length: what is longer is appended. */
type ModelPart = readonly [ofFormat6: number, now: number];

/** The parts of the models in order: vectors of the features, a covariance and mean squared errors, of the next value and of further steps. */
function modelParts({ layout, nextSize }: CurrentHorizons): readonly ModelPart[] {
  const steps = layout.horizon - 1;
  const model = (vectors: number, then: number, now: number, squares: number): readonly ModelPart[] => [
    ...Array.from({ length: vectors }, (): ModelPart => [then, now]),
    [covarianceSize(then), covarianceSize(now)],
    [squares, squares],
  ];
  return [
    ...(nextSize > 0 ? model(3, vector, horizonFeatures, 4) : []),
    ...(steps > 0 ? model(steps, stepVector, stepFeatures, 4 * Math.ceil(steps / 4)) : []),
  ];
}

/** The models of a new key as format 6 had them. */
function asOfFormat6(current: CurrentHorizons): CurrentHorizons {
  const models: number[] = [];
  let at = 0;
  for (const [then, now] of modelParts(current)) {
    models.push(...current.freshModels.subarray(at, at + then));
    at += now;
  }
  const nextSize = current.nextSize > 0 ? 3 * vector + covariance + 4 : 0;
  return { layout: current.layout, freshModels: Float32Array.from(models), nextSize };
}

/** Models of format 6 with the features of a level by the hour behind the others. */
function withHours(models: Float32Array, current: CurrentHorizons): Float32Array {
  const wider = current.freshModels.slice();
  let from = 0;
  let to = 0;
  for (const [then, now] of modelParts(current)) {
    wider.set(models.subarray(from, from + then), to);
    from += then;
    to += now;
  }
  if (from !== models.length) throw corrupt("an array has the wrong length");
  return wider;
}

/** Floats of the covariance of so many features, a multiple of four: those of fewer are the first of it. */
function covarianceSize(features: number): number {
  return (features / 4) * (features / 4 + 1) * 8;
}

function toFormat6(
  state: HorizonState,
  count: number,
  format: number,
  current: CurrentHorizons,
): HorizonState {
  const { layout, freshModels, nextSize } = current;
  const { horizon, bands, levels, f64: n, f32: s } = layout;
  // Of the next value alone all formats from 2 on keep the same.
  if (format === 5 || (format > 1 && horizon === 1)) return withLastingDay(state, layout);
  if (format === 4) return withBands(state, format, current);
  if (format === 3) return withNextFeature(withBands(state, format, current), current);
  const last = Math.max(count - 1, 0);
  const f64 = new Float64Array(n.size);
  let at = 0;
  for (const [name, length] of numbersOf(format, horizon)) {
    const part = state.f64.subarray(at, at + length);
    at += length;
    const scalar = rings[name];
    if (scalar !== undefined) f64[n[scalar]] = part[last % horizon]!;
    else if (name === "squaredErrors") {
      for (const { index, first, last: end } of bands) {
        const steps = end - first + 1;
        for (let step = first; step <= end; step++) {
          f64[n.squaredErrors + index] = f64[n.squaredErrors + index]! + part[step - 2]! / step / steps;
        }
      }
    } else if (name !== "median") f64.set(part, n[name as keyof typeof n]);
  }
  const oldSize = 3 * horizon * vector + covariance + 4 * Math.ceil(horizon / 4);
  if (at !== state.f64.length || state.f32.length < adjustedChanges || state.models.length !== oldSize) {
    throw corrupt("an array has the wrong length");
  }
  if (format === 1) {
    f64[n.dayMean] = profileMean(f64, n.daily, daily);
    f64[n.weekMean] = profileMean(f64, n.weekly, weekly);
  }
  assumeLastingDay(f64, layout);
  const f32 = new Float32Array(s.size);
  for (let event = Math.max(0, count - adjustedChanges); event < count; event++) {
    f32[s.changes + (event % layout.changes)] = state.f32[event % adjustedChanges]!;
  }
  f32.fill(initialQuantile, s.quantiles, s.quantiles + 2 * levels * bands.length);
  f32.fill(Math.min(count, assumedErrors), s.tracked, s.tracked + bands.length);
  return {
    f64,
    f32,
    models: nextSize > 0 ? withNext(freshModels, state.models, horizon, last) : freshModels.slice(),
  };
}

/** The state with what blocks keep given to today's: their bands are what was a block. */
function withBands(
  { f64, f32, models }: HorizonState,
  format: number,
  current: CurrentHorizons,
): HorizonState {
  const { blocks, bands, f64: n, f32: s } = current.layout;
  const experts = horizonExperts.length;
  const entries = bands.map(({ last }) => {
    const stride = last <= 6 ? 1 : last <= 32 ? 5 : last <= 64 ? 11 : 13;
    return Math.ceil((last + stride - 1) / stride);
  });
  const waiting = entries.reduce((sum, count) => sum + count, 0);
  const mixed = bands.length * experts;
  const quantiles = s.regrets + 3 * mixed;
  const waitingAt = quantiles + s.waiting - s.quantiles;
  const rings = waitingAt + waiting * (1 + experts) + entries.at(-1)! * (1 + slopeRates.length);
  if (
    f64.length !== n.waitingBases + 2 * waiting ||
    f32.length !== rings + (format === 3 ? s.nexts : s.size) - s.phases ||
    models.length !== current.freshModels.length
  ) {
    throw corrupt("an array has the wrong length");
  }
  const numbers = new Float64Array(n.size);
  const singles = new Float32Array(s.size);
  numbers.set(f64.subarray(0, n.waitingBases));
  assumeLastingDay(numbers, current.layout);
  singles.set(f32.subarray(0, s.regrets));
  for (const { index, bands: own } of blocks) {
    const from = s.regrets + own.at(-1)!.index * experts;
    [s.regrets, s.squares, s.losses].forEach((at, i) => {
      singles.set(f32.subarray(from + i * mixed, from + i * mixed + experts), at + index * experts);
    });
  }
  singles.set(f32.subarray(quantiles, waitingAt), s.quantiles);
  singles.set(f32.subarray(rings), s.phases);
  return { f64: numbers, f32: singles, models };
}

/** The state with a profile of the lasting day. */
function withLastingDay(state: HorizonState, layout: HorizonLayout): HorizonState {
  const { f64: n } = layout;
  if (state.f64.length !== n.lasting) throw corrupt("an array has the wrong length");
  const f64 = new Float64Array(n.size);
  f64.set(state.f64);
  assumeLastingDay(f64, layout);
  return { ...state, f64 };
}

/** Takes the day for the lasting one, and a level of the adjusted values for those of all adjustments. */
function assumeLastingDay(f64: Float64Array, { f64: n }: HorizonLayout): void {
  f64.copyWithin(n.lasting, n.daily, n.daily + profileSize(daily));
  f64[n.lastingDay] = f64[n.day]!;
  f64[n.lastingMean] = f64[n.dayMean]!;
  f64[n.lastingLoss] = f64[n.adjustmentLosses + 1]!;
  f64.fill(f64[n.levels + adjustedLevel]!, n.adjustmentLevels, n.adjustmentLevels + profiles);
  // Shares between the profiles go on as they were.
  f64[n.adjustmentDistances] = f64[n.adjustmentLosses + 1]!;
  f64[n.adjustmentDistances + 1] = f64[n.adjustmentLosses + 2]!;
  f64[n.adjustmentDistances + 2] = f64[n.adjustmentLosses + 1]! + unproven;
}

/** The state with a feature that the models of further steps know nothing of, in the place of another one. */
function withNextFeature(
  state: HorizonState,
  { layout, freshModels, nextSize }: CurrentHorizons,
): HorizonState {
  const models = state.models.slice();
  let at = nextSize;
  for (let step = 2; step <= layout.horizon; step++, at += stepVector) models[at + nextFeature] = 0;
  for (let feature = 0; feature < stepVector; feature++) {
    for (const place of covarianceOf(feature, nextFeature)) models[at + place] = freshModels[at + place]!;
  }
  return { ...state, models };
}

/** Where a covariance has an entry: of each four rows the columns up to the end of their own block, in which both halves are. */
function covarianceOf(a: number, b: number): readonly number[] {
  const place = (row: number, column: number): number => {
    const block = Math.floor(row / 4);
    return 8 * block * (block + 1) + (row % 4) * 4 * (block + 1) + column;
  };
  const inOneBlock = Math.floor(a / 4) === Math.floor(b / 4);
  return inOneBlock ? [place(a, b), place(b, a)] : [place(Math.max(a, b), Math.min(a, b))];
}

/** The models of a new key, with the model of step 1 for that of the next value. */
function withNext(models: Float32Array, old: Float32Array, horizon: number, last: number): Float32Array {
  const next = models.slice();
  const place = (last % horizon) * vector;
  next.set(old.subarray(0, vector));
  next.set(old.subarray(horizon * vector + place, horizon * vector + place + vector), vector);
  next.set(old.subarray(2 * horizon * vector + place, 2 * horizon * vector + place + vector), 2 * vector);
  const from = 3 * horizon * vector;
  next.set(old.subarray(from, from + covariance + 1), 3 * vector);
  return next;
}
