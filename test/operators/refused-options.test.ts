/** Options that a function does not take: every one is refused by name, where JavaScript would ignore it. */
import { describe, expect, test } from "vitest";
import { createForecaster } from "../../src/forecast/objects.js";
import { createSymbolForecaster } from "../../src/forecast/symbols/objects.js";
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

  test.each(["onRejected", "onUpdate", "engine"])("refuses %s that is no function", (option) => {
    expect(messageOf(name, { [option]: "text" })).toBe(`${option}: expected a function`);
  });
});

describe("an option of another function is refused with what to use here", () => {
  test.each([
    ["forecast", "featureCount", "give a callback for each feature in `features`"],
    ["forecastBatches", "featureCount", "give a callback for each feature in `features`"],
    ["createForecaster", "key", "each observation carries its key, time and value"],
    ["createForecaster", "time", "each observation carries its key, time and value"],
    ["createForecaster", "value", "each observation carries its key, time and value"],
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
    expect(messageOf(name, { [option]: undefined })).toBe(`${option}: expected a function`);
    expect(messageOf(name, { [option]: "celsius" })).toBe(`${option}: expected a function`);
  });

  test("also among the features", () => {
    for (const name of ["forecast", "forecastBatches"]) {
      expect(messageOf(name, { features: [() => 1, "humidity"] })).toBe("features.1: expected a function");
      expect(messageOf(name, { features: "humidity" })).toBe("features: expected a list of functions");
    }
  });
});

test("an interval level that is given twice is refused", () => {
  const message = "intervalLevels: every level may be given once";
  expect(messageOf("createForecaster", { intervalLevels: [0.5, 0.9, 0.5] })).toBe(message);
  expect(messageOf("forecast", { intervalLevels: [0.9, 0.9] })).toBe(message);
  expect(messageOf("createForecaster", { intervalLevels: [0.9, 0.5] })).toBe("");
});
