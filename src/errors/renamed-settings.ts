/** Lists every renamed setting by its place. */
import {
  newNameText,
  renamedForecasterOptions,
  renamedModelSettings,
  renamedSymbolOptions,
  type RenamedNames,
} from "./renamed-options.js";

const connection = {
  brokers: { name: "bootstrapServers" },
  producer: { name: "producerClient" },
  compression: { name: "compressionType" },
  fetchBytes: { name: "maxPartitionFetchBytes" },
  fetchWaitMs: { name: "fetchMaxWaitMs" },
} as const satisfies RenamedNames;

/** Old names by place: a section of the configuration, the options of a function, or the command line. */
export const renamedSettings = {
  configuration: { application: { name: "applicationId" } },
  kafka: connection,
  server: { page: { name: "pageEnabled" } },
  decode: { maxBytes: { name: "maxValueBytes" } },
  snapshot: { everySeconds: { name: "everyMs", change: "in milliseconds instead of seconds" } },
  model: renamedModelSettings,
  forecasterOptions: renamedForecasterOptions,
  symbolOptions: renamedSymbolOptions,
  kafkaOptions: { ...connection, application: { name: "applicationId" }, ssl: { name: "tls" } },
  flags: { "--symbols": { name: "--max-symbols" } },
} as const satisfies Record<string, RenamedNames>;

/** A place of old names. */
export type RenamedIn = keyof typeof renamedSettings;

/** Returns the text for an old name, or undefined for any other name. `prefix` precedes the new name. */
export function renamedText(place: string, name: string, prefix = ""): string | undefined {
  const places: Readonly<Record<string, RenamedNames>> = renamedSettings;
  return Object.hasOwn(places, place) ? newNameText(places[place]!, name, prefix) : undefined;
}
