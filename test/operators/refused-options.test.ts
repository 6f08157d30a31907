/** Options that a function does not take: every one is refused by name, where JavaScript would ignore it. */
import { describe, expect, test, vi } from "vitest";
import type { z } from "zod";
import { backtest } from "../../src/forecast/evaluation/backtest.js";
import { createForecaster, EventForecaster } from "../../src/forecast/objects.js";
import { createSymbolForecaster } from "../../src/forecast/symbols/objects.js";
import type { ForecasterOptions, ForecasterSettings } from "../../src/forecast/options.js";
import type { forecasterSchema } from "../../src/forecast/schema/forecaster.js";
import type { SymbolSettings } from "../../src/forecast/symbols/options.js";
import type { symbolSchema } from "../../src/forecast/symbols/schema.js";
import type { PipelineOptions } from "../../src/pipeline/options.js";
import type { pipelineSchema } from "../../src/pipeline/settings.js";
import { anomalies } from "../../src/operators/anomalies.js";
import { aggregate } from "../../src/operators/aggregate.js";
import { forecast } from "../../src/operators/forecast.js";
import { forecastBatches } from "../../src/operators/forecast-batches.js";
import { forecastSymbols } from "../../src/operators/forecast-symbols.js";

const readings = { key: () => "k", time: () => 0, value: () => 1 };
const symbols = { key: () => "k", symbol: () => "s" };

const calls: [string, (options: object) => unknown][] = [
  ["forecast", (options) => forecast({ ...readings, ...options })],
  ["forecastBatches", (options) => forecastBatches({ ...readings, ...options })],
  ["forecastSymbols", (options) => forecastSymbols({ ...symbols, ...options })],
  ["createForecaster", (options) => createForecaster(options)],
  ["createSymbolForecaster", (options) => createSymbolForecaster(options)],
];
const callOf = new Map(calls);

const messageOf = (name: string, options: object): string => {
  try {
    callOf.get(name)!(options);
  } catch (error) {
    expect(error).toMatchObject({ code: "SETTING_INVALID" });
    return (error as Error).message;
  }
  return "";
};

test.each([
  ["forecast", forecast],
  ["forecastBatches", forecastBatches],
  ["forecastSymbols", forecastSymbols],
  ["aggregate", aggregate],
  ["backtest", (options: never) => backtest([], options)],
  ["EventForecaster", (options: never) => new EventForecaster(options)],
] as [string, (options: never) => unknown][])("%s says that its options are missing", (_name, call) => {
  for (const options of [undefined, null, [readings]]) {
    expect(() => call(options as never)).toThrow(
      /^options: expected an object with functions such as key and time/,
    );
  }
});

describe.each(calls)("%s", (name, call) => {
  test("refuses an option that nobody knows", () => {
    expect(messageOf(name, { hiden: 32 })).toMatch(/hiden/);
  });

  test("takes undefined for an option that is left out", () => {
    const names = ["key", "time", "value", "symbol", "features", "featureCount", "onRejected", "engine"];
    const given = Object.keys(name === "forecastSymbols" ? symbols : readings);
    const undefinedOnes = names.filter((option) => name.startsWith("create") || !given.includes(option));
    expect(() => call(Object.fromEntries(undefinedOnes.map((option) => [option, undefined])))).not.toThrow();
  });

  test.each(["onRejected", "onUpdate", "onForgotten", "engine"])(
    "refuses %s that is no function",
    (option) => {
      const expected =
        option === "engine"
          ? "expected a factory, such as `await loadTfjsEngine()` of undercurrent-forecast/tfjs; found"
          : "expected a function, found";
      expect(messageOf(name, { [option]: "text" })).toBe(`${option}: ${expected} "text"`);
    },
  );
});

