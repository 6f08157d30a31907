/** Guesses the format of a time that cannot be read, for the advice in its error. */

const months = "January|February|March|April|May|June|July|August|September|October|November|December";
const short = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";

/** Forms of a date, and their tokens of luxon. */
const dates: readonly (readonly [RegExp, string | ((text: string) => string)])[] = [
  [/^\d{4}-\d\d-\d\d(?!\d)/, "yyyy-MM-dd"],
  [/^\d{4}\/\d{1,2}\/\d{1,2}(?!\d)/, "yyyy/M/d"],
  [/^\d{4}\.\d{1,2}\.\d{1,2}(?!\d)/, "yyyy.M.d"],
  [/^\d{4}-\d\d(?![\d-])/, "yyyy-MM"],
  [/^\d{4}-W\d\d-\d(?!\d)/, "kkkk-'W'WW-c"],
  [/^\d{4}-W\d\d(?![\d-])/, "kkkk-'W'WW"],
  [/^\d{1,2}\.\d{1,2}\.\d{4}(?!\d)/, "d.M.yyyy"],
  [/^\d{1,2}\.\d{1,2}\.\d\d(?!\d)/, "d.M.yy"],
  [/^(?:\d{1,2}\/){2}(?:\d{4}|\d\d)(?!\d)/, (text) => ofMonthAndDay(text, "/")],
  [/^(?:\d{1,2}-){2}(?:\d{4}|\d\d)(?!\d)/, (text) => ofMonthAndDay(text, "-")],
  [new RegExp(`^(?:${short}) \\d{1,2}, \\d{4}`), "MMM d, yyyy"],
  [new RegExp(`^(?:${months}) \\d{1,2}, \\d{4}`), "MMMM d, yyyy"],
  [new RegExp(`^\\d{1,2}-(?:${short})-\\d{4}`), "d-MMM-yyyy"],
  [new RegExp(`^\\d{1,2} (?:${short}) \\d{4}`), "d MMM yyyy"],
  [new RegExp(`^\\d{1,2}-(?:${short})-\\d\\d(?!\\d)`), "d-MMM-yy"],
  [new RegExp(`^\\d{1,2} (?:${months}) \\d{4}`), "d MMMM yyyy"],
];

const timeOfDay = /^(,? |T)\d{1,2}:\d\d(:\d\d(\.\d{1,3})?)?( ?)([AaPp][Mm])?$/;

/** Whether a text is a date without a time of day. */
export function isDay(text: string): boolean {
  const format = likelyFormat(text.trim());
  return format !== undefined && !/[Hh]/.test(format);
}

/** Whether a text is a time of day without a date. */
export function isTimeOfDay(text: string): boolean {
  return /^\s*\d{1,2}:\d\d(:\d\d(\.\d{1,3})?)?( ?[AaPp][Mm])?\s*$/.test(text);
}

/** Returns a format that reads the text, in the tokens of luxon; undefined for a text of no known form. */
export function likelyFormat(text: string): string | undefined {
  if (text.length > 40) return undefined;
  for (const [form, tokens] of dates) {
    const date = form.exec(text)?.[0];
    if (date === undefined) continue;
    const day = typeof tokens === "string" ? tokens : tokens(date);
    const rest = text.slice(date.length);
    if (rest === "") return day;
    const time = timeOfDay.exec(rest);
    if (time === null) continue;
    const [, gap, seconds, fraction, space, half] = time;
    const clock = `${half === undefined ? "H" : "h"}:mm${seconds === undefined ? "" : ":ss"}`;
    const parts = `${clock}${fraction === undefined ? "" : ".SSS"}${half === undefined ? "" : `${space ?? ""}a`}`;
    return `${day}${gap === "T" ? "'T'" : gap!}${parts}`;
  }
  return undefined;
}

/** The order of month and day, by the one that is above 12; the month first where both may be months. */
function ofMonthAndDay(text: string, separator: string): string {
  const [first, , year] = text.split(separator);
  const order = Number(first) > 12 ? ["d", "M"] : ["M", "d"];
  return [...order, year!.length === 2 ? "yy" : "yyyy"].join(separator);
}

/** Whether a text has a day and a month that may be either. */
export function isOrderUnclear(text: string): boolean {
  const [, first, second] = /^(\d{1,2})[/-](\d{1,2})[/-]\d/.exec(text) ?? [];
  return first !== undefined && Number(first) <= 12 && Number(second) <= 12;
}
