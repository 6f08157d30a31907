/** Notices local times whose zone nobody named: they are taken as UTC. */
import { isLocalTime } from "../../forecast/iso-time.js";
import { isLocalFormat } from "./format.js";
import { timeReader, type TimeOptionNames, type TimeSettings } from "./reader.js";

/** Returns the note on the first time that is local and taken as UTC; undefined if a zone is named or no time is local. */
export function zoneNotice(
  times: readonly string[],
  settings: TimeSettings,
  names: TimeOptionNames,
): string | undefined {
  const { timeFormat, timeZone } = settings;
  if (
    names.zone === undefined ||
    timeZone !== undefined ||
    (timeFormat !== undefined && !isLocalFormat(timeFormat))
  )
    return undefined;
  const isLocal = (text: string): boolean => timeFormat !== undefined || isLocalTime(text);
  const read = timeReader(settings, names, true);
  for (const text of times.map((time) => time.trim())) {
    if (!isLocal(text)) continue;
    try {
      const meant = new Date(read(text)).toISOString();
      return `times name no zone and are taken as UTC: ${text} is ${meant}; for local times ${names.zone}`;
    } catch {
      // The row is refused where it is read.
    }
  }
  return undefined;
}

/** Texts of a stream that are looked at. */
const judgedTexts = 64;

/** Returns a function that takes the times of a stream and passes on the note on the first local one of its first texts. */
export function zoneNoter(
  settings: TimeSettings,
  names: TimeOptionNames,
  notice: (text: string) => void,
): (time: unknown) => void {
  let left = judgedTexts;
  return (time) => {
    if (left === 0 || typeof time !== "string") return;
    left--;
    const note = zoneNotice([time], settings, names);
    if (note === undefined) return;
    left = 0;
    notice(note);
  };
}
