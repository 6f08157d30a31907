/** `backtest --compare`: forecasters that differ in their cell alone, side by side on the same events. */
import type { CsvColumns } from "../../adapters/files/csv/csv-layout.js";
import type { FileForm } from "../../adapters/files/csv/csv-reader.js";
import type { LineReader } from "../../adapters/files/line-records.js";
import type { CellKind, EngineFactory } from "../../engine/port.js";
import { forecastColumns, type ForecastColumns, type ObservationColumns } from "../../forecast/columns.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { Scoreboard, type ScoreboardOptions } from "../../forecast/evaluation/scoreboard.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import { ExpertRecord } from "../../forecast/evaluation/expert-record.js";
import { summariseAll, type OverallSummary } from "../../forecast/evaluation/summary.js";
import { readForAll, Replay } from "./replay.js";
import { noObservation } from "../shared/options.js";
import type { Rejections } from "../shared/rejections.js";

/** One cell of a comparison. */
export interface ComparedCell {
  readonly cell: CellKind;
  /** Name and version of the model at the end. */
  readonly model: string;
  /** CPU time of forecasting and learning, without reading and scoring, in microseconds an event. */
  readonly microsecondsPerEvent: number;
  readonly bytesPerKey: number;
  readonly overall: OverallSummary;
}

/** The input of a comparison, and how it is scored. */
export interface Comparison {
  readonly files: readonly string[];
  readonly columns: CsvColumns;
  readonly form: FileForm;
  readonly lines: LineReader;
  readonly scoring: ScoreboardOptions;
  readonly batchSize: number;
}

/** A forecaster and its measurements. */
class Candidate {
  readonly forecaster: Forecaster;
  readonly #scoreboard: Scoreboard;
  readonly #experts: ExpertRecord;
  readonly #horizon: number;
  #columns: ForecastColumns;
  #microseconds = 0;

  constructor(settings: ForecasterSettings, engine: EngineFactory, scoring: ScoreboardOptions) {
    this.forecaster = new Forecaster(settings, engine);
    this.#scoreboard = new Scoreboard({ ...scoring, horizon: settings.horizon });
    this.#experts = new ExpertRecord(this.forecaster);
    this.#horizon = settings.horizon;
    this.#columns = forecastColumns(0, settings.horizon);
  }

  observe(batch: ObservationColumns): void {
    if (batch.slots.length > this.#columns.slots.length) {
      this.#columns = forecastColumns(batch.slots.length, this.#horizon);
    }
    const before = process.cpuUsage();
    this.forecaster.observe(batch, this.#columns);
    const { user, system } = process.cpuUsage(before);
    this.#microseconds += user + system;
    this.#scoreboard.add(this.#columns, batch.count);
    this.#experts.add(this.#columns, batch.count);
  }

  /** Returns the result; undefined without an event. */
  result(): ComparedCell | undefined {
    const scores = this.#scoreboard.keys.flatMap((key, slot) => (key === undefined ? [] : [{ key, slot }]));
    if (scores.length === 0) return undefined;
    const overall = summariseAll(
      scores.map(({ key }) => key),
      this.#experts,
      scores.map(({ slot }) => slot),
    );
    return {
      cell: this.forecaster.settings.cell,
      model: this.forecaster.modelName(),
      microsecondsPerEvent: this.#microseconds / overall.events,
      bytesPerKey: this.forecaster.bytesPerKey,
      overall,
    };
  }
}

/**
 * Replays the files once. Each batch goes to every forecaster in turn, so that other load on the machine slows all of them
 * alike. Throws INPUT_EMPTY, and what reading throws.
 */
export async function compareCells(
  { files, columns, form, lines, scoring, batchSize }: Comparison,
  settings: readonly ForecasterSettings[],
  engine: EngineFactory,
  rejections: Rejections,
): Promise<readonly ComparedCell[]> {
  const candidates = settings.map((each) => new Candidate(each, engine, scoring));
  const replay = new Replay({ files, rejections });
  try {
    const [first, ...others] = candidates.map(({ forecaster }) => forecaster);
    const batches = readForAll([first!, ...others], files, {
      ...replay.hooks,
      columns,
      form,
      lines,
      batchSize,
    });
    let turn = 0;
    await replay.run(batches, (batch) => {
      for (let i = 0; i < candidates.length; i++) candidates[(turn + i) % candidates.length]!.observe(batch);
      turn++;
    });
    const results = candidates.flatMap((candidate) => candidate.result() ?? []);
    if (results.length > 0) return results;
    throw noObservation(files, settings[0]!);
  } finally {
    for (const { forecaster } of candidates) forecaster.dispose();
  }
}
