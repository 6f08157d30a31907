/** Checks the settings of the forecaster and fills in their defaults. */
import { refuseRenamed, renamedForecasterOptions, UndercurrentError } from "../errors/library.js";
import {
  forecasterRanges,
  forecasterShape,
  type ForecasterOptions,
  type ForecasterSettings,
} from "./options.js";

export type { ForecasterOptions, ForecasterSettings };
import { check, type Issue, type Shape } from "./schema/shape.js";
import { canonicalWindows } from "./windows/settings.js";

/** Lists the read-outs, in rising order of bytes per key, and the losses of the mixture. */
export const readoutKinds = ["shared", "compact", "full"] as const;
export const lossKinds = ["absolute", "squared"] as const;

/** Lists the kinds of values: what values of a key can be. */
export const valueKinds = ["level", "count", "rate"] as const;

/** Whether the cell's weights learn. */
export const learningKinds = ["on", "off", "budget"] as const;

/** What a model's weights are at first, and the identity of those that were drawn. */
export const initialKinds = ["auto", "random", "pretrained"] as const;
export const randomWeights = "random";

/** Largest number of exogenous features per event. */
export const maxFeatures = 32;

/** Largest forecast horizon, in values ahead. */
export const maxHorizon = 96;

/**
 * Checks options and fills in the defaults.
 *
 * @throws SETTING_INVALID with the name, value and range of the first setting that is wrong.
 *
 * @example
 * ```ts
 * const settings = forecasterSettings({ hidden: 64 });
 * settings.cell; // "lstm"
 * ```
 */
export function forecasterSettings(options: ForecasterOptions = {}): ForecasterSettings {
  refuseRenamed(renamedForecasterOptions, options);
  const checked = checkedSettings(forecasterShape, options, forecasterRanges) as ForecasterSettings;
  const settings =
    checked.aggregate === undefined
      ? checked
      : { ...checked, aggregate: canonicalWindows(checked.aggregate) };
  const { bounds = {}, kind, featureCount, detection } = settings;
  if (kind !== "level" && typeof bounds.max === "number" && bounds.max <= 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `bounds.max: expected a number above 0 with kind ${kind}, found ${bounds.max}`,
    );
  }
  refuseAbsentFeatures("bounds", bounds, featureCount);
  refuseAbsentFeatures("detection.minimumDeviation", detection.minimumDeviation, featureCount);
  detection.overrides.forEach(({ minimumDeviation }, i) => {
    refuseAbsentFeatures(`detection.overrides.${i}.minimumDeviation`, minimumDeviation, featureCount);
  });
  return settings;
}

function refuseAbsentFeatures(name: string, numbers: object, featureCount: number): void {
  for (const [part, found] of Object.entries(numbers) as [string, number | { feature: number }][]) {
    if (typeof found !== "object" || found.feature < featureCount) continue;
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${name}.${part}: expected the place of one of ${featureCount} features, found ${found.feature}`,
    );
  }
}

/**
 * Returns the bounds that hold for all keys, by the settings `bounds` and `kind`; infinite where there are none. A bound in
 * a feature is each key's own.
 */
export function commonBounds({ bounds = {}, kind }: Pick<ForecasterSettings, "bounds" | "kind">): {
  readonly min: number;
  readonly max: number;
} {
  const min = typeof bounds.min === "number" ? bounds.min : -Infinity;
  const max = typeof bounds.max === "number" ? bounds.max : Infinity;
  return { min: kind === "level" ? min : Math.max(min, 0), max };
}

/**
 * Options checked by a shape, `undefined` standing for the default. `ranges` says in words what each setting takes, by its
 * path. Throws SETTING_INVALID with name, range and value of the first setting that is wrong.
 */
export function checkedSettings(
  shape: Shape,
  options: object,
  ranges: Readonly<Record<string, string>>,
): object {
  const given: [string, unknown][] = Object.entries(options);
  const result = check(shape, Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  if (result.issue !== undefined) throw invalidSetting(result.issue, options, ranges);
  const settings = result.value as Pick<ForecasterSettings, "bpttSteps" | "stride">;
  if (settings.bpttSteps % settings.stride !== 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `bpttSteps: expected a multiple of stride (${settings.stride}), found ${settings.bpttSteps}`,
    );
  }
  return settings;
}

/**
 * The name of a model and the version of its weights, as forecasts carry it: "lstm32@1841", or
 * "lstm32-pretrained-2@1841" where the first weights were trained ones.
 */
export function modelName(
  {
    cell,
    hidden,
    initial = randomWeights,
  }: { readonly cell?: unknown; readonly hidden?: unknown; readonly initial?: string | undefined },
  version: number,
): string {
  const origin = initial === randomWeights ? "" : `-${initial}`;
  return `${String(cell)}${String(hidden)}${origin}@${version}`;
}

function invalidSetting(
  { path, message, expected: ownRange, unknown }: Issue,
  options: object,
  ranges: Readonly<Record<string, string>>,
): UndercurrentError {
  const value = path.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>>)[name], options);
  if (unknown !== undefined) {
    const names = Object.keys(ranges);
    const known =
      names.find((each) => each.toLowerCase().endsWith(plain(unknown))) ??
      names.find((each) => edits(plain(each.slice(each.lastIndexOf(".") + 1)), plain(unknown)) <= 1);
    const nearest = known === undefined ? "" : `; did you mean ${known}?`;
    return new UndercurrentError(
      "SETTING_INVALID",
      `${[...path, unknown].join(".")}: unknown option${nearest}`,
    );
  }
  let length = path.length;
  while (length > 0 && ranges[path.slice(0, length).join(".")] === undefined) length--;
  const range = ranges[path.slice(0, length).join(".")];
  const expected =
    message ?? (length < path.length ? ownRange : undefined) ?? `expected ${range ?? "an object"}`;
  return new UndercurrentError(
    "SETTING_INVALID",
    `${path.join(".") || "options"}: ${expected}; found ${typeof value === "number" ? value : JSON.stringify(value)}`,
  );
}

/** The least number of letters to insert, leave out or replace (Levenshtein's distance). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j]! + (from[i] === to[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

/** A name without what spellings differ in. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
