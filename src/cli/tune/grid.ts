/** The settings that `tune` tries: alarm rates, and gates between alarms and incidents. */
import type { IncidentSettings } from "../../forecast/incidents/settings.js";

/** Alarm rates in steps of 2 to 2.5, so that a choice is within this factor of the incidents a day that are asked for. */
export const alarmRates: readonly number[] = [
  0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
];

/** One way to gate alarms. */
export interface GateChoice {
  readonly name: string;
  /** What differs from the gates of the given settings. */
  readonly changed: Partial<Pick<IncidentSettings, "confirm" | "minimumDeviation" | "direction">>;
}

/** The gates in the order in which they are preferred: the fewer, the better. */
export const gateChoices: readonly GateChoice[] = [
  { name: "none added", changed: {} },
  { name: "confirm 2 of 3", changed: { confirm: { count: 2, of: 3 } } },
  { name: "confirm 3 of 5", changed: { confirm: { count: 3, of: 5 } } },
  { name: "deviation 10 %", changed: { minimumDeviation: { absolute: 0, share: 0.1 } } },
  { name: "deviation 25 %", changed: { minimumDeviation: { absolute: 0, share: 0.25 } } },
  { name: "deviation 50 %", changed: { minimumDeviation: { absolute: 0, share: 0.5 } } },
  { name: "above", changed: { direction: "above" } },
  { name: "below", changed: { direction: "below" } },
];
