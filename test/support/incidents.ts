/** Scored values for the tracker of incidents. */
import { Gates } from "../../src/forecast/incidents/gates.js";
import {
  IncidentTracker,
  type Incident,
  type IncidentChange,
  type ScoredValue,
} from "../../src/forecast/incidents/incidents.js";
import { incidentSchema } from "../../src/forecast/incidents/schema.js";

/** A tracker with these settings and room for some keys. */
export function trackerOf(options: object = {}, { keys = 1, timeZone = "UTC" } = {}): IncidentTracker {
  const settings = incidentSchema.parse(options);
  const tracker = new IncidentTracker(
    { confirm: settings.confirm, alarmRate: 0.001 },
    new Gates(settings, { timeZone }),
  );
  tracker.rows.reserve(keys);
  return tracker;
}

/** The value of a minute, ordinary unless told otherwise. */
export function scoredValue(minute: number, given: Partial<ScoredValue> = {}): ScoredValue {
  return {
    position: minute,
    time: minute * 60_000,
    value: 10,
    expected: 10,
    score: 0.1,
    deviation: 5,
    alarm: { kind: "spike", direction: "above", settled: true },
    ...given,
  };
}

export interface Told {
  readonly position: number;
  readonly change: IncidentChange;
  readonly incident: Incident;
}

/** What a key's values do to its incidents. */
export function told(tracker: IncidentTracker, values: readonly ScoredValue[], slot = 0): Told[] {
  return values.flatMap((scored) => {
    const change = tracker.observe(slot, scored);
    if (change === undefined) return [];
    return [{ position: scored.position, change, incident: tracker.incidentOf(slot)! }];
  });
}

/** Values of these scores, one a minute. */
export function ofScores(scores: readonly number[], given: Partial<ScoredValue> = {}): ScoredValue[] {
  return scores.map((score, minute) => scoredValue(minute, { score, ...given }));
}

export const ordinary = (count: number): number[] => Array.from({ length: count }, () => 0.1);
