/**
 * Takes over the rows of a key as release 0.1 laid them out (format 1 of records): what has a place by the same name goes
 * there, and what has none starts as that of a new key. The layouts of that release are frozen here.
 */
import type { HorizonState } from "../horizon/horizons.js";
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

/** What this release's rows are like. */
export interface CurrentRows {
  readonly settings: ForecasterSettings;
  readonly layout: KeyLayout;
  readonly expertNames: readonly string[];
  /** Converts what a key with so many events keeps for further steps. */
  readonly convertHorizons: (state: HorizonState, count: number) => HorizonState;
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
    const horizons = state.horizons && this.#rows.convertHorizons(state.horizons, f64[number.count]!);
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
}

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
