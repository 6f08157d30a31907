/** Declares the settings of windows: raw events become one observation per key and window of event time. */
import type { ForecasterSettings } from "../options.js";
import { durationMs, durationText } from "./duration.js";

/** Complete settings of windows. A state belongs to windows of the same settings. */
export type AggregateSettings = NonNullable<ForecasterSettings["aggregate"]>;

/** Returns the settings with equal texts for equal durations. */
export function canonicalWindows(settings: AggregateSettings): AggregateSettings {
  const canonical = (text: string): string => durationText(durationMs(text));
  return {
    ...settings,
    every: canonical(settings.every),
    grace: canonical(settings.grace),
    maxAhead: canonical(settings.maxAhead),
  };
}

/** Returns the value of a window without events. */
export function emptyValue({ by, empty }: AggregateSettings): number {
  const kind = empty ?? (by === "count" || by === "sum" ? "zero" : "missing");
  return kind === "zero" ? 0 : NaN;
}

/** Returns the quantile of `by`, from 0 to 1; undefined unless it is a percentile. */
export function quantileOf({ by }: AggregateSettings): number | undefined {
  return by.startsWith("p") ? Number(by.slice(1)) / 100 : undefined;
}
