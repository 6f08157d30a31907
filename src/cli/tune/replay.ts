/** Replays the sample once through every forecaster that is tried, and finds the incidents of every choice. */
import type { FileForm } from "../../adapters/files/csv/csv-reader.js";
import type { LineReader } from "../../adapters/files/line-records.js";
import type { CsvColumns } from "../../adapters/files/csv/csv-layout.js";
import type { EngineFactory } from "../../engine/port.js";
import { forecastColumns, type ForecastColumns } from "../../forecast/columns.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { forecasterSettings, type ForecasterSettings } from "../../forecast/settings.js";
import { readForAll, Replay } from "../backtest/replay.js";
import { noObservation } from "../shared/options.js";
import type { Rejections } from "../shared/rejections.js";
import { alarmRates, gateChoices } from "./grid.js";
import { Sample } from "./sample.js";
import { RateWatch, watchForecaster, type FoundIncident } from "./watch.js";

const batchSize = 512;

export interface TuneInput {
  readonly files: readonly string[];
  readonly columns: CsvColumns;
  readonly form: FileForm;
  readonly lines: LineReader;
  readonly rejections: Rejections;
}

/** The incidents of one choice of settings. */
export interface Outcome {
  readonly forecaster: number;
  readonly alarmRate: number;
  readonly recurring: boolean;
  readonly gates: number;
  readonly incidents: readonly FoundIncident[];
}

export interface Replayed {
  readonly sample: Sample;
  readonly outcomes: readonly Outcome[];
  readonly keyOf: (slot: number) => string;
}

/** A forecaster with its watches. */
class Candidate {
  readonly forecaster: Forecaster;
  readonly watches: readonly {
    readonly alarmRate: number;
    readonly recurring: boolean;
    readonly watch: RateWatch;
  }[];
  columns: ForecastColumns;
  readonly #setPosition: (first: number) => void;

  constructor(settings: ForecasterSettings, engine: EngineFactory, recurring: readonly boolean[]) {
    const { timeZone } = settings;
    const gates = gateChoices.map(({ changed }) => ({ ...settings.detection, ...changed }));
    this.forecaster = new Forecaster(settings, engine);
    this.columns = forecastColumns(0, settings.horizon);
    this.watches = recurring.flatMap((recurs) =>
      alarmRates.map((alarmRate) => ({
        alarmRate,
        recurring: recurs,
        watch: new RateWatch(
          {
            ...{ alarmRate, recurring: recurs, timeZone },
            keyOf: (slot) => this.forecaster.keyOf(slot),
            featureOf: (slot, feature) => this.forecaster.featureOf(slot, feature),
          },
          gates,
        ),
      })),
    );
    this.#setPosition = watchForecaster(
      this.forecaster,
      this.watches.map(({ watch }) => watch),
    );
  }

  observe(batch: Parameters<Forecaster["observe"]>[0], first: number): void {
    if (batch.slots.length > this.columns.slots.length) {
      this.columns = forecastColumns(batch.slots.length, this.forecaster.settings.horizon);
    }
    this.#setPosition(first);
    this.forecaster.observe(batch, this.columns);
  }
}

/**
 * Replays the sample. `settings` are those of the forecasters, `recurring` what is tried of `detection.recurring`. Throws
 * INPUT_EMPTY, and what reading throws.
 */
export async function replaySample(
  { files, columns, form, lines, rejections }: TuneInput,
  settings: readonly ForecasterSettings[],
  engine: EngineFactory,
  recurring: readonly boolean[],
): Promise<Replayed> {
  const candidates = settings.map(
    (each) => new Candidate(forecasterSettings({ ...each, detection: watched(each) }), engine, recurring),
  );
  const [first] = candidates;
  const sample = new Sample(candidates.length);
  const replay = new Replay({ files, rejections });
  const [one, ...others] = candidates.map(({ forecaster }) => forecaster);
  const batches = readForAll([one!, ...others], files, {
    ...replay.hooks,
    columns,
    form,
    lines,
    batchSize,
  });
  await replay.run(batches, (batch) => {
    candidates.forEach((candidate, index) => {
      candidate.observe(batch, sample.events);
      sample.addErrors(index, candidate.columns, batch.count);
    });
    sample.add(first!.columns, batch.count);
  });
  const outcomes = candidates.flatMap(({ watches }, forecaster) =>
    watches.flatMap(({ alarmRate, recurring: recurs, watch }) =>
      watch
        .finish()
        .map((incidents, gates) => ({ forecaster, alarmRate, recurring: recurs, gates, incidents })),
    ),
  );
  const names = sample.spans.map((_, slot) => first!.forecaster.keyOf(slot));
  for (const { forecaster } of candidates) forecaster.dispose();
  if (sample.events === 0) {
    throw noObservation(files, settings[0]!);
  }
  return { sample, outcomes, keyOf: (slot) => names[slot]! };
}

/** The forecaster scores values itself too: that says from when on keys are scored. */
function watched({ detection }: ForecasterSettings): ForecasterSettings["detection"] {
  return { ...detection, enabled: true };
}
