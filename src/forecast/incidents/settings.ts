/** Names the settings that decide which alarms become incidents. */
import type { ForecasterSettings } from "../options.js";

/** Days of the week, Sunday first as in JavaScript. */
export const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** The settings of incidents, with every default filled in. */
export type IncidentSettings = Omit<ForecasterSettings["detection"], "enabled" | "recurring">;
/** A span of time, or hours of some days, in which incidents are muted. */
export type QuietWindow = IncidentSettings["quiet"][number];