describe("an option of another function is refused with what to use here", () => {
  test.each([
    ["forecast", "featureCount", "give a callback for each feature in `features`"],
    ["forecastBatches", "featureCount", "give a callback for each feature in `features`"],
    ["createForecaster", "key", "each observation carries its key, time and value"],
    ["createForecaster", "time", "each observation carries its key, time and value"],
    ["createForecaster", "value", "each observation carries its key, time and value"],
    ["createForecaster", "restore", "give the snapshot to the method restore() of the forecaster"],
    ["createForecaster", "save", "the method snapshot() of the forecaster returns its state"],
    ["createForecaster", "model", "its settings are options themselves, such as horizon"],
    ["forecast", "model", "its settings are options themselves, such as horizon"],
    ["createSymbolForecaster", "key", "each observation carries its key and symbol"],
    ["createSymbolForecaster", "symbol", "each observation carries its key and symbol"],
  ])("%s: %s", (name, option, instead) => {
    expect(messageOf(name, { [option]: option === "featureCount" ? 2 : () => 1 })).toBe(
      `${option}: not an option of this function; ${instead}`,
    );
  });
});

describe("a callback that is missing or none is refused before the first event", () => {
  test.each([
    ["forecast", "key"],
    ["forecast", "time"],
    ["forecast", "value"],
    ["forecastBatches", "key"],
    ["forecastSymbols", "key"],
    ["forecastSymbols", "symbol"],
  ])("%s: %s", (name, option) => {
    const expected = `${option}: expected a function such as (event) => event.${option}, found`;
    expect(messageOf(name, { [option]: undefined })).toBe(`${expected} nothing`);
    expect(messageOf(name, { [option]: "celsius" })).toBe(`${expected} "celsius"`);
  });

  test("also among the features", () => {
    for (const name of ["forecast", "forecastBatches"]) {
      expect(messageOf(name, { features: [() => 1, "humidity"] })).toBe(
        'features.1: expected a function, found "humidity"',
      );
      expect(messageOf(name, { features: "humidity" })).toBe(
        'features: expected a list of functions, found "humidity"',
      );
    }
  });
});

test("an interval level that is given twice is refused", () => {
  const message = "intervalLevels: every level may be given once; found";
  expect(messageOf("createForecaster", { intervalLevels: [0.5, 0.9, 0.5] })).toBe(`${message} [0.5,0.9,0.5]`);
  expect(messageOf("forecast", { intervalLevels: [0.9, 0.9] })).toBe(`${message} [0.9,0.9]`);
  expect(messageOf("createForecaster", { intervalLevels: [0.9, 0.5] })).toBe("");
});

describe("a wrong setting is refused with its name, its range and its value", () => {
  test.each<[string, object, string]>([
    [
      "createForecaster",
      { hidden: 5 },
      "hidden: expected whole number from 4 to 256, a multiple of 4; found 5",
    ],
    [
      "createForecaster",
      { cell: "transformer" },
      'cell: expected rnn | gru | lstm | window | conv | attention; found "transformer"',
    ],
    ["createForecaster", { seed: "1" }, 'seed: expected whole number from 0 to 4294967295; found "1"'],
    [
      "forecast",
      { intervalLevels: [0.9, 2] },
      "intervalLevels.1: expected list (1 to 8) of: number above 0, below 1; found 2",
    ],
    ["forecast", { detection: { enabled: 1 } }, "detection.enabled: expected true | false; found 1"],
    ["forecast", { horizon: NaN }, "horizon: expected whole number from 1 to 96; found NaN"],
    ["forecast", { Hidden: 8 }, "Hidden: unknown option; did you mean hidden?"],
    ["forecast", { zone: "UTC" }, "zone: unknown option; did you mean timeZone?"],
    ["forecast", { sleep: 1 }, "sleep: unknown option"],
    ["forecast", { horizn: 3 }, "horizn: unknown option; did you mean horizon?"],
    ["createForecaster", { alarmrates: 3 }, "alarmrates: unknown option; did you mean alarmRate?"],
    ["createForecaster", { bounds: { mim: 3 } }, "bounds.mim: unknown option; did you mean bounds.min?"],
    [
      "forecast",
      { detection: { quiet: [{ days: ["sunn"], from: "22:00", to: "06:00" }] } },
      'detection.quiet.0.days.0: expected sun | mon | tue | wed | thu | fri | sat; found "sunn"',
    ],
    [
      "forecast",
      { detection: { quiet: [{ from: "25:00", to: "06:00" }] } },
      'detection.quiet.0.from: expected a time of day from 00:00 to 23:59; found "25:00"',
    ],
    [
      "forecast",
      { detection: { overrides: [{ keys: "a", direction: "up" }] } },
      'detection.overrides.0.direction: expected both | above | below; found "up"',
    ],
    ["forecastSymbols", { order: 9 }, "order: expected whole number from 0 to 8; found 9"],
    [
      "createForecaster",
      { engine: "wasm" },
      "engine: leave it out for the engine wasm, which is the default",
    ],
  ])("%s(%o)", (name, options, message) => {
    expect(messageOf(name, options)).toBe(message);
  });
});

