/** The unit of the numeric times of a file, from the first of them. */
import { UndercurrentError } from "../../../errors/errors.js";
import { plausibleUnit, unitNames, type TimeUnit } from "../../../pipeline/times/epoch.js";
import { instant, numericText } from "../../../pipeline/times/reader.js";

/** Rows that decide the unit. */
export const judgedRows = 64;

export interface DetectedUnit {
  /** Undefined if no time is a number. */
  readonly unit: TimeUnit | undefined;
  /** A note for the user if the unit is not milliseconds. */
  readonly notice?: string;
}

/**
 * The unit in which the first times are plausible, or the named one. Throws TIME_UNIT_UNCLEAR where the numbers are
 * plausible in no unit or in several, have the form of a date, or contradict the named unit.
 *
 * @param times the first times as they are written
 * @param named the unit that the user names
 * @param file what errors call the file
 */
export function detectTimeUnit(
  times: readonly string[],
  named: TimeUnit | undefined,
  file: string,
): DetectedUnit {
  const unclear = (message: string): UndercurrentError =>
    new UndercurrentError("TIME_UNIT_UNCLEAR", `${file}: ${message}`);
  const numbers = times.filter((text) => numericText.test(text)).map((text) => text.trim());
  const first = numbers[0];
  if (first === undefined) return { unit: named };
  const plausible = numbers.map((text) => plausibleUnit(Number(text)));
  const units = [...new Set(plausible.filter((unit) => unit !== undefined))];
  const [unit, second] = units;
  if (named !== undefined) {
    if (unit === undefined || units.includes(named) || plausible.includes(undefined)) return { unit: named };
    throw unclear(`--time-unit ${named} contradicts the times: ${meaning(first, unit)}`);
  }
  const format = dateFormat(numbers);
  if (format !== undefined) {
    throw unclear(
      `times such as ${first} have the form of a date: name it with --time-format ${format}, or the unit with --time-unit`,
    );
  }
  if (unit === undefined) {
    if (numbers.every((text) => Number(text) > 20_000 && Number(text) < 80_000)) {
      throw unclear(
        `times such as ${first} look like a spreadsheet's day numbers: give its cells a date format such as ` +
          "yyyy-mm-dd hh:mm before the export, or name another column with --time",
      );
    }
    throw unclear(
      `times such as ${first} are not plausible as epoch seconds, milliseconds, microseconds or nanoseconds: ` +
        "name another column with --time, the unit with --time-unit, or the format of a date with --time-format",
    );
  }
  if (second !== undefined) {
    const other = numbers[plausible.indexOf(second)]!;
    throw unclear(`the times have several units: ${meaning(first, unit)}, ${meaning(other, second)}`);
  }
  if (unit === "ms") return { unit: undefined };
  const example = numbers[plausible.indexOf(unit)]!;
  return {
    unit,
    notice: `times are taken as epoch ${unitNames[unit]} (--time-unit ${unit}): ${example} is ${instant(Number(example), unit)}`,
  };
}

function meaning(text: string, unit: TimeUnit): string {
  return `as ${unitNames[unit]} ${text} is ${instant(Number(text), unit)} (--time-unit ${unit})`;
}

const dateForms: readonly (readonly [string, RegExp])[] = [
  ["yyyy", /^(?:1[89]|20)\d\d$/],
  ["yyyyMM", /^(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])$/],
  ["yyyyMMdd", dateForm("")],
  ["yyyyMMddHH", dateForm("(?:[01]\\d|2[0-3])")],
  ["yyyyMMddHHmm", dateForm("(?:[01]\\d|2[0-3])[0-5]\\d")],
  ["yyyyMMddHHmmss", dateForm("(?:[01]\\d|2[0-3])[0-5]\\d[0-5]\\d")],
];

function dateForm(timeOfDay: string): RegExp {
  return new RegExp(`^(?:19|20)\\d\\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])${timeOfDay}$`);
}

/** Returns the format of all numbers; undefined if they have none in common. */
function dateFormat(numbers: readonly string[]): string | undefined {
  return dateForms.find(([, form]) => numbers.every((text) => form.test(text)))?.[0];
}
