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
  pathName,
  type DecodeSettings,
} from "../../../pipeline/decode-settings.js";
import { numberReader } from "../../../pipeline/decode/number.js";
import { lineNumberNames, type NumberForm } from "../../../pipeline/decode/number-text.js";
import { detectingTimeReader } from "../../../pipeline/times/detection.js";
import { flagNames } from "../../../pipeline/times/reader.js";
import { formatOf } from "./format.js";

/** What reading goes by: options, and the configuration that `withConfig` read. */
export interface DecodeFlags extends LineForm, NumberForm {
  readonly value?: string;
  readonly missing?: readonly string[];
  /** Whether texts of JSON lines may be numbers. */
  readonly numbersInText?: boolean;
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
  flags: DecodeFlags,
): Required<Pick<DecodeFlags, "decode" | "features">> | undefined {
  if (JSON.stringify(decode) === JSON.stringify(decodeSchema.parse({}))) return undefined;
  const { features, timeUnit, timeFormat, timeZone, missing = [], value } = flags;
  const isTimeGiven = (timeUnit ?? timeFormat) !== undefined;
  const own: DecodeSettings = {
    ...decode,
    ...(features !== undefined && { features: [...features] }),
    ...(value !== undefined && { value, series: undefined }),
    ...(isTimeGiven && { timeUnit, timeFormat }),
    ...(timeZone !== undefined && { timeZone }),
    missing: [...decode.missing, ...missing],
    numbersInText: decode.numbersInText || flags.numbersInText === true,
    decimal: flags.decimal ?? decode.decimal,
    valueUnit: [...decode.valueUnit, ...(flags.valueUnit ?? [])],
  };
  const names = own.features.map(pathName);
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
  const { numbersInText = false, decimal = ".", valueUnit = [] } = flags;
  const form = { numbersInText, decimal, valueUnit: [...valueUnit], format: "json" as const };
  const numbers = numberReader({ ...form, missing: [...missingWords, ...missing] }, lineNumberNames);
  const reading = {
    features,
    names: { key, time, value },
    timeOf: detectingTimeReader(flags, flagNames, notice),
    numberOf: numbers.read,
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
