/** Finds the incidents of one alarm rate, with every choice of gates, beside a forecaster that replays a sample. */
import { Detection, type DetectedEvent } from "../../forecast/detection/detection.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { readAlarm } from "../../forecast/incidents/alarm-deviation.js";
import { Gates } from "../../forecast/incidents/gates.js";
import { IncidentTracker, type Incident } from "../../forecast/incidents/incidents.js";
import type { IncidentSettings } from "../../forecast/incidents/settings.js";
import { LocalClock } from "../../forecast/keys/local-clock.js";

/** An incident of the sample, as it was last known. */
export interface FoundIncident {
  readonly slot: number;
  /** Event time at which the incident was opened, in epoch milliseconds: not before its begin. */
  readonly toldAt: number;
  incident: Incident;
}

export interface WatchSettings {
  readonly alarmRate: number;
  readonly recurring: boolean;
  readonly timeZone: string;
  /** Returns the key of a slot. */
  readonly keyOf?: ((slot: number) => string) | undefined;
  /** Returns an exogenous feature of a slot's event. */
  readonly featureOf?: ((slot: number, feature: number) => number) | undefined;
}

/** The incidents with one choice of gates. */
class GatedWatch {
  readonly gates: Gates;
  readonly tracker: IncidentTracker;
  readonly found: FoundIncident[] = [];
  /** By slot: the last incident of the key. */
  readonly #last: (FoundIncident | undefined)[] = [];

  constructor({ alarmRate, timeZone, keyOf, featureOf }: WatchSettings, gates: IncidentSettings) {
    this.gates = new Gates(gates, { timeZone, keyOf, featureOf });
    this.tracker = new IncidentTracker({ confirm: gates.confirm, alarmRate }, this.gates);
  }

  observe(slot: number, scored: Parameters<IncidentTracker["observe"]>[1]): void {
    const change = this.tracker.observe(slot, scored);
    if (change === undefined) return;
    const incident = this.tracker.incidentOf(slot)!;
    if (change !== "opened") this.#last[slot]!.incident = incident;
    else this.found.push((this.#last[slot] = { slot, toldAt: scored.time, incident }));
  }

  /** Takes what open incidents have become since they were last told. */
  finish(): void {
    for (const last of this.#last) {
      if (last?.incident.state === "open") last.incident = this.tracker.incidentOf(last.slot)!;
    }
  }
}

/**
 * Watches the forecasts of one forecaster. The alarm rate changes no forecast, so a detector of another rate beside the
 * forecaster finds what a forecaster with this rate would find, to the bit.
 */
export class RateWatch {
  readonly #detection: Detection;
  readonly #gated: readonly GatedWatch[];
  #capacity = 0;

  constructor(settings: WatchSettings, gates: readonly IncidentSettings[]) {
    const clock = new LocalClock(settings.timeZone);
    const { alarmRate, recurring } = settings;
    this.#gated = gates.map((each) => new GatedWatch(settings, each));
    // All choices have the quiet times of the given settings.
    const quiet = this.#gated.find((gated) => gated.gates.hasQuiet)?.gates;
    this.#detection = new Detection({
      ...{ alarmRate, recurring, localOf: (time) => clock.localOf(time) },
      ...(quiet !== undefined && { isQuiet: (time) => quiet.isQuiet(time) }),
    });
  }

  /** Takes an observed value; `position` is its number in the sample. Returns the score, NaN where there is none. */
  observe(slot: number, event: DetectedEvent, position: number): number {
    if (slot >= this.#capacity) this.#reserve(slot);
    const score = this.#detection.score(slot, event);
    if (Number.isNaN(score)) return score;
    const { time, value } = event;
    let scored: Parameters<IncidentTracker["observe"]>[1] | undefined;
    for (const gated of this.#gated) {
      if (!gated.tracker.concerns(slot, score)) continue;
      const expected = event.forecasts.expected[event.row]!;
      scored ??= {
        ...{ position, time, value, expected, score },
        ...readAlarm(this.#detection.rows.rowOf(slot), value - expected),
      };
      gated.observe(slot, scored);
    }
    return score;
  }

  /** Returns the incidents by the choice of gates, each in the order in which they were opened. */
  finish(): readonly (readonly FoundIncident[])[] {
    for (const gated of this.#gated) gated.finish();
    return this.#gated.map(({ found }) => found);
  }

  #reserve(slot: number): void {
    this.#capacity = Math.max(2 * this.#capacity, slot + 1, 16);
    this.#detection.rows.reserve(this.#capacity);
    for (const { tracker } of this.#gated) tracker.rows.reserve(this.#capacity);
  }
}

/** Lets watches see what a forecaster observes. Returns the function that tells the number of the batch's first event. */
export function watchForecaster(
  forecaster: Forecaster,
  watches: readonly RateWatch[],
): (first: number) => void {
  let first = 0;
  forecaster.watch((slot, event) => {
    for (const watch of watches) watch.observe(slot, event, first + event.row);
  });
  return (position) => {
    first = position;
  };
}
