/**
 * The middle of a task: records in; forecasts, dead letters and routed records out. Input, output and clock are not used
 * here; users' batch hooks may use them.
 */
import { UndercurrentError, type ErrorCode } from "../../errors/errors.js";
import { copyRow, forecastColumns, type ForecastColumns } from "../../forecast/columns.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { inputFaults } from "../../forecast/input.js";
import { forecastAt } from "../../forecast/objects.js";
import { deadLetter, type Origin } from "../decode/dead-letter.js";
import {
  checkReading,
  recordDecoder,
  type DecodeAll,
  type Reading,
  type RefusedReading,
} from "../decode/decode.js";
import type { ValueFormat } from "../decode/format.js";
import { ForecastEncoder } from "../encode/encode.js";
import { ObservationBatch } from "./observation-batch.js";
import type { RecordForecast } from "../operator.js";
import type { InputRecord, OutputRecord, RoutedRecord } from "../ports.js";
import type { PipelineSettings } from "../settings.js";
import type { Telemetry } from "../telemetry.js";
import { watchAsyncWork } from "./async-work.js";
import type { Candidate } from "./candidate/candidate.js";
import type { UserSteps } from "./user-steps.js";
import { WindowedBatch } from "../windows/windowed-batch.js";

/** What became visible of some records. */
export interface StageOutput {
  /** Records that were taken: the first of those given. */
  readonly taken: number;
  readonly forecasts: readonly OutputRecord[];
  /** Changes of incidents. */
  readonly incidents: readonly OutputRecord[];
  /** Forecasts of the candidate, and changes of its incidents. */
  readonly candidates?: readonly OutputRecord[] | undefined;
  readonly candidateIncidents?: readonly OutputRecord[] | undefined;
  readonly deadLetters: readonly OutputRecord[];
  readonly routed: readonly RoutedRecord[];
}

/**
 * A commit ends with the record that brings it so many readings, or observations of windows, so that its memory is bounded
 * where a record gives many. Records of one reading do not reach it with the default of `commit.maxEvents`.
 */
const defaultMaxReadings = 65_536;

/** Codes that refuse one record; every other error ends the task. */
export const rejections: ReadonlySet<ErrorCode> = new Set([
  ...inputFaults,
  "RECORD_UNREADABLE",
  "RECORD_SKIPPED",
  "SCHEMA_UNREADABLE",
  "BATCH_UNREADABLE",
]);

/** A record of which readings were refused, in order, and why: at least one. */
interface Refusal {
  readonly record: InputRecord;
  readonly refused: RefusedReading[];
}

/** Optional parts of a stage beside its forecaster. */
export interface StageParts {
  /** The user's own steps; they stay the caller's. */
  readonly steps?: UserSteps | undefined;
  readonly telemetry?: Telemetry | undefined;
  /** Parser of values whose format needs a schema. */
  readonly format?: ValueFormat | undefined;
  /** Model that observes the same; it stays the caller's. */
  readonly candidate?: Candidate | undefined;
  /** Bound of a batch's readings, which ends with the record that reaches it. Default: 65,536. */
  readonly maxReadings?: number;
}

export class Stage {
  readonly #forecaster: Forecaster;
  readonly #settings: PipelineSettings;
  readonly #origin: Origin;
  readonly #telemetry: Telemetry | undefined;
  /** For operators, which see readings; without any, records become columns as they are. */
  readonly #decode: DecodeAll | undefined;
  /** The decoded readings, if there is a decoder. */
  readonly #readings: Reading[] = [];
  readonly #batch: ObservationBatch | WindowedBatch;
  readonly #encoder: ForecastEncoder;
  readonly #steps: UserSteps | undefined;
  readonly #candidate: Candidate | undefined;
  readonly #maxReadings: number;
  #forecasts: ForecastColumns;
  /** Rows of it that are written. */
  #observed = 0;

  /** The forecaster must have its state already; it stays the caller's, to dispose of. */
  constructor(
    forecaster: Forecaster,
    settings: PipelineSettings,
    origin: Origin,
    { steps, telemetry, format, candidate, maxReadings = defaultMaxReadings }: StageParts = {},
  ) {
    this.#candidate = candidate;
    this.#maxReadings = maxReadings;
    this.#forecaster = forecaster;
    this.#settings = settings;
    this.#origin = origin;
    this.#telemetry = telemetry;
    this.#steps = steps;
    this.#decode = steps?.any === true ? recordDecoder(settings.decode, format) : undefined;
    this.#batch =
      forecaster.windows === undefined
        ? new ObservationBatch(forecaster, settings, format)
        : new WindowedBatch(forecaster, settings, format);
    this.#encoder = new ForecastEncoder(forecaster, origin, settings);
    this.#forecasts = this.#columns(1024);
  }

