/** The configuration that `tune` prints holds the settings that it chose. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { alarmRates, gateChoices } from "../../../src/cli/tune/grid.js";
import { configurationText, modelSection } from "../../../src/cli/tune/settings.js";
import { parseConfig } from "../../../src/config/load.js";
import { cellKinds } from "../../../src/engine/port.js";
import { forecasterSettings, lossKinds, readoutKinds, valueKinds } from "../../../src/forecast/settings.js";

test("the section model reads as the settings of the forecaster, with the chosen rate and gates", () => {
  const given = fc.record(
    {
      cell: fc.constantFrom(...cellKinds),
      readout: fc.constantFrom(...readoutKinds),
      loss: fc.constantFrom(...lossKinds),
      kind: fc.constantFrom(...valueKinds),
      hidden: fc.constantFrom(8, 32),
      bounds: fc.constantFrom<object>({ min: 0 }, { min: -1, max: 1 }),
      intervalLevels: fc.constantFrom<number[]>([0.9], [0.8, 0.5]),
      timeZone: fc.constantFrom<string>("UTC", "Europe/Berlin"),
      detection: fc.constantFrom<object>(
        { recurring: true },
        { direction: "above", quiet: [{ days: ["sun"], from: "22:00", to: "06:00" }] },
        { minimumDeviation: { absolute: 2 }, confirm: { count: 1, of: 2 } },
      ),
    },
    { requiredKeys: [] },
  );
  const chosen = fc.record({
    alarmRate: fc.constantFrom(...alarmRates),
    recurring: fc.boolean(),
    gates: fc.nat(gateChoices.length - 1),
  });
  fc.assert(
    fc.property(given, chosen, (options, choice) => {
      const settings = forecasterSettings(options);
      const text = configurationText(modelSection(settings, choice));
      const { featureCount: _, ...model } = settings;
      expect(parseConfig(text, {}).settings.model).toEqual({
        ...model,
        alarmRate: choice.alarmRate,
        detection: { ...model.detection, ...gateChoices[choice.gates]!.changed, recurring: choice.recurring },
      });
    }),
  );
});
