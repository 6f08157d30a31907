/** Of the batches in a worker thread, the rows of a few keys: those that the live page in the main thread keeps. */
import { keyFilter, type KeptKeys } from "../../adapters/web/live-view.js";
import { copyRow, forecastColumns } from "../../forecast/columns.js";
import type { GroupNote } from "../../forecast/incidents/groups/watcher.js";
import type { IncidentNote } from "../../forecast/incidents/watcher.js";
import type { ForecastBatch } from "../../pipeline/telemetry.js";
import type { ShownRows } from "./worker-messages.js";

export class ShownKeys {
  #isShown: (key: string, shown: number) => boolean;
  readonly #keys: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(keys: KeptKeys) {
    this.#isShown = keyFilter(keys);
  }

  /** See `LiveView.keep`. */
  keep(keys: KeptKeys): void {
    this.#isShown = keyFilter(keys);
  }

  /** Returns a copy of the rows that the page shows; undefined if there are none. */
  rowsOf(batch: ForecastBatch): ShownRows | undefined {
    const { columns, count, experts } = batch;
    if (count === 0) return undefined;
    const rows: number[] = [];
    const places: number[] = [];
    for (let row = 0; row < count; row++) {
      const place = this.#placeOf(batch.keyOf(columns.slots[row]!));
      if (place === undefined) continue;
      rows.push(row);
      places.push(place);
    }
    const copy = forecastColumns(rows.length, columns.steps.horizon);
    const expertWeights: (Float64Array | undefined)[] = Array.from({ length: this.#keys.length });
    rows.forEach((row, i) => {
      copyRow(columns, row, copy, i);
      const place = (copy.slots[i] = places[i]!);
      expertWeights[place] ??= experts?.expertWeights(columns.slots[row]!);
    });
    return {
      count: rows.length,
      columns: copy,
      keys: this.#keys,
      others: count - rows.length,
      incidents: this.#shownNotes(batch),
      groupIncidents: this.#shownGroupNotes(batch),
      expertNames: experts?.expertNames ?? [],
      expertWeights,
    };
  }

  #shownNotes({ incidents = [], ...batch }: ForecastBatch): IncidentNote[] {
    return incidents.flatMap((note) => {
      const slot = this.#places.get(batch.keyOf(note.slot));
      return slot === undefined ? [] : [{ ...note, slot }];
    });
  }

  /** A group is shown by those of its members that are. */
  #shownGroupNotes({ groupIncidents = [], ...batch }: ForecastBatch): GroupNote[] {
    return groupIncidents.map((note) => ({
      ...note,
      members: note.members.flatMap((member) => {
        const slot = this.#places.get(batch.keyOf(member.slot));
        return slot === undefined ? [] : [{ ...member, slot }];
      }),
    }));
  }

  #placeOf(key: string): number | undefined {
    const known = this.#places.get(key);
    if (known !== undefined || !this.#isShown(key, this.#keys.length)) return known;
    this.#places.set(key, this.#keys.length);
    return this.#keys.push(key) - 1;
  }
}

/** Returns the rows as a batch for telemetry. */
export function batchOf({
  count,
  columns,
  keys,
  incidents,
  groupIncidents,
  expertNames,
  expertWeights,
}: ShownRows): ForecastBatch {
  const weights = (slot: number): Float64Array => expertWeights[slot] ?? new Float64Array(expertNames.length);
  return {
    count,
    columns,
    incidents,
    groupIncidents,
    keyOf: (slot) => keys[slot]!,
    experts: { expertNames, expertWeights: weights },
  };
}