  /** `listener` is called with the first event of each key from now on, and possibly with later ones. */
  onFirstEvent(listener: (key: string) => void): void {
    this.#batch.onFirstEvent = listener;
  }

  /**
   * Forecasts from the records, at once: steps 1 to 4 of a commit (`task-run.ts`) without batch hooks. Takes fewer records
   * than all if they have very many readings.
   */
  process(records: readonly InputRecord[]): StageOutput {
    const deadLetters: OutputRecord[] = [];
    const taken = this.#observe(records, (refusal) => this.#refuse(refusal, deadLetters));
    const after = this.#steps?.after;
    const routed =
      after === undefined
        ? []
        : watchAsyncWork(() =>
            this.#forecastReadings.flatMap((_, row) => after.through(this.#forecastObject(row))),
          );
    return { taken, ...this.#output(deadLetters, routed) };
  }

  /** Forecasts from the records as `process` does, and waits for the user's batch hooks. Nothing else may use the stage meanwhile. */
  async processAndWait(records: readonly InputRecord[]): Promise<StageOutput> {
    const deadLetters: OutputRecord[] = [];
    for (const refusal of await this.#observeAndWait(records)) this.#refuse(refusal, deadLetters);
    const { after, afterBatch } = this.#steps ?? {};
    const forecasts = this.#forecastReadings.map((_, row) => this.#forecastObject(row));
    const routed =
      after === undefined
        ? []
        : watchAsyncWork(() => forecasts.flatMap((forecast) => after.through(forecast)));
    const further = afterBatch === undefined || forecasts.length === 0 ? [] : await afterBatch(forecasts);
    return { taken: records.length, ...this.#output(deadLetters, [...routed, ...further]) };
  }

  /** Takes the records into the state, and reports nothing: without batch hooks. */
  replay(records: readonly InputRecord[]): void {
    this.#observeAll(records, () => undefined);
  }

  /** Takes the records into the state, and reports only what is refused. */
  learn(records: readonly InputRecord[]): void {
    this.#observeAll(records, (refusal) => this.#refuse(refusal, []));
  }

  /** Takes the records into the state, reports nothing, and waits for the user's batch hook before the forecast. */
  async replayAndWait(records: readonly InputRecord[]): Promise<void> {
    await this.#observeAndWait(records);
  }

  #output(deadLetters: readonly OutputRecord[], routed: readonly RoutedRecord[]): Omit<StageOutput, "taken"> {
    const taken = this.#batch.records;
    const forecasts = this.#encoder.records(this.#forecasts, taken);
    const notes = this.#forecaster.incidentChanges;
    const groupNotes = this.#forecaster.groupChanges;
    const incidents = this.#encoder.incidentRecords(notes, groupNotes, taken);
    const ofCandidate = this.#candidate?.output(taken);
    if (taken.length > 0) {
      this.#telemetry?.forecasts({
        count: taken.length,
        columns: this.#forecasts,
        incidents: notes,
        groupIncidents: groupNotes,
        keyOf: (slot) => this.#forecaster.keyOf(slot),
        experts: this.#forecaster,
      });
    }
    return { forecasts, incidents, ...ofCandidate, deadLetters, routed };
  }

