/** Silences of arrivals, without a forecaster. */
import { credit, Silences, type Silence } from "../../src/forecast/incidents/silence/silences.js";
import type { Arrival } from "./arrivals.js";

export const alarmRate = 0.001;

export function silencesOf(keys: number, rate = alarmRate): Silences {
  const silences = new Silences({ alarmRate: rate, localOf: (time) => time }, { isQuiet: () => false });
  silences.reserve(keys);
  return silences;
}

/** What an arrival did: the silence of a key began, or that of its own key ended. */
export interface SilenceTold {
  readonly at: number;
  readonly time: number;
  readonly key: number;
  readonly change: "opened" | "closed";
  readonly silence: Silence;
}

/**
 * What arrivals do to the silences of their keys.
 *
 * @param from Number of the first arrival.
 * @param slotOf Returns the slot of a key and, for the inverse, the key of a slot.
 */
export function tellSilences(
  silences: Silences,
  all: readonly Arrival[],
  from = 0,
  slotOf: (key: number) => number = (key) => key,
): SilenceTold[] {
  const told: SilenceTold[] = [];
  all.forEach(({ key, time }, index) => {
    const at = from + index;
    silences.observe(slotOf(key), at, time);
    if (silences.ended !== undefined) told.push({ at, time, key, change: "closed", silence: silences.ended });
    for (const slot of silences.slots.subarray(0, silences.begun)) {
      told.push({ at, time, key: slotOf(slot), change: "opened", silence: silences.silenceOf(slot)! });
    }
  });
  return told;
}

/** Silences that may be told over so many events. */
export const allowed = (events: number, rate = alarmRate): number => credit + rate * events;
