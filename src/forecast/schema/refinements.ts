/** Lists what the schemas of settings ask beyond types and ranges. Schemas and the shapes made from them share these functions. */
import { parseIsoTime } from "../iso-time.js";
import { durationMs, maxOpenWindows } from "../windows/duration.js";

/** Two ends of a time. */
interface Ends {
  readonly from: string;
  readonly to: string;
}

export const areDistinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

/** Whether the host's `Intl` knows a zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Whether the smallest value is below the greatest, where both are numbers. */
export const isRange = ({ min, max }: { readonly min?: unknown; readonly max?: unknown }): boolean =>
  typeof min !== "number" || typeof max !== "number" || min < max;

/** Whether the text is a regular expression. */
export function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

export const isInstant = (text: string): boolean => !Number.isNaN(parseIsoTime(text));

export const isForward = ({ from, to }: Ends): boolean => parseIsoTime(from) < parseIsoTime(to);

/** Whether times of a day bound some of its hours. */
export const isDaily = ({ from, to }: Ends): boolean => from !== to;

export const isConfirmable = ({ count, of }: { readonly count: number; readonly of: number }): boolean =>
  count <= of;

export const isLength = (duration: string): boolean => durationMs(duration) > 0;

export const isGraceBounded = ({
  every,
  grace,
}: {
  readonly every: string;
  readonly grace: string;
}): boolean => !(durationMs(grace) > maxOpenWindows * durationMs(every));
