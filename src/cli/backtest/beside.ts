/** The candidate of a configuration in a backtest: a second model that observes the same rows as the live one, and its scores. */
import type { EngineFactory } from "../../engine/port.js";
import {
  forecastColumns,
  observationColumns,
  type ForecastColumns,
  type ObservationColumns,
} from "../../forecast/columns.js";
import { ExpertRecord } from "../../forecast/evaluation/expert-record.js";
import { IncidentRecord, type IncidentSummary } from "../../forecast/evaluation/incident-record.js";
import { Scoreboard, type ScoreboardOptions } from "../../forecast/evaluation/scoreboard.js";
import { summariseAll, type OverallSummary } from "../../forecast/evaluation/summary.js";
import { Forecaster } from "../../forecast/forecaster.js";
import type { ForecasterSettings } from "../../forecast/settings.js";

/** What the candidate came to. */
export interface BesideOutcome {
  /** Name and version of the model at the end. */
  readonly model: string;
  readonly settings: ForecasterSettings;
  readonly overall: OverallSummary;
  readonly incidents: IncidentSummary;
}

export class BesideModel {
  readonly #forecaster: Forecaster;
  readonly #scoreboard: Scoreboard;
  readonly #experts: ExpertRecord;
  readonly #incidents: IncidentRecord;
  #rows: ReturnType<typeof observationColumns>;
  #forecasts: ForecastColumns;

  /** Observes beside a live model, with its windows. */
  constructor(
    settings: ForecasterSettings,
    { live, engine, scoring }: { live: Forecaster; engine: EngineFactory; scoring: ScoreboardOptions },
  ) {
    this.#forecaster = new Forecaster(settings, engine);
    if (live.windows !== undefined) this.#forecaster.shareWindows(live);
    this.#scoreboard = new Scoreboard({ ...scoring, horizon: settings.horizon });
    this.#experts = new ExpertRecord(this.#forecaster);
    this.#incidents = new IncidentRecord(this.#forecaster);
    this.#rows = observationColumns(0, settings.featureCount);
    this.#forecasts = forecastColumns(0, settings.horizon, settings.intervalLevels);
  }

  /** Takes a batch of the live model. `keyOf` names its slots. */
  observe(batch: ObservationColumns, keyOf: (slot: number) => string): void {
    const { featureCount: width, horizon, intervalLevels } = this.#forecaster.settings;
    if (batch.slots.length > this.#rows.slots.length) {
      this.#rows = observationColumns(batch.slots.length, width);
      this.#forecasts = forecastColumns(batch.slots.length, horizon, intervalLevels);
    }
    const rows = this.#rows;
    const { count } = batch;
    for (let row = 0; row < count; row++) rows.slots[row] = this.#forecaster.slotOf(keyOf(batch.slots[row]!));
    rows.times.set(batch.times.subarray(0, count));
    rows.values.set(batch.values.subarray(0, count));
    rows.features.set(batch.features.subarray(0, count * width));
    if (batch.positions !== undefined) rows.positions.set(batch.positions.subarray(0, count));
    rows.count = count;
    this.#forecaster.observe(rows, this.#forecasts);
    this.#incidents.add(this.#forecasts, count);
    this.#scoreboard.add(this.#forecasts, count);
    this.#experts.add(this.#forecasts, count);
  }

  outcome(): BesideOutcome {
    const scores = this.#scoreboard.keys.flatMap((key, slot) => (key === undefined ? [] : [{ key, slot }]));
    return {
      model: this.#forecaster.modelName(),
      settings: this.#forecaster.settings,
      overall: summariseAll(
        scores.map(({ key }) => key),
        this.#experts,
        scores.map(({ slot }) => slot),
      ),
      incidents: this.#incidents.summarise(),
    };
  }

  dispose(): void {
    this.#forecaster.dispose();
  }
}