test("one event in place of an array is refused with what to give", () => {
  const forecaster = createForecaster();
  expect(() => forecaster.observe({ key: "k", time: 0, value: 1 } as never)).toThrow(
    "observe: expected an array of events; give a single event as [event]",
  );
  forecaster.dispose();
});

test("a first time that looks like seconds is warned of once, and taken as it is", () => {
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const forecaster = createForecaster();
  const seconds = 1_767_225_600;
  forecaster.observe([{ key: "k", time: seconds, value: 1 }]);
  const [told] = forecaster.observe([{ key: "k", time: seconds + 60, value: 2 }]);
  expect(told!.time).toBe(seconds + 60);
  expect(warnings.mock.calls.map(([message]) => message)).toEqual([
    "the time 1767225600 is 1970-01-21T10:53:45.600Z in milliseconds; if it is in seconds, give (event) => 1000 * event.time",
  ]);
  warnings.mockRestore();
  forecaster.dispose();
});

test.each([
  [
    { time: 1_767_225_600_000_000 },
    "the time 1767225600000000 is +057971-02-25T00:00:00.000Z in milliseconds; if it is in microseconds, give (event) => event.time / 1000",
  ],
  [{ value: undefined }, "the value of the first event is undefined, which is taken as missing"],
  [{ features: [1, 2] }, "the features of the first event are not read; give their number, featureCount: 2"],
])("a first event with %o is warned of once, and taken as it is", (given, message) => {
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const forecaster = createForecaster();
  const event = { key: "k", time: 1_767_225_600_000, value: 1, ...given } as never;
  expect(forecaster.observe([event, event])).toHaveLength(2);
  expect(warnings.mock.calls.map(([told]) => told)).toEqual([message]);
  warnings.mockRestore();
  forecaster.dispose();
});

test("a first event in milliseconds, with a value and the features of the settings, has no warning", () => {
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const forecaster = createForecaster({ featureCount: 1 });
  forecaster.observe([{ key: "k", time: 1_767_225_600_000, value: null, features: [1, 2] }]);
  expect(warnings.mock.calls).toEqual([]);
  warnings.mockRestore();
  forecaster.dispose();
});

test("a backtest says why it refused all events, and takes nothing but an iterable", () => {
  const read = { ...readings, value: (value: unknown) => value as number };
  expect(() => backtest(["1", "2"], read)).toThrow(
    'no event holds an observation; 2 rejected, the first with VALUE_NOT_A_NUMBER: the value is the text "1"',
  );
  expect(() => backtest({ v: 1 } as never, read)).toThrow(
    "backtest: expected an array of events, or another iterable",
  );
});

test("the declared types of settings are those of the schemas, in both directions", () => {
  const settings = (given: z.output<typeof forecasterSchema>): ForecasterSettings => given;
  const schema = (given: ForecasterSettings): z.output<typeof forecasterSchema> => given;
  const symbols = (given: z.output<typeof symbolSchema>): SymbolSettings => given;
  const symbolsBack = (given: SymbolSettings): z.output<typeof symbolSchema> => given;
  const options = (given: z.input<typeof forecasterSchema>): ForecasterOptions => given;
  const optionsBack = (given: ForecasterOptions): Frozen<z.input<typeof forecasterSchema>> => given;
  const pipeline = (given: z.input<typeof pipelineSchema>): PipelineOptions => given;
  const pipelineBack = (given: PipelineOptions): Frozen<z.input<typeof pipelineSchema>> => given;
  const all = [settings, schema, symbols, symbolsBack, options, optionsBack, pipeline, pipelineBack];
  expect(all.length).toBe(8);
});

