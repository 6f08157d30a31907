/** Old names of settings: every one is an error that names the new one, wherever it could be given. */
import { describe, expect, test } from "vitest";
import { kafkaReadOnlySource, kafkaPorts } from "../../src/adapters/kafka/index.js";
import { nodeAt, type SettingPath } from "../../src/config/json-schema.js";
import { parseConfig } from "../../src/config/load.js";
import { refuseRenamed, renamedSettings, type RenamedIn } from "../../src/errors/errors.js";
import { createForecaster } from "../../src/forecast/objects.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import { createSymbolForecaster } from "../../src/forecast/symbols/objects.js";
import { symbolSettings } from "../../src/forecast/symbols/settings.js";
import { pipelineSettings } from "../../src/pipeline/settings.js";

const namesOf = (place: RenamedIn): [string, string][] =>
  Object.entries(renamedSettings[place]).map(([old, { name }]: [string, { name: string }]) => [old, name]);

const errorOf = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
};

const sections = ["configuration", "kafka", "server", "decode", "snapshot", "model"] as const;
const inFiles = sections.flatMap((place) =>
  namesOf(place).map(([old, name]): [SettingPath, string, string] => [
    place === "configuration" ? [] : [place],
    old,
    name,
  ]),
);

describe("an old name in a configuration", () => {
  test.each(inFiles)("%j %s: names %s", (section, old, name) => {
    const path = (last: string): string => [...section.map(String), last].join(".");
    const text = section.length === 0 ? `${old}: 1` : `${String(section[0])}:\n  ${old}: 1`;
    const line = section.length === 0 ? 1 : 2;
    expect(errorOf(() => parseConfig(text, {}))).toMatchObject({
      code: "SETTING_INVALID",
      message: expect.stringContaining(`line ${line}: ${path(old)}: is called ${path(name)} now`) as string,
    });
    expect(nodeAt([...section, name]), "the new name is a setting").toBeDefined();
    expect(nodeAt([...section, old]), "the old name is none").toBeUndefined();
  });

  test("says what else changed with the name", () => {
    expect(() => parseConfig("snapshot: { everySeconds: 300 }", {})).toThrow(
      /snapshot\.everySeconds: is called snapshot\.everyMs now, in milliseconds instead of seconds$/,
    );
  });
});

describe("an old name among the options of a function", () => {
  const one = { topics: { input: "i", forecasts: "f", state: "s" } };
  const calls: [string, RenamedIn, (options: object) => unknown][] = [
    ["forecasterSettings", "forecasterOptions", (options) => forecasterSettings(options)],
    ["createForecaster", "forecasterOptions", (options) => createForecaster(options)],
    ["symbolSettings", "symbolOptions", (options) => symbolSettings(options)],
    ["createSymbolForecaster", "symbolOptions", (options) => createSymbolForecaster(options)],
    ["pipelineSettings", "decode", (options) => pipelineSettings({ decode: options })],
    ["pipelineSettings", "snapshot", (options) => pipelineSettings({ snapshot: options })],
    ["kafkaPorts", "kafkaOptions", (options) => kafkaPorts({ ...one, ...options } as never)],
    [
      "kafkaReadOnlySource",
      "kafkaOptions",
      (options) => kafkaReadOnlySource({ ...one, ...options } as never),
    ],
  ];
  const cases = calls.flatMap(([what, place, call]) =>
    namesOf(place).map(([old, name]) => ({ what, old, name, call })),
  );

  test.each(cases)("$what: $old names $name", ({ old, name, call }) => {
    expect(errorOf(() => call({ [old]: 1 }))).toMatchObject({
      code: "SETTING_INVALID",
      message: expect.stringMatching(new RegExp(`${old}: is called (\\w+\\.)?${name} now`)) as string,
    });
  });

  test("is refused beside the new one, and passed over where its value is undefined", () => {
    expect(() => forecasterSettings({ bpttSteps: 8, window: 8 } as object)).toThrow(/window: is called/);
    expect(() =>
      refuseRenamed(renamedSettings.forecasterOptions, { window: undefined, hidden: 8 }),
    ).not.toThrow();
    expect(() => refuseRenamed(renamedSettings.snapshot, undefined)).not.toThrow();
  });
});
