/**
 * The same settings and events give the same bits: on every Node, on every machine, and after every change of the code
 * that does not mean to change forecasts. Held by a digest of all that is forecast of a stream with everything in it.
 */
import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { kernelNames } from "../../src/engine/wasm/kernel.js";
import { uniform } from "../../src/engine/random.js";
import type { ForecastColumns } from "../../src/forecast/columns.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";
import { columnNames, quick, run, stepNames, withFeatures, type Event } from "../support/streams.js";

// The kernel that every machine has: the other one rounds otherwise.
vi.stubEnv("UNDERCURRENT_KERNEL", "simd");

const day = 86_400_000;

/** Without Math.sin and its like, whose last bits differ between versions of V8. */
const wave = (time: number, period: number): number => {
  const phase = (time % period) / period;
  return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase;
};

/** Keys of every kind, and what streams are feared for: see the branches. */
function everything(count: number): Event[] {
  const next = uniform(5);
  const kinds: readonly ((time: number, before: number) => number)[] = [
    (time) => 20 + 8 * wave(time, day) + next(),
    (time) => 3 * wave(time, 7 * day) * wave(time, day) + 0.2 * next(),
    (_, before) => before + next() - 0.5,
    (_, before) => (next() < 0.02 ? Math.floor(1000 * next()) : before),
    () => Math.floor(4 * next() * next()),
    () => (next() < 0.9 ? 0 : 1e6 * next()),
    (time) => -1e-6 * (wave(time, day / 2) + next()),
    (_, before) => (next() < 0.01 ? 1e30 : 0.99 * before + next()),
  ];
  const keys = kinds.map((_, kind) => ({ time: 1_700_000_000_000 + kind * 1000, value: 0 }));
  return Array.from({ length: count }, (_, i): Event => {
    const kind = Math.floor(next() * next() * kinds.length);
    const key = keys[kind]!;
    const chance = next();
    key.time += 900_000;
    // A gap, a hurry, two at the same time.
    if (chance < 0.01) key.time += 3 * day;
    else if (chance < 0.05) key.time -= 700_000;
    else if (chance < 0.06) key.time -= 900_000;
    key.value = kinds[kind]!(key.time, key.value);
    const late = next() < 0.01 ? 3_600_000 : 0;
    const value = next() < 0.04 ? NaN : key.value;
    // Few keys late in the stream are new.
    const name = i % 97 === 96 ? `new-${i}` : `kind-${kind}`;
    return { key: name, time: key.time - late, value };
  });
}

/** Numbers as text, which is the same exactly where they are, and has one NaN. */
function digestOf(forecasts: ForecastColumns): string {
  const columns = [
    ...columnNames.map((name) => forecasts[name]),
    ...stepNames.map((name) => forecasts.steps[name]),
  ];
  return createHash("sha256")
    .update(columns.map((column) => column.join()).join("|"))
    .digest("hex")
    .slice(0, 16);
}

/** A change that means to change forecasts says so in CHANGELOG.md, and puts new digests here. */
const configurations: readonly (readonly [name: string, digest: string, options: ForecasterOptions])[] = [
  ["the defaults", "692ac963ea9262a7", {}],
  ["random weights", "926f0ec80102742a", { initial: "random" }],
  ["an RNN", "f3616212a8362fb8", { ...quick, cell: "rnn", readout: "full" }],
  ["a GRU", "d920306600eb21c3", { ...quick, cell: "gru", readout: "compact" }],
  ["an LSTM", "4975030e4e64e16b", { ...quick, cell: "lstm", readout: "shared" }],
  ["a window", "1edf498df8990b85", { ...quick, cell: "window", readout: "full" }],
  ["a convolution", "e255411ecbf8b3ef", { ...quick, cell: "conv", readout: "compact" }],
  ["attention", "b68f86f9dd54167e", { ...quick, cell: "attention", readout: "shared" }],
  ["features", "6b350a4b4289a529", { ...quick, featureCount: 3, readout: "full" }],
  ["horizons", "c39768ba247c4ba3", { ...quick, horizon: 6, intervalLevels: [0.5, 0.95] }],
  ["the squared loss", "2c1d21691686e218", { ...quick, loss: "squared", seed: 7, harmonics: 0 }],
];

test.each(configurations)("with %s every forecast has the bits that it always had", (_, digest, options) => {
  const forecaster = new Forecaster(forecasterSettings(options));
  expect(forecaster.kernel).toBe(kernelNames.simd);
  const events = withFeatures(everything(4000), forecaster.settings.featureCount);
  const forecasts = run(forecaster, events);
  forecaster.dispose();
  expect(digestOf(forecasts)).toBe(digest);
});
