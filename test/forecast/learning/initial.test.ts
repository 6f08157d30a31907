/** What a model's weights are at first, and that a state remembers which they were. */
import { beforeAll, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { gru32 } from "../../../src/forecast/learning/initial/gru32.js";
import { lstm32 } from "../../../src/forecast/learning/initial/lstm32.js";
import { rnn32 } from "../../../src/forecast/learning/initial/rnn32.js";
import { usePretrainedWeights } from "../../../src/forecast/learning/initial/use-pretrained.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { readModelHead } from "../../../src/forecast/snapshot/snapshot.js";
import { columnNames, run, type Event } from "../../support/streams.js";

const events = (count: number): Event[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `key-${i % 3}`,
    time: 1_700_000_000_000 + Math.floor(i / 3) * 60_000,
    value: 100 + ((i * 7919) % 13) + (i % 24),
  }));

function forecasterOf(options: ForecasterOptions = {}): Forecaster {
  return new Forecaster(forecasterSettings(options));
}

/** What is forecast of the events, as text. */
function said(forecaster: Forecaster, stream: readonly Event[]): string {
  const forecasts = run(forecaster, stream);
  return columnNames.map((name) => forecasts[name].join()).join("|");
}

const trained = { initial: "pretrained" } as const;

beforeAll(usePretrainedWeights);

test.each<[string, string, ForecasterOptions]>([
  ["the defaults", `lstm32-${lstm32.identity}@0`, {}],
  ["random weights", "lstm32@0", { initial: "random" }],
  ["trained weights", `lstm32-${lstm32.identity}@0`, trained],
  ["trained weights of a gru", `gru32-${gru32.identity}@0`, { ...trained, cell: "gru" }],
  ["trained weights of an rnn", `rnn32-${rnn32.identity}@0`, { ...trained, cell: "rnn" }],
  ["a gru", `gru32-${gru32.identity}@0`, { cell: "gru" }],
  ["an rnn", "rnn32@0", { cell: "rnn" }],
  ["a size without a file", "lstm8@0", { hidden: 8 }],
  ["a cell without a file", "conv32@0", { cell: "conv" }],
  [
    "features and a horizon",
    `lstm32-${lstm32.identity}@0`,
    { ...trained, featureCount: 2, harmonics: 3, horizon: 4 },
  ],
  ["more harmonics", `lstm32-${lstm32.identity}@0`, { ...trained, harmonics: 9 }],
])("the model of %s is named %s", (_, name, options) => {
  const forecaster = forecasterOf(options);
  expect(forecaster.modelName()).toBe(name);
  forecaster.dispose();
});

test.each<ForecasterOptions>([{ hidden: 8 }, { cell: "conv" }])(
  "pretrained weights that there are not are an error, where they are asked for: %o",
  (options) => {
    expect(() => forecasterOf({ ...trained, ...options })).toThrow(
      "initial: there are pretrained weights for cells lstm with 32, gru with 32, rnn with 32 units, none for",
    );
  },
);

test("pretrained weights do not depend on the seed, random ones do", () => {
  const of = (options: ForecasterOptions): string => said(forecasterOf(options), events(120));
  expect(of({ ...trained, seed: 1 })).toBe(of({ ...trained, seed: 2 }));
  expect(of({ initial: "random", seed: 1 })).not.toBe(of({ initial: "random", seed: 2 }));
});

test.each(["pretrained", "random"] as const)(
  "a state that began %s goes on as it began where the configuration names no weights",
  (initial) => {
    const stream = events(400);
    const straight = forecasterOf({ initial });
    said(straight, stream.slice(0, 200));
    const other = forecasterOf();
    other.restore(straight.snapshot());
    expect(other.modelName()).toBe(straight.modelName());
    expect(said(other, stream.slice(200))).toBe(said(straight, stream.slice(200)));
  },
);

test.each(["pretrained", "random"] as const)(
  "a state goes on as it began, %s, whatever the setting is now",
  (initial) => {
    const stream = events(400);
    const straight = forecasterOf({ initial });
    said(straight, stream.slice(0, 200));
    const saved = straight.snapshot();
    const other = forecasterOf({ initial: initial === "random" ? "pretrained" : "random" });
    other.restore(saved);
    expect(other.modelName()).toBe(straight.modelName());
    expect(said(other, stream.slice(200))).toBe(said(straight, stream.slice(200)));
    expect(other.snapshot()).toEqual(straight.snapshot());
    expect(readModelHead(saved).initial).toBe(initial === "random" ? undefined : lstm32.identity);
  },
);

test("inputs that the file does not know have no effect before they are learned from", () => {
  const stream = events(30);
  const plain = said(forecasterOf({ ...trained, readout: "shared" }), stream);
  const withFeature = stream.map((event, i) => ({ ...event, features: [i % 5] }));
  expect(said(forecasterOf({ ...trained, readout: "shared", featureCount: 1 }), withFeature)).toBe(plain);
});
