/** The experts' weights over a backtest, sampled for each key at the end of each batch that has events of it. */
import type { ForecastColumns } from "../columns.js";
import type { Forecaster } from "../forecaster.js";

/** The mean weights of the keys of one batch, each key counted as often as it has events there. */
export interface ExpertSample {
  /** Events so far, those of the batch included. */
  readonly events: number;
  readonly weights: readonly number[];
}

export class ExpertRecord {
  /** Names of the experts, in the order of all weights here. */
  readonly names: readonly string[];
  readonly samples: ExpertSample[] = [];
  readonly #forecaster: Pick<Forecaster, "expertWeights">;
  /** Sums over the samples, weighted by events, at `slot * names.length`; and events, by slot. */
  readonly #sums: number[] = [];
  readonly #events: number[] = [];
  #total = 0;

  constructor(forecaster: Pick<Forecaster, "expertNames" | "expertWeights">) {
    this.names = forecaster.expertNames;
    this.#forecaster = forecaster;
  }

  /** Takes the batch that the forecaster has just observed. */
  add({ slots }: ForecastColumns, count: number): void {
    if (count === 0) return;
    const experts = this.names.length;
    const eventsOf = new Map<number, number>();
    for (let row = 0; row < count; row++) eventsOf.set(slots[row]!, (eventsOf.get(slots[row]!) ?? 0) + 1);
    const sums = new Float64Array(experts);
    for (const [slot, events] of eventsOf) {
      const weights = this.#forecaster.expertWeights(slot);
      this.#events[slot] = (this.#events[slot] ?? 0) + events;
      for (let e = 0; e < experts; e++) {
        const at = slot * experts + e;
        this.#sums[at] = (this.#sums[at] ?? 0) + weights[e]! * events;
        sums[e] = sums[e]! + weights[e]! * events;
      }
    }
    this.#total += count;
    this.samples.push({ events: this.#total, weights: Array.from(sums, (sum) => sum / count) });
  }

  /** The weights in the forecast after the key's last value. */
  final(slot: number): ArrayLike<number> {
    return this.#forecaster.expertWeights(slot);
  }

  /** The mean weights over the key's events. */
  mean(slot: number): readonly number[] {
    const experts = this.names.length;
    return this.names.map((_, e) => this.#sums[slot * experts + e]! / this.#events[slot]!);
  }
}
