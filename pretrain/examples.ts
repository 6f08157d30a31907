/** Collects what a gate can learn from: forecasters run over series of the corpus, each key by itself, with the trained weights. */
import { wasmEngine } from "../src/engine/wasm/engine.js";
import { forecastColumns, observationColumns } from "../src/forecast/columns.js";
import { clip } from "../src/forecast/elementary.js";
import { Forecaster } from "../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../src/forecast/settings.js";
import { corpusSeries } from "./corpus.js";

/** Events that are taken of a series at most. */
const longest = 1200;
/** The first values of a key that a part of its life ends before: each part counts as much as another. */
const parts = [10, 30, 100, 300, 1000, Infinity] as const;
/** Largest target, in scaled changes. */
const largestTarget = 20;
/** Least sum of errors that an example's weight is by, and largest weight: one key must not decide. */
const leastError = 0.5;
const largestWeight = 30;

/** Rows of examples. */
export interface Examples {
  readonly count: number;
  /** Numbers of a row of `x`, and of a row of `forecasts`. */
  readonly inputs: number;
  readonly members: number;
  readonly x: Float32Array;
  readonly forecasts: Float32Array;
  readonly targets: Float32Array;
  /** How much each counts: by the errors of the mixture in that part of the key's life. */
  readonly weights: Float64Array;
}

/** Returns `count` examples from the series of a seed. The weights of the options' cell must be loaded. */
export function collectExamples(options: ForecasterOptions, seed: number, count: number): Examples {
  const settings = forecasterSettings({ ...options, initial: "pretrained" });
  const { inputs, members } = shapeOf(settings);
  const x = new Float32Array(count * inputs);
  const forecasts = new Float32Array(count * members);
  const targets = new Float32Array(count);
  const weights = new Float64Array(count);
  let taken = 0;
  for (let index = 0; taken < count; index++) {
    const places: number[][] = parts.map(() => []);
    const forecaster = new Forecaster(settings, wasmEngine);
    const slot = forecaster.slotOf("key");
    forecaster.trainGate(({ observed, ...example }) => {
      if (taken === count) return;
      x.set(example.inputs, taken * inputs);
      forecasts.set(example.forecasts, taken * members);
      targets[taken] = clip(example.target, largestTarget);
      places[parts.findIndex((end) => observed < end)]!.push(taken++);
    });
    const { times, values } = corpusSeries(seed, index);
    const length = Math.min(values.length, longest);
    const observations = { ...observationColumns(length), times, values, count: length };
    observations.slots.fill(slot);
    forecaster.observe(observations, forecastColumns(length));
    forecaster.dispose();
    for (const part of places) {
      const errorAt = (i: number): number => Math.abs(forecasts[(i + 1) * members - 1]! - targets[i]!);
      const error = part.reduce((sum, i) => sum + errorAt(i), 0);
      for (const i of part) weights[i] = 1 / Math.max(error, leastError);
    }
  }
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
  for (let i = 0; i < count; i++) weights[i] = Math.min(weights[i]! / mean, largestWeight);
  return { count, inputs, members, x, forecasts, targets, weights };
}

function shapeOf(settings: ReturnType<typeof forecasterSettings>): { inputs: number; members: number } {
  const forecaster = new Forecaster(settings, wasmEngine);
  const { inputs, members } = forecaster.trainGate(() => undefined);
  forecaster.dispose();
  return { inputs, members };
}
