/** Weight updates that event time pays for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { UpdateBudget } from "../../../src/forecast/learning/budget.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { bitsOf, quick, run, runFresh, syntheticEvents, type Event } from "../../support/streams.js";

const second = 1000;
const events = syntheticEvents(1200, 4);

function budget(
  maxUpdatesPerSecond: number,
): typeof quick & { learning: "budget"; maxUpdatesPerSecond: number } {
  return { ...quick, learning: "budget", maxUpdatesPerSecond };
}

function updatesOf(options: Parameters<typeof forecasterSettings>[0], stream: readonly Event[]): number {
  const forecaster = new Forecaster(forecasterSettings(options));
  run(forecaster, stream);
  const { version } = forecaster;
  forecaster.dispose();
  return version;
}

/** One event a second, of four keys by turns. */
const steady = Array.from({ length: 2000 }, (_, i): Event => ({
  key: `key-${i % 4}`,
  time: 1e12 + i * second,
  value: Math.sin(i / 5) + (i % 7),
}));

test("updates are paid by event time, and most of what it pays is used", () => {
  const free = updatesOf(quick, steady);
  const paid = updatesOf(budget(0.05), steady);
  expect(free).toBeGreaterThan(400);
  expect(paid).toBeLessThanOrEqual(1 + 0.05 * 2000);
  expect(paid).toBeGreaterThan(0.05 * 2000 * 0.7);
});

test("keys that come at the same times use what the time between them has paid", () => {
  const together = Array.from({ length: 8000 }, (_, i): Event => {
    const round = Math.floor(i / 40);
    return { key: `key-${i % 40}`, time: 1e12 + round * 10 * second, value: Math.sin(round + i) };
  });
  const paid = updatesOf(budget(0.1), together);
  expect(paid).toBeGreaterThan(0.1 * 2000 * 0.7);
  expect(paid).toBeLessThanOrEqual(1 + 0.1 * 2000);
});

test("a budget that no stream exhausts changes no bit", () => {
  expect(bitsOf(runFresh(budget(1e6), events))).toBe(bitsOf(runFresh(quick, events)));
});

test("forecasts with a budget do not depend on batches", () => {
  const options = budget(0.002);
  expect(bitsOf(runFresh(options, events, [1, 7, 64]))).toBe(bitsOf(runFresh(options, events)));
  expect(updatesOf(options, events)).toBeLessThan(updatesOf(quick, events));
});

test("a state with a budget goes on to the bit, and other kinds of learning take it over", () => {
  const options = budget(0.03);
  const straight = new Forecaster(forecasterSettings(options));
  run(straight, steady.slice(0, 1111));
  const saved = straight.snapshot();
  const resumed = new Forecaster(forecasterSettings(options));
  resumed.restore(saved);
  expect(bitsOf(run(resumed, steady.slice(1111)))).toBe(bitsOf(run(straight, steady.slice(1111))));
  expect(resumed.snapshot()).toEqual(straight.snapshot());
  for (const learning of ["on", "off"] as const) {
    const other = new Forecaster(forecasterSettings({ ...quick, learning }));
    other.restore(saved, { anyTuning: true });
    const { version } = other;
    run(other, steady.slice(1111));
    expect(other.version > version).toBe(learning === "on");
    resumed.restore(other.snapshot(), { anyTuning: true });
    other.dispose();
  }
  for (const forecaster of [straight, resumed]) forecaster.dispose();
});

test("no order of event times earns more than the time that passed, and a wrong clock a minute at most", () => {
  const step = fc.integer({ min: -100_000, max: 30_000 });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.double({ min: 0.01, max: 50, noNaN: true }),
      (steps, rate) => {
        const paid = new UpdateBudget({ maxUpdatesPerSecond: rate });
        let time = 0;
        let latest = 0;
        let updates = 0;
        paid.pass(time);
        for (const each of steps) {
          time = Math.max(0, time + each);
          latest = Math.max(latest, time);
          paid.pass(time);
          while (paid.allows) {
            paid.spend();
            updates++;
          }
        }
        expect(updates).toBeLessThanOrEqual(1 + (latest / second) * rate + 1e-6);
      },
    ),
  );
  const wrong = [...steady.slice(0, 1000), { ...steady[1000]!, time: 4e12 }, ...steady.slice(1001)];
  const [right, withWrong] = [updatesOf(budget(0.05), steady), updatesOf(budget(0.05), wrong)];
  expect(Math.abs(right - withWrong)).toBeLessThanOrEqual(5);
});
