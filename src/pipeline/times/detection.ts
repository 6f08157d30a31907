/** Reads the times of a stream whose unit its first plausible number decides. */
import { plausibleUnit, unitNames, type TimeUnit } from "./epoch.js";
import { instant, timeReader, type TimeOptionNames, type TimeSettings } from "./reader.js";
import { UndercurrentError } from "../../errors/errors.js";
import { zoneNoter } from "./zone.js";

/**
 * Returns a reader like `timeReader` that detects the unit. Without a unit or format the first plausible number decides the
 * unit; `notice` reports it unless it is milliseconds. Later numbers must be plausible in that unit. Use it for streams that
 * are read once from their beginning: a replay from elsewhere could decide differently.
 */
export function detectingTimeReader(
  settings: TimeSettings,
  names: TimeOptionNames,
  notice: (text: string) => void,
): (time: unknown) => number {
  const reader = timeReader(settings, names);
  const noteZone = zoneNoter(settings, names, notice);
  const plain = (time: unknown): number => {
    noteZone(time);
    return reader(time);
  };
  if ((settings.timeUnit ?? settings.timeFormat) !== undefined) return plain;
  let unit: TimeUnit | undefined;
  let read = plain;
  return (time) => {
    const found = typeof time === "number" ? plausibleUnit(time) : undefined;
    // Reads a text; refuses a number that is plausible in no unit.
    if (typeof time !== "number" || found === undefined) return plain(time);
    if (unit === undefined) {
      unit = found;
      read = timeReader({ ...settings, timeUnit: unit }, names);
      if (unit !== "ms") {
        notice(
          `times are taken as epoch ${unitNames[unit]} (${names.unit(unit)}): ${time} is ${instant(time, unit)}`,
        );
      }
    }
    if (found === unit) return read(time);
    throw new UndercurrentError(
      "TIME_INVALID",
      `the time is ${time}, which is plausible in ${unitNames[found]}, but the first time is in ${unitNames[unit]}: name the unit (${names.unit(unit)})`,
    );
  };
}
