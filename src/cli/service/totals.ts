/** Counts the forecasts, keys and open incidents of an instance's tasks. */
import type { IncidentCounts } from "../../forecast/incidents/watcher.js";
import type { TaskEvent } from "../../pipeline/events.js";

export class Totals {
  forecasts = 0;
  /** Of each partition that is held now. */
  readonly #held = new Map<string, { readonly keys: number; readonly openIncidents: IncidentCounts }>();

  get keyCount(): number {
    return [...this.#held.values()].reduce((sum, { keys }) => sum + keys, 0);
  }

  get incidentCounts(): IncidentCounts {
    const sum = { keys: 0, silences: 0, groups: 0, waitingSilences: 0 };
    for (const { openIncidents } of this.#held.values()) {
      sum.keys += openIncidents.keys;
      sum.silences += openIncidents.silences;
      sum.groups += openIncidents.groups;
      sum.waitingSilences += openIncidents.waitingSilences;
    }
    return sum;
  }

  add(event: TaskEvent): void {
    if (event.type === "committed") this.forecasts += event.forecasts;
    if (event.type === "live" || event.type === "committed") this.#held.set(placeOf(event), event);
    if (event.type === "released") this.#held.delete(placeOf(event));
  }
}

function placeOf({ topic, partition }: TaskEvent): string {
  return `${topic}/${partition}`;
}
