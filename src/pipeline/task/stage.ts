/**
 * The middle of a task: records in; forecasts, dead letters and routed records out. Input, output and clock are not used
 * here; users' batch hooks may use them.
 */
import { UndercurrentError, type ErrorCode } from "../../errors/errors.js";
import { copyRow, forecastColumns, type ForecastColumns } from "../../forecast/columns.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { inputFaults } from "../../forecast/input.js";
import { forecastAt } from "../../forecast/objects.js";
import {
  checkReading,
  deadLetter,
  decoder,
  type Decode,
  type Origin,
  type Reading,
} from "../decode/decode.js";
import { ForecastEncoder } from "../encode/encode.js";
import { ObservationBatch } from "./observation-batch.js";
import type { RecordForecast } from "../operator.js";
import type { InputRecord, OutputRecord, RoutedRecord } from "../ports.js";
import type { PipelineSettings } from "../settings.js";
import type { Telemetry } from "../telemetry.js";
import { watchAsyncWork } from "./async-work.js";
import type { UserSteps } from "./user-steps.js";

/** What became visible of some records. */
export interface StageOutput {
  readonly forecasts: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
  readonly routed: readonly RoutedRecord[];
}

/** Codes that refuse one record; every other error ends the task. */
const rejections: ReadonlySet<ErrorCode> = new Set([
  ...inputFaults,
  "RECORD_UNREADABLE",
  "BATCH_UNREADABLE",
  "EVENT_LATE",
]);

/** A record that was refused, and why. */
interface Refusal {
  readonly record: InputRecord;
  readonly error: UndercurrentError;
}

/** What a stage may have beside its forecaster. */
export interface StageParts {
  /** The user's own steps; they stay the caller's. */
  readonly steps?: UserSteps | undefined;
  readonly telemetry?: Telemetry | undefined;
}

export class Stage {
  readonly #forecaster: Forecaster;
  readonly #settings: PipelineSettings;
  readonly #origin: Origin;
  readonly #telemetry: Telemetry | undefined;
  /** For operators, which see readings; without any, records become columns as they are. */
  readonly #decode: Decode | undefined;
  /** What was taken, where there is a decoder. */
  readonly #readings: Reading[] = [];
  readonly #batch: ObservationBatch;
  readonly #encoder: ForecastEncoder;
  readonly #steps: UserSteps | undefined;
  #forecasts: ForecastColumns;
  /** Rows of it that are written. */
  #observed = 0;

  /** The forecaster must have its state already; it stays the caller's, to dispose of. */
  constructor(
    forecaster: Forecaster,
    settings: PipelineSettings,
    origin: Origin,
    { steps, telemetry }: StageParts = {},
  ) {
    this.#forecaster = forecaster;
    this.#settings = settings;
    this.#origin = origin;
    this.#telemetry = telemetry;
    this.#steps = steps;
    this.#decode = steps?.any === true ? decoder(settings.decode) : undefined;
    this.#batch = new ObservationBatch(forecaster, settings);
    this.#encoder = new ForecastEncoder(forecaster);
    this.#forecasts = this.#columns(1024);
  }

  /** `listener` hears of the first event of each key from now on, and maybe of later ones. */
  onFirstEvent(listener: (key: string) => void): void {
    this.#batch.onFirstEvent = listener;
  }

