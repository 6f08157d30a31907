/** Lists renamed options of forecasters; an old name is an error that names the new one. */
import { UndercurrentError } from "./undercurrent-error.js";

/** The new name of a setting, and what else changed. */
export interface NewName {
  readonly name: string;
  /** What else changed, for example the unit. */
  readonly change?: string;
}

/** New names by old names. */
export type RenamedNames = Readonly<Record<string, NewName>>;

export const renamedModelSettings = {
  levels: { name: "intervalLevels" },
  window: { name: "bpttSteps" },
  windows: { name: "bpttWindows" },
  gradientClip: { name: "maxGradientNorm" },
  huber: { name: "huberDelta" },
  maximumKeys: { name: "maxKeys" },
  keyTimeToLive: { name: "keyTtlMs" },
} as const satisfies RenamedNames;

export const renamedForecasterOptions = {
  ...renamedModelSettings,
  features: { name: "featureCount" },
} as const satisfies RenamedNames;

export const renamedSymbolOptions = {
  ...renamedModelSettings,
  symbols: { name: "maxSymbols" },
  ngrams: { name: "maxNgrams" },
} as const satisfies RenamedNames;

/** Returns the text for an old name, or undefined for any other name. `prefix` precedes the new name. */
export function newNameText(names: RenamedNames, name: string, prefix: string): string | undefined {
  if (!Object.hasOwn(names, name)) return undefined;
  const { name: renamed, change } = names[name]!;
  return `is called ${prefix}${renamed} now${change === undefined ? "" : `, ${change}`}`;
}

/** Throws SETTING_INVALID with the new name if an option has an old name. `prefix` is the path of the options. */
export function refuseRenamed(names: RenamedNames, options: object | undefined, prefix = ""): void {
  for (const [name, value] of Object.entries(options ?? {})) {
    const text = value === undefined ? undefined : newNameText(names, name, prefix);
    if (text !== undefined) throw new UndercurrentError("SETTING_INVALID", `${prefix}${name}: ${text}`);
  }
}