/** A type whose arrays are read only, all the way down. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T;

describe("an argument of another kind is refused, where JavaScript would ignore it", () => {
  const forecaster = createForecaster({ horizon: 24 });
  forecaster.observe([{ key: "k", time: 0, value: 1 }]);
  const symbolForecaster = createSymbolForecaster();
  symbolForecaster.observe([{ key: "k", symbol: "s" }]);

  test.each([[3], ["3"], [null], [[3]], [() => 3], [{ step: 3 }], [{ horizon: 3 }]])(
    "forecast(key, %j)",
    (given) => {
      const ask = (): unknown => forecaster.forecast("k", given as never);
      expect(ask).toThrow(/^forecast: expected options such as \{ steps: 3 \}, found /);
      expect(ask).toThrow(TypeError);
    },
  );

  test("forecast(key) of symbols has no options", () => {
    const ask = symbolForecaster.forecast.bind(symbolForecaster) as (
      key: string,
      options: unknown,
    ) => unknown;
    expect(() => ask("k", { steps: 3 })).toThrow(/^forecast: symbols have one step and no options/);
  });

  test.each([["path"], [5], [{}], [[1, 2]], [undefined], [null], [new ArrayBuffer(4)]])(
    "restore(%j)",
    (given) => {
      for (const one of [forecaster, symbolForecaster]) {
        expect(() => one.restore(given as never)).toThrow(
          /^restore: expected the bytes of a snapshot, a Uint8Array/,
        );
      }
    },
  );

  test.each([2, { threshold: 2 }, null])("anomalies(%j)", (given) => {
    const operator = anomalies as (options: unknown) => unknown;
    expect(() => operator(given)).toThrow(/^anomalies: takes no options; .*alarmRate/);
  });

  test("expectIncidents names the kinds", () => {
    expect(() => forecaster.expectIncidents("k", "spikes" as never, 0)).toThrow(
      /^kind: expected spike \| .*found "spikes"/,
    );
  });

  test("save names an option that it does not know", () => {
    expect(messageOf("forecast", { save: { every: 1, to: () => 0, path: "x" } })).toMatch(
      /^save\.path: unknown option/,
    );
  });

  test.each([[24], ["gru"], [null], [[]], [() => 1]])("createForecaster(%j) and of symbols", (given) => {
    const expected = /^options: expected an object of settings, found /;
    expect(() => createForecaster(given as never)).toThrow(expected);
    expect(() => createSymbolForecaster(given as never)).toThrow(expected);
  });

  test("backtest refuses a text, whose characters are no events", () => {
    expect(() => backtest("data.csv" as never, readings)).toThrow(/^backtest: expected an array of events/);
  });

  test.each([3, { 0: 3 }, "3"])("features: %j of an observation are refused, not missing", (features) => {
    const errors: string[] = [];
    const own = createForecaster({
      featureCount: 1,
      onRejected: ({ error }) => void errors.push(error.message),
    });
    own.observe([{ key: "k", time: 0, value: 1, features: features as never }]);
    expect(errors).toEqual([expect.stringMatching(/^the features are .*expected a list of numbers/)]);
    own.observe([{ key: "k", time: 0, value: 1, features: new Float64Array([3]) as never }]);
    expect(errors).toHaveLength(1);
  });

  test("an observation that is none is refused, and the others go on", () => {
    const errors: string[] = [];
    const own = createForecaster({ onRejected: ({ error }) => void errors.push(error.message) });
    const made = own.observe([null as never, 5 as never, { key: "k", time: 0, value: 1 }]);
    expect(made).toHaveLength(1);
    expect(errors).toEqual([
      "the observation is null, expected an object with key, time and value",
      "the observation is 5, expected an object with key, time and value",
    ]);
  });
});
