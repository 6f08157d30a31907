/** Takes the section `decode` of a configuration for files and pipes, beside the options that replace its settings. */
import { missingWords } from "../../../adapters/files/csv/cells.js";
import { readObservationLine } from "../../../adapters/files/json-lines.js";
import { decodedLines, type LineForm, type LineReader } from "../../../adapters/files/line-records.js";
import type { Config } from "../../../config/schema.js";
import type { ForecasterSettings } from "../../../forecast/settings.js";
import {
  decodeForWindows,
  decodeSchema,
  featureCountOf,
  pathNames,
  type DecodeSettings,
} from "../../../pipeline/decode-settings.js";
import { missingTexts } from "../../../pipeline/decode/number.js";
import { detectingTimeReader } from "../../../pipeline/times/detection.js";
import { flagNames } from "../../../pipeline/times/reader.js";
import { formatOf } from "./format.js";

/** What reading goes by: options, and the configuration that `withConfig` read. */
export interface DecodeFlags extends LineForm {
  readonly value?: string;
  readonly missing?: readonly string[];
  readonly encoding?: string;
  readonly features?: readonly string[];
  /** Undefined if the configuration leaves the section at its defaults. */
  readonly decode?: DecodeSettings;
}

/**
 * Returns the settings of records with the options in their place, and the names of the features.
 *
 * @returns undefined if the section is left at its defaults.
 */
export function decodeOf(
  { decode, aggregate }: Pick<Config, "decode" | "aggregate">,
  { features, timeUnit, timeFormat, timeZone, missing = [], value }: DecodeFlags,
): Required<Pick<DecodeFlags, "decode" | "features">> | undefined {
  if (JSON.stringify(decode) === JSON.stringify(decodeSchema.parse({}))) return undefined;
  const isTimeGiven = (timeUnit ?? timeFormat) !== undefined;
  const own: DecodeSettings = {
    ...decode,
    ...(features !== undefined && { features: [...features] }),
    ...(value !== undefined && { value, series: undefined }),
    ...(isTimeGiven && { timeUnit, timeFormat }),
    ...(timeZone !== undefined && { timeZone }),
    missing: [...decode.missing, ...missing],
  };
  const names = own.features.map((path) => pathNames(path).join("."));
  const ofSeries = featureCountOf(own) - names.length;
  return {
    decode: aggregate === undefined ? own : decodeForWindows(own, aggregate.by),
    features: [...names, ...Array.from({ length: ofSeries }, (_, i) => `feature ${i + 1} of the series`)],
  };
}

/**
 * Returns how lines are read: as the section `decode` says, or as observations with key, time and value.
 *
 * @throws SETTING_INVALID for formats that lines do not have.
 */
export async function lineReader(
  flags: DecodeFlags,
  { aggregate }: Pick<ForecasterSettings, "aggregate">,
  notice: (text: string) => void,
): Promise<LineReader> {
  const { decode, features = [], missing = [], key, time, value } = flags;
  if (decode !== undefined) {
    const format =
      decode.format === "module" ? await formatOf({ decode, schemaRegistry: {} as never }) : undefined;
    return decodedLines(decode, format, flags, notice);
  }
  const reading = {
    features,
    names: { key, time, value },
    timeOf: detectingTimeReader(flags, flagNames, notice),
    isMissing: missingTexts([...missingWords, ...missing]),
    // Events that are counted need no value.
    lacksValue: aggregate?.by === "count" ? undefined : once(notice),
  };
  return (line) => ({ readings: [readObservationLine(line, reading)], refused: [] });
}

/** Returns a function that passes its first note on. */
function once(tell: (note: string) => void): (note: string) => void {
  let isTold = false;
  return (note) => {
    if (!isTold) tell(note);
    isTold = true;
  };
}