  #begin(): void {
    for (const slot of this.#forecaster.release()) {
      this.#batch.forget(slot);
      this.#encoder.forget(slot);
    }
    this.#candidate?.begin();
    this.#batch.clear();
    this.#readings.length = 0;
    this.#observed = 0;
  }

  /** Takes all records, in several batches if they have very many readings. */
  #observeAll(records: readonly InputRecord[], refused: (refusal: Refusal) => void): void {
    for (let rest = records; rest.length > 0;) rest = rest.slice(this.#observe(rest, refused));
  }

  /** Takes records, and returns how many. */
  #observe(records: readonly InputRecord[], refused: (refusal: Refusal) => void): number {
    this.#begin();
    const refusals: RefusedReading[] = [];
    let taken = 0;
    this.#watched(() => {
      for (const record of records) {
        if (this.#batch.columns.count >= this.#maxReadings) return;
        taken++;
        try {
          this.#take(record, refusals);
        } catch (error) {
          refusals.push({ series: "", error: rejectionOf(error) });
        }
        if (refusals.length > 0) refused({ record, refused: refusals.splice(0) });
      }
    });
    this.#observeTaken();
    return taken;
  }

  /** Resolves to the records that were refused, in order. */
  async #observeAndWait(records: readonly InputRecord[]): Promise<readonly Refusal[]> {
    const refusals = new Map<InputRecord, Refusal>();
    const refuse = (record: InputRecord, one: RefusedReading): void => {
      const known = refusals.get(record);
      if (known === undefined) refusals.set(record, { record, refused: [one] });
      else known.refused.push(one);
    };
    const readings: Reading[] = [];
    this.#watched(() => {
      for (const record of records) {
        try {
          const { readings: decoded, refused } = this.#decode!(record);
          for (const reading of decoded) readings.push(...this.#before(reading));
          for (const one of refused) refuse(record, one);
        } catch (error) {
          refuse(record, { series: "", error: rejectionOf(error) });
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
        refuse(reading.record, { series: reading.series ?? "", error: rejectionOf(error) });
      }
    }
    this.#observeTaken();
    return [...refusals.values()].sort((a, b) => a.record.offset - b.record.offset);
  }

  /** Runs code that passes values through the operator before the forecast, if there is one. */
  #watched(work: () => void): void {
    if (this.#steps?.before === undefined) work();
    else watchAsyncWork(work);
  }

  /** Forecasts in the middle of a batch, because forgotten keys decide which later events are late. */
  #observeNow(): void {
    this.#observeTaken();
    this.#batch.observed();
  }

  /** Forecasts from the events taken and not yet observed. */
  #observeTaken(): void {
    const { columns } = this.#batch;
    if (columns.count > this.#forecasts.times.length) {
      const larger = this.#columns(columns.slots.length);
      for (let row = 0; row < this.#observed; row++) copyRow(this.#forecasts, row, larger, row);
      this.#forecasts = larger;
    }
    this.#forecaster.observe(columns, this.#forecasts, this.#observed);
    this.#candidate?.observe(columns, (slot) => this.#forecaster.keyOf(slot));
    this.#observed = columns.count;
  }

  #columns(capacity: number): ForecastColumns {
    const { horizon, intervalLevels: levels } = this.#forecaster.settings;
    return forecastColumns(capacity, horizon, levels);
  }

  /** Takes the readings of a record. Those that are refused go to `refusals`, unless the whole record is. */
  #take(record: InputRecord, refusals: RefusedReading[]): void {
    if (this.#decode !== undefined) {
      const { readings, refused } = this.#decode(record);
      for (const reading of readings) {
        try {
          for (const passed of this.#before(reading)) this.#takeReading(passed);
        } catch (error) {
          refusals.push({ series: reading.series ?? "", error: rejectionOf(error) });
        }
      }
      refusals.push(...refused);
      return;
    }
    const { reader } = this.#batch;
    const count = reader.read(record);
    for (let series = 0; series < count; series++) {
      try {
        if (this.#batch.takeSeries(series)) this.#observeNow();
      } catch (error) {
        refusals.push({ series: reader.seriesOf(series), error: rejectionOf(error) });
      }
    }
    if (reader.refused.length > 0) refusals.push(...reader.refused);
  }

  /** Returns what the operator `before` makes of a reading. */
  #before(reading: Reading): readonly Reading[] {
    return this.#steps?.before?.through(reading) ?? [reading];
  }

  #takeReading(reading: Reading): void {
    if (this.#steps?.before !== undefined || this.#steps?.beforeBatch !== undefined) checkReading(reading);
    const isDue = this.#batch.take(reading);
    this.#readings.push(reading);
    if (isDue) this.#observeNow();
  }

  /** Reports the readings of a record that were refused. The record becomes one dead letter, whatever their number. */
  #refuse({ record, refused }: Refusal, deadLetters: OutputRecord[]): void {
    const { late } = this.#settings;
    const letters = refused.filter(
      ({ error: { code } }) => code !== "RECORD_SKIPPED" && (code !== "EVENT_LATE" || late === "dead-letter"),
    );
    if (letters.length > 0) deadLetters.push(deadLetter(record, this.#origin, letters));
    const { topic, partition } = this.#origin;
    const origin = `${topic}/${partition}@${record.offset}`;
    for (const { series, error } of refused) {
      const message = series === "" ? error.message : `${series}: ${error.message}`;
      this.#telemetry?.rejection({ code: error.code, message, origin });
    }
  }

  /** What each row of forecasts was made of: a reading of a record, or that of a window. */
  get #forecastReadings(): readonly Reading[] {
    return this.#batch instanceof WindowedBatch ? this.#batch.readings : this.#readings;
  }

  /** Returns a forecast as an object, for the steps after it. */
  #forecastObject(row: number): RecordForecast {
    return { event: this.#forecastReadings[row]!, ...forecastAt(this.#forecaster, this.#forecasts, row) };
  }
}

/** Returns the error if it rejects one record; throws every other error. */
function rejectionOf(error: unknown): UndercurrentError {
  if (error instanceof UndercurrentError && rejections.has(error.code)) return error;
  throw error;
}
