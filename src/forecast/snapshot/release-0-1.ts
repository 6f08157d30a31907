/**
 * Takes over the rows of a key as release 0.1 laid them out (format 1 of records): what has a place by the same name goes
 * there, and what has none starts as that of a new key. The layouts of that release are frozen here.
 */
import { horizonExperts, pendingAt, type HorizonLayout } from "../horizon/layout.js";
import type { HorizonState } from "../horizon/horizons.js";
import { daily, profileMean, profileSize, weekly } from "../horizon/profile.js";
import { number, ownChanges, recentChanges, type KeyLayout } from "../keys/layout.js";
import type { ForecasterSettings } from "../settings.js";
import { corrupt } from "./record.js";
import type { KeyState } from "./snapshot.js";

/** A field of a row: its name and its length. */
type Field = readonly [name: string, length: number];

const tailLevel = 0.9;
/** Values that the release kept of each feature. */
const featureNumbers = 5;
/** Singles of each expert's state. */
const expertSizes = {
  persistence: 0,
  smoothing: 22,
  median: 1,
  recurrent: 0,
  regression: 0,
  seasonal: 0,
} as const;
type ExpertName = keyof typeof expertSizes;
const stepExperts = ["persistence", "median", "smoothing", "daily", "weekly", "regression"] as const;
const flatExperts = 2;

/** What this release's rows are like. */
export interface CurrentRows {
  readonly settings: ForecasterSettings;
  readonly layout: KeyLayout;
  readonly expertNames: readonly string[];
  readonly horizon: HorizonLayout | undefined;
  /** Fills the rows of a new key with the value that it has last. */
  readonly start: (f64: Float64Array, f32: Float32Array, value: number) => void;
}

export class Release01 {
  readonly #rows: CurrentRows;
  readonly #experts: readonly ExpertName[];
  readonly #f64: readonly Field[];
  readonly #f32: readonly Field[];

  constructor(rows: CurrentRows) {
    this.#rows = rows;
    const { readout } = rows.settings;
    const shared = ["persistence", "smoothing", "median", "recurrent"] as const;
    if (readout === "shared") this.#experts = shared;
    else
      this.#experts =
        readout === "compact" ? [...shared, "regression"] : [...shared, "regression", "seasonal"];
    this.#f64 = numbersOf(rows.settings);
    this.#f32 = singlesOf(rows.settings, this.#experts);
  }

  /** Turns a key's arrays into those of this release. Throws SNAPSHOT_CORRUPT where a length is another one. */
  convert(state: KeyState): KeyState {
    const { layout, start } = this.#rows;
    const f64 = new Float64Array(layout.f64Size);
    const f32 = new Float32Array(layout.f32Size);
    const old = fieldsOf(this.#f64, state.f64);
    start(f64, f32, old("held")[0]!);
    this.#copyNumbers(old, f64);
    this.#copySingles(state.f32, f32);
    this.#deriveNumbers(f64, f32);
    const horizons = state.horizons && this.#convertHorizons(state.horizons);
    return { ...state, f64, f32, horizons };
  }

  /** Turns a row of singles alone into one of this release: that of a waiting window. */
  convertSingles(singles: Float32Array): Float32Array {
    const f32 = new Float32Array(this.#rows.layout.f32Size);
    this.#copySingles(singles, f32);
    return f32;
  }

  #copyNumbers(old: Fields<Float64Array>, f64: Float64Array): void {
    for (const [name] of this.#f64) {
      if (name !== "features") f64.set(old(name), number[name as keyof typeof number]);
    }
    const features = old("features");
    const blockSize = (f64.length - number.features) / Math.max(this.#rows.layout.featureCount, 1);
    for (
      let from = 0, to = number.features;
      from < features.length;
      from += featureNumbers, to += blockSize
    ) {
      f64.set(features.subarray(from, from + featureNumbers), to);
    }
  }

  /** What follows from the numbers of the release. */
  #deriveNumbers(f64: Float64Array, f32: Float32Array): void {
    const { layout } = this.#rows;
    const scale = Math.sqrt(f64[number.squaredChange]!);
    f64[number.pending] = f64[number.base]! + scale * f32[layout.mixture]!;
    f32[layout.moves] = Math.max(0, f64[number.observed]! - 1);
    // How often values repeat is not known.
    f32.fill(0, layout.atoms, layout.spread);
  }

  #copySingles(singles: Float32Array, f32: Float32Array): void {
    const { layout, expertNames, settings } = this.#rows;
    const old = fieldsOf(this.#f32, singles);
    for (const [name] of this.#f32) {
      const at = layout[name as keyof KeyLayout];
      if (typeof at === "number") f32.set(old(name), at);
    }
    for (const name of ["forecasts", "regrets", "squares"] as const) {
      this.#experts.forEach((expert, e) => {
        const place = expertNames.indexOf(expert);
        if (place >= 0) f32[layout[name] + place] = old(`each ${name}`)[e]!;
      });
    }
    for (const expert of this.#experts) {
      const place = expertNames.indexOf(expert);
      if (place >= 0) f32.set(old(`state of ${expert}`), layout.experts[place]);
    }
    const levels = settings.intervalLevels.length;
    const quantiles = old("each quantile");
    for (let side = 0; side < 2; side++)
      f32.set(quantiles.subarray(0, levels), layout.quantiles + side * levels);
  }

  #convertHorizons(state: HorizonState): HorizonState {
    const layout = this.#rows.horizon;
    if (layout === undefined) throw corrupt("an array has the wrong length");
    const { horizon, levels, f64: n, f32: s, pendingSize } = layout;
    const f64 = new Float64Array(n.size);
    const oldNumbers = fieldsOf(horizonNumbers(horizon), state.f64);
    for (const [name] of horizonNumbers(horizon)) {
      // Steps take the median from the expert of the next value.
      if (name !== "median") f64.set(oldNumbers(name), n[name as keyof typeof n]);
    }
    f64[n.dayMean] = profileMean(f64, n.daily, daily);
    f64[n.weekMean] = profileMean(f64, n.weekly, weekly);
    const f32 = new Float32Array(s.size);
    const fields = horizonSingles(horizon, levels);
    const first = fields.slice(0, -2);
    const length = first.reduce((sum, [, size]) => sum + size, 0);
    // The release had intervals of the first level alone; states that were made since have the others too.
    const old = fieldsOf(state.f32.length === length ? first : fields, state.f32);
    f32.set(old("changes"), s.changes);
    f32.set(old("flat"), s.flat);
    const steps = horizon - 1;
    for (let step = 0; step < steps; step++) {
      stepExperts.forEach((expert, e) => {
        const place = horizonExperts.indexOf(expert);
        const from = step * stepExperts.length + e;
        f32[s.regrets + step * horizonExperts.length + place] = old("regrets")[from]!;
        f32[s.squares + step * horizonExperts.length + place] = old("squares")[from]!;
      });
      for (let level = 0; level < levels; level++) {
        const known = level === 0 || state.f32.length > length;
        const from =
          level === 0
            ? old("quantiles")
            : known
              ? old("further quantiles").subarray((level - 1) * steps)
              : [];
        for (let side = 0; side < 2; side++) {
          f32[s.quantiles + (2 * level + side) * steps + step] = known ? from[step]! : initialQuantile;
        }
      }
    }
    f32.set(old("pending").subarray(0, pendingSize), s.pending);
    stepExperts.slice(flatExperts).forEach((expert, e) => {
      const place = horizonExperts.indexOf(expert) - flatExperts + 1;
      const from = (e + 1) * pendingSize;
      f32.set(old("pending").subarray(from, from + pendingSize), s.pending + place * pendingSize);
    });
    return { ...state, f64, f32 };
  }
}

