import fc from "fast-check";
import { IANAZone } from "luxon";
import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { appendObservation, forecastColumns, observationColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { day, LocalClock, withinPeriod } from "../../../src/forecast/keys/local-clock.js";
import { createForecaster } from "../../../src/forecast/objects.js";
import { forecasterSettings, readoutKinds, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { bitsOf, quick, runFresh, syntheticEvents } from "../../support/streams.js";

const hour = 3_600_000;

test("a time within its period is what the remainder says, to the bit, just before a multiple too", () => {
  const bits = new DataView(new ArrayBuffer(8));
  const before = (time: number): number => {
    bits.setFloat64(0, time);
    bits.setBigInt64(0, bits.getBigInt64(0) - 1n);
    return bits.getFloat64(0);
  };
  const time = fc.oneof(fc.double({ min: 0, max: 8.64e15, noNaN: true }), fc.nat());
  const multiple = fc.integer({ min: 1, max: 14_000_000 });
  fc.assert(
    fc.property(time, multiple, (any, weeks) => {
      for (const period of [day, 7 * day]) {
        const edge = weeks * 7 * day;
        for (const t of [any, edge, edge - 1, edge + 1, before(edge)]) {
          if (!Object.is(withinPeriod(t, period), t % period)) return false;
        }
      }
      return true;
    }),
    { numRuns: 10_000 },
  );
});

describe("a clock of local times", () => {
  const zones = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Etc/UTC",
  ];

  test("says what luxon says, in any order of times", () => {
    const clocks = new Map(zones.map((zone) => [zone, new LocalClock(zone)]));
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.array(fc.integer({ min: Date.UTC(1972, 0), max: Date.UTC(2037, 0) }), { maxLength: 50 }),
        (zone, times) => {
          const clock = clocks.get(zone)!;
          const rules = IANAZone.create(zone);
          for (const time of times) {
            expect(clock.localOf(time) - time).toBe(60_000 * rules.offset(time));
          }
        },
      ),
    );
  });

  test("changes to the millisecond", () => {
    const clock = new LocalClock("Europe/Berlin");
    const summerBegins = Date.UTC(2026, 2, 29, 1);
    const summerEnds = Date.UTC(2026, 9, 25, 1);
    const offsets = [summerBegins - 1, summerBegins, summerEnds - 1, summerEnds].map(
      (time) => (clock.localOf(time) - time) / hour,
    );
    expect(offsets).toEqual([1, 2, 2, 1]);
  });

  test("takes any finite time", () => {
    const clock = new LocalClock("America/New_York");
    for (const time of [-8.64e15, 8.64e15, -1e300, 1e300, 0.5, -1e14]) {
      expect(Number.isFinite(clock.localOf(time))).toBe(true);
    }
    expect(clock.localOf(0.5)).toBe(0.5 - 5 * hour);
  });
});

/** An hourly load that goes by the clocks of Berlin, of which summer time ends after `end` values. */
function load(): { times: number[]; values: number[]; end: number } {
  const next = uniform(2);
  const rules = IANAZone.create("Europe/Berlin");
  const start = Date.UTC(2025, 6, 7);
  const times = Array.from({ length: 24 * 140 }, (_, i) => start + i * hour);
  const values = times.map((time) => {
    const local = Math.floor(time / hour + rules.offset(time) / 60) % 24;
    return (local > 7 && local < 19 ? 130 : 40) + 4 * (next() + next() + next() - 1.5);
  });
  return { times, values, end: (Date.UTC(2025, 9, 26, 1) - start) / hour };
}

/** Mean errors of the forecasts `step` steps ahead, of the week before the change and of the week from a day after it. */
function errorsAround(options: ForecasterOptions, step: number): { before: number; after: number } {
  const { times, values, end } = load();
  const forecaster = new Forecaster(forecasterSettings({ horizon: Math.max(step, 2), ...options }));
  const { horizon } = forecaster.settings;
  const observations = observationColumns(times.length);
  const forecasts = forecastColumns(times.length, horizon);
  const slot = forecaster.slotOf("load");
  times.forEach((time, i) => appendObservation(observations, slot, time, values[i]!));
  forecaster.observe(observations, forecasts);
  forecaster.dispose();
  const forecastOf = (i: number): number =>
    step === 1 ? forecasts.expected[i]! : forecasts.steps.yhat[(i - step) * (horizon - 1) + step - 2]!;
  const mean = (from: number): number => {
    const errors = values.slice(from, from + 168).map((value, i) => Math.abs(value - forecastOf(from + i)));
    return errors.reduce((sum, error) => sum + error, 0) / errors.length;
  };
  return { before: mean(end - 168), after: mean(end + 24) };
}

describe("the zone of the model", () => {
  test.each(readoutKinds.flatMap((readout) => [1, 24].map((step) => ({ readout, step }))))(
    "carries the season over a change of the clocks: $readout, step $step",
    ({ readout, step }) => {
      const { before, after } = errorsAround({ readout, timeZone: "Europe/Berlin" }, step);
      expect(after).toBeLessThan(1.25 * before);
      const utc = errorsAround({ readout }, step);
      expect(after).toBeLessThan(utc.after);
    },
  );

  test("UTC is the default, and no other zone's state is taken for it", () => {
    const events = syntheticEvents(1500, 3);
    expect(bitsOf(runFresh({ ...quick, timeZone: "UTC" }, events))).toBe(bitsOf(runFresh(quick, events)));
    expect(bitsOf(runFresh({ ...quick, timeZone: "Etc/UTC" }, events))).toBe(bitsOf(runFresh(quick, events)));
    const [berlin, utc] = ["Europe/Berlin", "UTC"].map(
      (timeZone) => new Forecaster(forecasterSettings({ ...quick, timeZone })),
    );
    expect(() => utc!.restore(berlin!.snapshot(), { anyTuning: true })).toThrow("timeZone");
  });

  test.each(["", "Berlin", "Mars/Base", "Europe/"])("%j is refused by name", (timeZone) => {
    expect(() => createForecaster({ timeZone })).toThrow(/timeZone: .*time zone/);
  });
});
