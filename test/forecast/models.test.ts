/** What holds for every model: cells, read-outs, features and horizons. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellKinds } from "../../src/engine/port.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import {
  bitsOf,
  quick,
  run,
  runFresh,
  syntheticEvents,
  withFeatures,
  type Event,
} from "../support/streams.js";

const models = [
  ...cellKinds.map((cell) => [cell, "shared", 0, 1] as const),
  ["gru", "compact", 0, 1],
  ["lstm", "full", 0, 1],
  ["attention", "full", 1, 1],
  ["gru", "compact", 3, 1],
  ["rnn", "full", 1, 1],
  ["gru", "shared", 0, 7],
  ["lstm", "compact", 0, 7],
  ["gru", "full", 0, 7],
] as const;

describe.each(models)(
  "with %s, the read-out %s, %i features, %i steps",
  (cell, readout, features, horizon) => {
    const options = { ...quick, cell, readout, featureCount: features, horizon };
    const events = withFeatures(syntheticEvents(3000, 11), features);

    test("gives the same bits however the stream is cut into batches", () => {
      const whole = bitsOf(runFresh(options, events));
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }),
          (batches) => {
            expect(bitsOf(runFresh(options, events, batches))).toBe(whole);
          },
        ),
        { numRuns: 8 },
      );
      expect(bitsOf(runFresh(options, events, [1]))).toBe(whole);
    });

    test("keeps the bits of every forecast when the future is perturbed", () => {
      const before = runFresh(options, events);
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: events.length - 1 }),
          fc.integer({ min: 0, max: 3 }),
          (at, kind) => {
            const perturbed = events.map((event, i) => {
              if (i < at) return event;
              if (kind === 0) return { ...event, value: event.value * 3 + 17 };
              if (kind === 1) return { ...event, time: event.time + 12_345_678 };
              if (kind === 2) return { ...event, features: event.features!.map((number) => 5 - 2 * number) };
              return { ...event, key: `${event.key}-other` };
            });
            expect(bitsOf(runFresh(options, perturbed), 0, at)).toBe(bitsOf(before, 0, at));
          },
        ),
        { numRuns: 8 },
      );
    });

    test("goes on from a snapshot bit for bit, whenever it was taken", () => {
      const whole = runFresh(options, events);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: events.length }), (at) => {
          const first = new Forecaster(forecasterSettings(options));
          run(first, events.slice(0, at));
          const second = new Forecaster(forecasterSettings(options));
          // What it knew of other keys must leave no trace in the rows that it gives anew.
          run(second, withFeatures(syntheticEvents(60, 9, 77), features));
          second.restore(first.snapshot());
          const rest = run(second, events.slice(at));
          expect(bitsOf(rest)).toBe(bitsOf(whole, at));
          expect(second.version).toBe(whole.version.at(-1));
          first.dispose();
          second.dispose();
        }),
        { numRuns: 8 },
      );
    });

    test("learns: a noisy wave is forecast better than by its last value", () => {
      const wave = Array.from({ length: 6000 }, (_, i): Event => {
        const value = Math.sin(i / 3) + 0.1 * Math.sin(i * 12.9898);
        return { key: "a", time: 1e12 + i * 60_000, value };
      });
      const forecasts = runFresh(options, wave);
      let model = 0;
      let persistence = 0;
      for (let i = 3000; i < wave.length; i++) {
        model += Math.abs(forecasts.expected[i]! - wave[i]!.value);
        persistence += Math.abs(forecasts.previous[i]! - wave[i]!.value);
      }
      expect(1 - model / persistence).toBeGreaterThan(0.4);
    });
  },
);
