/** Lists renamed settings; an old name is an error that names the new one. */
import { UndercurrentError } from "./undercurrent-error.js";

/** The new name of a setting, and what else changed. */
interface NewName {
  readonly name: string;
  /** What else changed, for example the unit. */
  readonly change?: string;
}

const forecaster = {
  levels: { name: "intervalLevels" },
  window: { name: "bpttSteps" },
  windows: { name: "bpttWindows" },
  gradientClip: { name: "maxGradientNorm" },
  huber: { name: "huberDelta" },
  maximumKeys: { name: "maxKeys" },
  keyTimeToLive: { name: "keyTtlMs" },
} as const satisfies Record<string, NewName>;

const connection = {
  brokers: { name: "bootstrapServers" },
  producer: { name: "producerClient" },
  compression: { name: "compressionType" },
  fetchBytes: { name: "maxPartitionFetchBytes" },
  fetchWaitMs: { name: "fetchMaxWaitMs" },
} as const satisfies Record<string, NewName>;

/** Old names by place: a section of the configuration, the options of a function, or the command line. */
export const renamedSettings = {
  configuration: { application: { name: "applicationId" } },
  kafka: connection,
  server: { page: { name: "pageEnabled" } },
  decode: { maxBytes: { name: "maxValueBytes" } },
  snapshot: { everySeconds: { name: "everyMs", change: "in milliseconds instead of seconds" } },
  model: forecaster,
  forecasterOptions: { ...forecaster, features: { name: "featureCount" } },
  symbolOptions: { ...forecaster, symbols: { name: "maxSymbols" }, ngrams: { name: "maxNgrams" } },
  kafkaOptions: { ...connection, application: { name: "applicationId" }, ssl: { name: "tls" } },
  flags: { "--symbols": { name: "--max-symbols" } },
} as const satisfies Record<string, Readonly<Record<string, NewName>>>;

/** A place of old names. */
export type RenamedIn = keyof typeof renamedSettings;

/** Returns the text for an old name, or undefined for any other name. `prefix` precedes the new name. */
export function renamedText(place: string, name: string, prefix = ""): string | undefined {
  const places: Readonly<Record<string, Readonly<Record<string, NewName>>>> = renamedSettings;
  const names = Object.hasOwn(places, place) ? places[place]! : {};
  if (!Object.hasOwn(names, name)) return undefined;
  const { name: renamed, change } = names[name]!;
  return `is called ${prefix}${renamed} now${change === undefined ? "" : `, ${change}`}`;
}

/** Throws SETTING_INVALID with the new name if an option has an old name. `prefix` is the path of the options. */
export function refuseRenamed(place: RenamedIn, options: object | undefined, prefix = ""): void {
  for (const [name, value] of Object.entries(options ?? {})) {
    const text = value === undefined ? undefined : renamedText(place, name, prefix);
    if (text !== undefined) throw new UndercurrentError("SETTING_INVALID", `${prefix}${name}: ${text}`);
  }
}
