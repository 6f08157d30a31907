/** Numbers, times and sentences as the page words them. */
import type { Nullable, SeriesScore } from "../wire.js";

const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const large = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A thin space that does not break, between a number and its unit. */
const thin = "\u202f";
const none = "–";

/** Values scored before a skill is worth a word. */
const enough = 30;

/** A value of a series in about four significant digits, and never fewer than its whole part below a million. */
export function formatValue(value: Nullable | undefined): string {
  if (value === null || value === undefined) return none;
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  if (size >= 1e6) return compact.format(value);
  return (size >= 1000 ? large : small).format(value);
}

export function formatCount(count: number): string {
  return whole.format(count);
}

export function formatRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : whole.format(rate);
}

/** A ratio as a percentage. */
export function formatPercent(ratio: Nullable, digits = 0): string {
  return ratio === null ? none : `${(ratio * 100).toFixed(digits)}${thin}%`;
}

/** Formats a time in UTC; midnight is the date alone, as in daily series. */
export function formatTime(time: number | undefined): string {
  if (time === undefined || !Number.isFinite(time)) return none;
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return none;
  const text = date.toISOString().replace("T", " ");
  return text.endsWith(" 00:00:00.000Z")
    ? text.slice(0, -14)
    : text.slice(0, text.endsWith(":00.000Z") ? -8 : -5);
}

export function formatInterval(lower: Nullable | undefined, upper: Nullable | undefined): string {
  if (lower === null || lower === undefined || upper === null || upper === undefined) return none;
  return `${formatValue(lower)} to ${formatValue(upper)}`;
}

/** Skill in a word or two: "18 % closer", "4 % further off". */
export function formatSkill(skill: Nullable): string {
  if (skill === null) return none;
  const percent = Math.round(Math.abs(skill) * 100);
  if (percent === 0) return "even";
  return `${percent}${thin}% ${skill > 0 ? "closer" : "further off"}`;
}

/** The skill of one series; a word of patience while it is too young. */
export function formatSeriesSkill(score: SeriesScore): string {
  return score.count < enough ? "settling in" : formatSkill(score.skill);
}

/** Describes how a series is doing, in two parts: the finding and its grounds. */
export function verdict(score: SeriesScore, level: number): readonly [finding: string, grounds: string] {
  if (score.count < enough) {
    return ["Settling in: ", `${score.count} of the first ${enough} values scored.`];
  }
  const finding =
    score.skill === null || Math.round(score.skill * 100) === 0
      ? "As close as repeating the last value"
      : `${formatSkill(score.skill)} than repeating the last value`;
  const grounds =
    `: mean absolute error ${formatValue(score.mae)}, against ${formatValue(score.persistenceMae)} for repeating it. ` +
    `${formatPercent(score.coverage)} of the values were inside the interval (aim: ${formatPercent(level)}).`;
  return [finding, grounds];
}