const initialQuantile = 2;

/** A look-up of the parts of an array by the names of its fields. */
type Fields<T> = (name: string) => T;

/** Throws SNAPSHOT_CORRUPT where the array has another length than its fields. */
function fieldsOf<T extends Float32Array | Float64Array>(fields: readonly Field[], array: T): Fields<T> {
  const parts = new Map<string, T>();
  let at = 0;
  for (const [name, length] of fields) {
    parts.set(name, array.subarray(at, at + length) as T);
    at += length;
  }
  if (at !== array.length) throw corrupt("an array has the wrong length");
  return (name) => parts.get(name)!;
}

function trackedLevels({ intervalLevels }: ForecasterSettings): readonly number[] {
  return intervalLevels.includes(tailLevel) ? intervalLevels : [...intervalLevels, tailLevel];
}

function numbersOf({ featureCount }: ForecasterSettings): Field[] {
  const names = [
    "count",
    "observed",
    "base",
    "held",
    "time",
    "gap",
    "mean",
    "variance",
    "squaredChange",
  ] as const;
  const later = ["squaredError", "recentSquaredError", "undisturbed"] as const;
  const single = [...names, ...later].map((name): Field => [name, 1]);
  return [...single, ["features", featureNumbers * featureCount]];
}

function singlesOf(settings: ForecasterSettings, experts: readonly ExpertName[]): Field[] {
  const { bpttSteps, featureCount, readout } = settings;
  return [
    ["mixture", 1],
    ["each forecasts", experts.length],
    ["each regrets", experts.length],
    ["each squares", experts.length],
    ["excess", 1],
    ["each quantile", trackedLevels(settings).length],
    ["tail", 3],
    ["usual", 1],
    ["changes", bpttSteps + recentChanges],
    ["ownChanges", ownChanges[readout]],
    ["levels", bpttSteps],
    ["gaps", bpttSteps],
    ["phases", bpttSteps],
    ["features", bpttSteps * 2 * featureCount],
    ...experts.map((expert): Field => [`state of ${expert}`, expertSizes[expert]]),
    ["seasonal", readout === "full" ? 1 : 0],
  ];
}

function horizonNumbers(horizon: number): Field[] {
  return [
    ["adjusted", 1],
    ["squaredChange", 1],
    ["day", 1],
    ["week", 1],
    ["median", 1],
    ["levels", 5],
    ["levelSquares", 5],
    ["adjustmentLosses", 3],
    ["daily", profileSize(daily)],
    ["weekly", profileSize(weekly)],
    ["bases", horizon],
    ["units", horizon],
    ["adjustedValues", horizon],
    ["adjustedScales", horizon],
    ["squaredErrors", horizon - 1],
  ];
}

function horizonSingles(horizon: number, levels: number): Field[] {
  const steps = horizon - 1;
  const pendingSize = pendingAt(horizon + 1, 0);
  return [
    ["changes", 24],
    ["regrets", steps * stepExperts.length],
    ["squares", steps * stepExperts.length],
    ["quantiles", steps],
    ["flat", flatExperts * horizon],
    ["pending", (2 + stepExperts.length - flatExperts) * pendingSize],
    ["further quantiles", steps * (levels - 1)],
    ["further halves", pendingSize * (levels - 1)],
  ];
}
