/** The candidate of a partition: a second model that sees the same observations as the live one, in the same order. */
import { UndercurrentError } from "../../../errors/errors.js";
import {
  forecastColumns,
  observationColumns,
  copyRow,
  type ForecastColumns,
  type ObservationColumns,
} from "../../../forecast/columns.js";
import type { Forecaster } from "../../../forecast/forecaster.js";
import { pathOfGroup } from "../../../forecast/incidents/groups/naming.js";
import type { ForecasterSettings } from "../../../forecast/settings.js";
import type { SnapshotChange } from "../../../forecast/snapshot/snapshot.js";
import type { Origin } from "../../decode/dead-letter.js";
import { ForecastEncoder, type EncoderOptions } from "../../encode/encode.js";
import type { InputRecord, OutputRecord, StateChange } from "../../ports.js";
import type { Place } from "../../state/role-history.js";
import { inPlace } from "../../state/roles.js";
import { applyFeedback, type Feedback } from "../../state/feedback.js";
import { writeState, type RecordedState } from "../../state/state-records.js";
import type { Telemetry } from "../../telemetry.js";

/** A model that runs beside the live one. */
export interface CandidateSettings {
  readonly forecaster: ForecasterSettings;
  /** Whether its forecasts are written. */
  readonly emit: boolean;
  /** Whether changes of its incidents are written. */
  readonly emitIncidents: boolean;
}

export interface CandidateParts {
  readonly origin: Origin;
  /** Without them neither forecasts nor incidents are written. */
  readonly encode?: EncoderOptions | undefined;
  /** What of them is written. */
  readonly emits?: Omit<CandidateSettings, "forecaster"> | undefined;
  readonly telemetry?: Telemetry | undefined;
}

/** What is written of a batch. */
export interface CandidateOutput {
  readonly candidates: readonly OutputRecord[];
  readonly candidateIncidents: readonly OutputRecord[];
}

export class Candidate {
  readonly forecaster: Forecaster;
  readonly #encoder: ForecastEncoder | undefined;
  readonly #emits: CandidateParts["emits"];
  readonly #telemetry: Telemetry | undefined;
  #columns: ReturnType<typeof observationColumns>;
  #forecasts: ForecastColumns;
  #observed = 0;
  /** Whether the live model's events name the groups of this one. */
  #readsGroups = false;

  /** The forecaster is the candidate's from now on, to dispose of too. */
  constructor(forecaster: Forecaster, { origin, encode, emits, telemetry }: CandidateParts) {
    const { featureCount, horizon, intervalLevels } = forecaster.settings;
    this.#telemetry = telemetry;
    this.forecaster = forecaster;
    this.#emits = emits;
    if (encode !== undefined && (emits?.emit === true || emits?.emitIncidents === true)) {
      // Fields that this model lacks are an error only where its forecasts are written.
      const settings = emits.emit ? encode.encode : { ...encode.encode, fields: [] };
      this.#encoder = new ForecastEncoder(forecaster, origin, {
        ...{ encode: settings, application: encode.application, isCandidate: true },
      });
    }
    this.#columns = observationColumns(0, featureCount);
    this.#forecasts = forecastColumns(0, horizon, intervalLevels);
  }

  /** Bytes of its state, without the windows, which are the live model's. */
  get bytes(): number {
    return this.forecaster.bytes - (this.forecaster.windows?.bytes ?? 0);
  }

  /** Observes beside this live model from now on, with its windows. */
  join(live: Forecaster): void {
    if (live.windows !== undefined) this.forecaster.shareWindows(live);
    const [own, theirs] = [this.forecaster, live].map(({ settings }) =>
      JSON.stringify(pathOfGroup(settings.detection.group)),
    );
    this.#readsGroups = own === theirs;
  }

  /** Applies feedback on incidents, so that it holds after a promotion too. */
  apply(feedback: Feedback): void {
    applyFeedback(this.forecaster, feedback);
  }

  /** Restores a state. Returns false, and holds no state, if it cannot be used. */
  restore({ snapshot }: RecordedState): boolean {
    try {
      this.forecaster.restore(snapshot);
      return true;
    } catch (error) {
      if (error instanceof UndercurrentError) return false;
      throw error;
    }
  }

  /** Begins a batch of the live model. */
  begin(): void {
    for (const slot of this.forecaster.release()) this.#encoder?.forget(slot);
    this.#observed = 0;
  }

  /** Observes the rows of the live model's batch that are new. `keyOf` names its slots. */
  observe(observations: ObservationColumns, keyOf: (slot: number) => string): void {
    const { count } = observations;
    const from = this.#observed;
    if (count === from) return;
    this.#reserve(observations);
    const columns = this.#columns;
    const width = this.forecaster.settings.featureCount;
    for (let row = from; row < count; row++) {
      columns.slots[row] = this.forecaster.slotOf(keyOf(observations.slots[row]!));
    }
    columns.times.set(observations.times.subarray(from, count), from);
    columns.values.set(observations.values.subarray(from, count), from);
    columns.features.set(observations.features.subarray(from * width, count * width), from * width);
    if (observations.positions !== undefined) {
      columns.positions.set(observations.positions.subarray(from, count), from);
    }
    columns.groupOf = this.#readsGroups ? observations.groupOf : undefined;
    columns.count = count;
    this.forecaster.observe(columns, this.#forecasts, from);
    this.#observed = count;
  }

  /** Reports the batch, and returns what is written of it as records. `taken` are the records of its rows. */
  output(taken: readonly InputRecord[]): CandidateOutput {
    if (taken.length === 0) return { candidates: [], candidateIncidents: [] };
    const { incidentChanges, groupChanges } = this.forecaster;
    this.#telemetry?.forecasts({
      count: taken.length,
      columns: this.#forecasts,
      incidents: incidentChanges,
      keyOf: (slot) => this.forecaster.keyOf(slot),
      experts: this.forecaster,
    });
    const { emit, emitIncidents } = this.#emits ?? {};
    const encoder = this.#encoder;
    return {
      candidates: emit === true && encoder !== undefined ? encoder.records(this.#forecasts, taken) : [],
      candidateIncidents:
        emitIncidents === true && encoder !== undefined
          ? encoder.incidentRecords(incidentChanges, groupChanges, taken)
          : [],
    };
  }

  /** The changes of its state since the last call, for an input offset. `earlier` are those of the forecaster that it replaces. */
  changes(offset: number, place: Place, earlier: readonly SnapshotChange[] = []): readonly StateChange[] {
    return inPlace(writeState(offset, this.forecaster, earlier), place);
  }

  dispose(): void {
    this.forecaster.dispose();
  }

  #reserve({ slots }: ObservationColumns): void {
    if (this.#columns.slots.length >= slots.length) return;
    const { featureCount, horizon, intervalLevels } = this.forecaster.settings;
    const columns = observationColumns(slots.length, featureCount);
    const forecasts = forecastColumns(slots.length, horizon, intervalLevels);
    for (let row = 0; row < this.#observed; row++) copyRow(this.#forecasts, row, forecasts, row);
    this.#columns = columns;
    this.#forecasts = forecasts;
  }
}