  /** Forecasts from the records, at once: steps 1 to 4 of a commit (`task-run.ts`) without batch hooks. */
  process(records: readonly InputRecord[]): StageOutput {
    const deadLetters: OutputRecord[] = [];
    this.#observe(records, (refusal) => this.#refuse(refusal, deadLetters));
    const after = this.#steps?.after;
    const routed =
      after === undefined
        ? []
        : watchAsyncWork(() => this.#readings.flatMap((_, row) => after.through(this.#forecastObject(row))));
    return this.#output(deadLetters, routed);
  }

  /** Forecasts from the records as `process` does, and waits for the user's batch hooks. Nothing else may use the stage meanwhile. */
  async processAndWait(records: readonly InputRecord[]): Promise<StageOutput> {
    const deadLetters: OutputRecord[] = [];
    for (const refusal of await this.#observeAndWait(records)) this.#refuse(refusal, deadLetters);
    const { after, afterBatch } = this.#steps ?? {};
    const forecasts = this.#readings.map((_, row) => this.#forecastObject(row));
    const routed =
      after === undefined
        ? []
        : watchAsyncWork(() => forecasts.flatMap((forecast) => after.through(forecast)));
    const further = afterBatch === undefined || forecasts.length === 0 ? [] : await afterBatch(forecasts);
    return this.#output(deadLetters, [...routed, ...further]);
  }

  /** Takes the records into the state, and reports nothing: without batch hooks. */
  replay(records: readonly InputRecord[]): void {
    this.#observe(records, () => undefined);
  }

  /** Takes the records into the state, reports nothing, and waits for the user's batch hook before the forecast. */
  async replayAndWait(records: readonly InputRecord[]): Promise<void> {
    await this.#observeAndWait(records);
  }

  #output(deadLetters: readonly OutputRecord[], routed: readonly RoutedRecord[]): StageOutput {
    const taken = this.#batch.records;
    const forecasts = this.#encoder.records(this.#forecasts, taken);
    if (taken.length > 0) {
      this.#telemetry?.forecasts({
        count: taken.length,
        columns: this.#forecasts,
        keyOf: (slot) => this.#forecaster.keyOf(slot),
        experts: this.#forecaster,
      });
    }
    return { forecasts, deadLetters, routed };
  }

  #begin(): void {
    for (const slot of this.#forecaster.release()) {
      this.#batch.forget(slot);
      this.#encoder.forget(slot);
    }
    this.#batch.clear();
    this.#readings.length = 0;
    this.#observed = 0;
  }

  #observe(records: readonly InputRecord[], refused: (refusal: Refusal) => void): void {
    this.#begin();
    this.#watched(() => {
      for (const record of records) {
        try {
          this.#take(record);
        } catch (error) {
          refused({ record, error: rejectionOf(error) });
        }
      }
    });
    this.#observeTaken();
  }

  /** Resolves to the records that were refused, in order. */
  async #observeAndWait(records: readonly InputRecord[]): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = [];
    const readings: Reading[] = [];
    this.#watched(() => {
      for (const record of records) {
        try {
          readings.push(...this.#read(record));
        } catch (error) {
          refusals.push({ record, error: rejectionOf(error) });
        }
      }
    });
    const beforeBatch = this.#steps?.beforeBatch;
    const passed =
      beforeBatch === undefined || readings.length === 0 ? readings : await beforeBatch(readings);
    this.#begin();
    for (const reading of passed) {
      try {
        this.#takeReading(reading);
      } catch (error) {
        refusals.push({ record: reading.record, error: rejectionOf(error) });
      }
    }
    this.#observeTaken();
    return refusals.sort((a, b) => a.record.offset - b.record.offset);
  }

  /** Runs what passes values through the operator before the forecast, where there is one. */
  #watched(work: () => void): void {
    if (this.#steps?.before === undefined) work();
    else watchAsyncWork(work);
  }

  /** Forecasts in the middle of a batch: the keys that are forgotten decide what is late after them. */
  #observeNow(): void {
    this.#observeTaken();
    this.#batch.observed();
  }

  /** Forecasts from what was taken and not yet forecast from. */
  #observeTaken(): void {
    const { columns } = this.#batch;
    if (columns.count > this.#forecasts.times.length) {
      const larger = this.#columns(columns.slots.length);
      for (let row = 0; row < this.#observed; row++) copyRow(this.#forecasts, row, larger, row);
      this.#forecasts = larger;
    }
    this.#forecaster.observe(columns, this.#forecasts, this.#observed);
    this.#observed = columns.count;
  }

  #columns(capacity: number): ForecastColumns {
    const { horizon, intervalLevels: levels } = this.#forecaster.settings;
    return forecastColumns(capacity, horizon, levels);
  }

  #take(record: InputRecord): void {
    if (this.#decode === undefined) {
      if (this.#batch.takeRecord(record)) this.#observeNow();
      return;
    }
    for (const reading of this.#read(record)) this.#takeReading(reading);
  }

  /** What the operator before the forecast makes of a record. */
  #read(record: InputRecord): readonly Reading[] {
    const reading = this.#decode!(record);
    return this.#steps?.before?.through(reading) ?? [reading];
  }

  #takeReading(reading: Reading): void {
    if (this.#steps?.before !== undefined || this.#steps?.beforeBatch !== undefined) checkReading(reading);
    const isDue = this.#batch.take(reading);
    this.#readings.push(reading);
    if (isDue) this.#observeNow();
  }

  #refuse({ record, error: { code, message } }: Refusal, deadLetters: OutputRecord[]): void {
    if (code !== "EVENT_LATE" || this.#settings.late === "dead-letter") {
      deadLetters.push(deadLetter(record, this.#origin, code, message));
    }
    const { topic, partition } = this.#origin;
    this.#telemetry?.rejection({ code, message, origin: `${topic}/${partition}@${record.offset}` });
  }

  /** A forecast as an object, for the steps behind it. */
  #forecastObject(row: number): RecordForecast {
    return { event: this.#readings[row]!, ...forecastAt(this.#forecaster, this.#forecasts, row) };
  }
}

/** The error, where it refuses one record; throws every other. */
function rejectionOf(error: unknown): UndercurrentError {
  if (error instanceof UndercurrentError && rejections.has(error.code)) return error;
  throw error;
}
