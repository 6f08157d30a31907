/** The pure middle of a task: records in; forecasts, dead letters and routed records out. No input, output or clock. */
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
import { OperatorRun, type Operators, type RecordForecast } from "../operator.js";
import type { InputRecord, OutputRecord, RoutedRecord } from "../ports.js";
import type { PipelineSettings } from "../settings.js";
import type { Telemetry } from "../telemetry.js";

/** What became visible of some records. */
export interface StageOutput {
  readonly forecasts: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
  readonly routed: readonly RoutedRecord[];
}

/** Codes that refuse one record; every other error ends the task. */
const rejections: ReadonlySet<ErrorCode> = new Set([...inputFaults, "RECORD_UNREADABLE", "EVENT_LATE"]);

export class Stage {
  readonly #forecaster: Forecaster;
  readonly #settings: PipelineSettings;
  readonly #origin: Origin;
  readonly #telemetry: Telemetry | undefined;
  /** For operators, which see readings; without any, records become columns as they are. */
  readonly #decode: Decode | undefined;
  /** What was taken, where there is a decoder. */
  readonly #readings: Reading[] = [];
  readonly #intake: ObservationBatch;
  readonly #encoder: ForecastEncoder;
  readonly #before: OperatorRun<Reading, Reading> | undefined;
  readonly #after: OperatorRun<RecordForecast, RoutedRecord> | undefined;
  #forecasts: ForecastColumns;
  /** Rows of it that are written. */
  #observed = 0;

  /** The forecaster must have its state already; it stays the caller's, to dispose of after the stage. */
  constructor(
    forecaster: Forecaster,
    settings: PipelineSettings,
    origin: Origin,
    operators: Operators,
    telemetry: Telemetry | undefined,
  ) {
    this.#forecaster = forecaster;
    this.#settings = settings;
    this.#origin = origin;
    this.#telemetry = telemetry;
    this.#decode =
      operators.before === undefined && operators.after === undefined ? undefined : decoder(settings.decode);
    this.#intake = new ObservationBatch(forecaster, settings, () => this.#observeTaken());
    this.#encoder = new ForecastEncoder(forecaster);
    this.#before = operators.before && new OperatorRun("before", operators.before);
    this.#forecasts = this.#columns(1024);
    this.#after = operators.after && new OperatorRun("after", operators.after);
  }

  /** `listener` hears of the first event of each key from now on, and maybe of later ones. */
  onFirstEvent(listener: (key: string) => void): void {
    this.#intake.onFirstEvent = listener;
  }

  /** Forecasts from the records. */
  process(records: readonly InputRecord[]): StageOutput {
    const deadLetters: OutputRecord[] = [];
    this.#observe(records, (record, error) => {
      this.#refuse(record, error, deadLetters);
    });
    const taken = this.#intake.records;
    const forecasts = this.#encoder.records(this.#forecasts, taken);
    const routed = this.#route();
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

  /** Takes the records into the state and tells nobody. */
  replay(records: readonly InputRecord[]): void {
    this.#observe(records, () => undefined);
  }

  dispose(): void {
    this.#before?.dispose();
    this.#after?.dispose();
  }

  #observe(
    records: readonly InputRecord[],
    refused: (record: InputRecord, error: UndercurrentError) => void,
  ): void {
    for (const slot of this.#forecaster.release()) {
      this.#intake.forget(slot);
      this.#encoder.forget(slot);
    }
    this.#intake.clear();
    this.#readings.length = 0;
    this.#observed = 0;
    for (const record of records) {
      try {
        this.#take(record);
      } catch (error) {
        if (!(error instanceof UndercurrentError) || !rejections.has(error.code)) throw error;
        refused(record, error);
      }
    }
    this.#observeTaken();
  }

  /** Forecasts from what was taken and not yet forecast from. */
  #observeTaken(): void {
    const { columns } = this.#intake;
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
      this.#intake.takeRecord(record);
      return;
    }
    const reading = this.#decode(record);
    if (this.#before === undefined) {
      this.#takeReading(reading);
      return;
    }
    for (const passed of this.#before.through(reading)) {
      checkReading(passed);
      this.#takeReading(passed);
    }
  }

  #takeReading(reading: Reading): void {
    this.#intake.take(reading);
    this.#readings.push(reading);
  }

  #refuse(record: InputRecord, error: UndercurrentError, deadLetters: OutputRecord[]): void {
    const { code, message } = error;
    if (code !== "EVENT_LATE" || this.#settings.late === "dead-letter") {
      deadLetters.push(deadLetter(record, this.#origin, code, message));
    }
    const { topic, partition } = this.#origin;
    this.#telemetry?.rejection({ code, message, origin: `${topic}/${partition}@${record.offset}` });
  }

  #route(): readonly RoutedRecord[] {
    const after = this.#after;
    if (after === undefined) return [];
    return this.#readings.flatMap((event, row) =>
      after.through({ event, ...forecastAt(this.#forecaster, this.#forecasts, row) }),
    );
  }
}
