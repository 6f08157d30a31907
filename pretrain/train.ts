/**
 * Trains initial weights: the cell of the forecaster learns from the corpus, many series side by side, by the forecaster's own
 * scaling, inputs, schedule and engine. What else a forecaster keeps of a key does not change what a cell sees.
 */
import { wasmEngine } from "../src/engine/wasm/engine.js";
import { currentEvent } from "../src/forecast/current-event.js";
import { clip } from "../src/forecast/elementary.js";
import { History } from "../src/forecast/keys/history.js";
import { expertsOf } from "../src/forecast/experts/experts.js";
import { keyLayout, number, type KeyLayout } from "../src/forecast/keys/layout.js";
import { LocalClock } from "../src/forecast/keys/local-clock.js";
import { KeyRow } from "../src/forecast/keys/row.js";
import { countMove, scaleOf, trackScale } from "../src/forecast/keys/scaling.js";
import { CellRunner } from "../src/forecast/learning/cell-runner.js";
import { valueCell } from "../src/forecast/learning/value-cell.js";
import { forecasterSettings, type ForecasterSettings } from "../src/forecast/settings.js";
import { corpusSeries, type CorpusSeries } from "./corpus.js";
import { shrink } from "./shrink.js";
import { sine } from "./source.js";

export interface TrainingPlan {
  readonly cell: "rnn" | "gru" | "lstm";
  readonly hidden: number;
  /** Seed of the corpus. */
  readonly seed: number;
  /** Events to learn from. */
  readonly events: number;
  /** Called now and then with the events so far and the mean loss since the last call. */
  readonly onProgress?: (events: number, loss: number) => void;
}

/** Series that run side by side. */
const lanes = 256;
/** The rate rises over the first updates and falls along half a cosine (Loshchilov and Hutter, 2017). */
const rates = { peak: 3e-3, floor: 3e-5, rise: 500 };
const windows = 32;
const stride = 8;
const largestTarget = 20;
const progressEvery = 1_000_000;

/** A series that runs, and its key's rows. */
interface Lane {
  readonly key: KeyRow;
  series: CorpusSeries;
  at: number;
}

/** Returns the trained weights, in the order of `engine/parameters.ts`. */
export function train({ cell, hidden, seed, events, onProgress }: TrainingPlan): Float32Array {
  const settings: { -readonly [Name in keyof ForecasterSettings]: ForecasterSettings[Name] } = {
    ...forecasterSettings({
      cell,
      hidden,
      stride,
      initial: "random",
      readout: "shared",
      bpttWindows: windows,
      learningBoost: 1,
    }),
  };
  const layout = keyLayout(settings, expertsOf(settings));
  const history = new History(settings, layout, new LocalClock(settings.timeZone));
  const updates = events / (windows * stride);
  let loss = 0;
  let learned = 0;
  const parts = valueCell(settings, layout, history, wasmEngine);
  const { tensors } = parts.engine.description;
  const runner = new CellRunner(settings, parts, (update) => {
    const progress = Math.min(1, update.version / updates);
    const rate = rates.floor + ((rates.peak - rates.floor) * (1 + sine(0.25 + progress / 2))) / 2;
    settings.learningRate = rate * Math.min(1, update.version / rates.rise);
    loss += update.loss;
    learned++;
  });
  const { weights: initial } = runner.readModel(String);
  runner.reserve(lanes);
  let drawn = 0;
  const draw = (): CorpusSeries => corpusSeries(seed, drawn++);
  const running: Lane[] = [];
  let seen = 0;
  while (seen < events) {
    // One more lane begins with each round: series of one age would end together.
    if (running.length < lanes) running.push({ key: newKey(layout, running.length), series: draw(), at: 0 });
    for (const lane of running) {
      const { key } = lane;
      if (lane.at === lane.series.values.length) {
        runner.step();
        runner.forget(key.slot, key.f64[number.count]!);
        key.f64.fill(0);
        key.f32.fill(0);
        lane.series = draw();
        lane.at = 0;
      }
      if (runner.blocks(key.slot)) runner.step();
      take(lane, history, runner);
      if (++seen % progressEvery !== 0) continue;
      onProgress?.(seen, loss / learned);
      loss = learned = 0;
    }
  }
  const { weights } = runner.readModel(String);
  runner.dispose();
  shrink(weights, initial, tensors, { cell, hidden });
  return weights;
}

function newKey(layout: KeyLayout, slot: number): KeyRow {
  const key = new KeyRow(layout);
  return Object.assign(key, {
    slot,
    f64: new Float64Array(layout.f64Size),
    f32: new Float32Array(layout.f32Size),
  });
}

const now = currentEvent();

/** Takes the next event of a lane as the forecaster does; its last value stands in for a missing one. */
function take(lane: Lane, history: History, runner: CellRunner): void {
  const { key } = lane;
  const { f64 } = key;
  const value = lane.series.values[lane.at]!;
  now.time = lane.series.times[lane.at++]!;
  now.missing = Number.isNaN(value);
  let target = 0;
  if (f64[number.observed] === 0) {
    f64[number.observed] = 1;
    for (const name of ["base", "held", "mean"] as const) f64[number[name]] = value;
  } else if (!now.missing) {
    const change = value - f64[number.base]!;
    target = clip(change / scaleOf(key), largestTarget);
    f64[number.observed] = f64[number.observed]! + 1;
    countMove(key, change !== 0);
    trackScale(key, value, change);
    f64[number.base] = f64[number.held] = value;
  }
  history.pushChange(key, target);
  if (runner.updatesWith(key, target)) runner.step();
  runner.schedule(key, target, now.missing);
  history.pushInputs(key, now);
  runner.enter(key, 0);
  f64[number.count] = f64[number.count]! + 1;
}
