/** The learned mixture of a model that began with trained weights, and what limits a young key's forecasts. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { fromHalf } from "../../../src/forecast/encoding/halves.js";
import { areAlike, unpackChanges } from "../../../src/forecast/experts/alike.js";
import { expertsOf } from "../../../src/forecast/experts/experts.js";
import { Gate } from "../../../src/forecast/experts/gate.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { usePretrainedWeights } from "../../../src/forecast/learning/initial/use-pretrained.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { bitsOf, run, runFresh, syntheticEvents, type Event } from "../../support/streams.js";

const trained = { initial: "pretrained" } as const;

beforeAll(usePretrainedWeights);

const hourly = (values: readonly number[]): Event[] =>
  values.map((value, i) => ({ key: "a", time: 1e12 + i * 3_600_000, value }));

const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 3, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(1e9, -9999, NaN, 0) },
);

test("the errors of a key's first 100 forecasts are never worse in sum than 1.15 times those of its last value, of the 31st on 1.01 times", () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 3, maxLength: 100 }), (values) => {
      const { expected, previous } = runFresh(trained, hourly(values));
      let error = 0;
      let bound = 0;
      let observed = 0;
      values.forEach((value, i) => {
        if (Number.isNaN(value)) return;
        observed++;
        if (Number.isNaN(previous[i]!)) return;
        error += Math.abs(value - expected[i]!);
        bound += (observed <= 30 ? 1.15 : 1.01) * Math.abs(value - previous[i]!);
        expect(error).toBeLessThanOrEqual(bound * (1 + 1e-5) + 1e-6);
      });
    }),
    { numRuns: 50 },
  );
});

test("a forecast is the sum of the experts' forecasts by their weights, which sum to 1", () => {
  const forecaster = new Forecaster(forecasterSettings(trained));
  const slot = forecaster.slotOf("a");
  let mixed = 0;
  for (let i = 0; i < 200; i++) {
    const value = 20 + 5 * Math.sin((2 * Math.PI * i) / 24) + Math.sin(i * i);
    const { yhat } = run(forecaster, [{ key: "a", time: 1e12 + i * 3_600_000, value }]);
    const { experts } = forecaster.explain(slot);
    const sum = experts.reduce((total, { weight, forecast }) => total + weight * forecast, 0);
    expect(experts.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(1, 9);
    expect(sum).toBeCloseTo(yhat[0]!, 4);
    if (!experts.some(({ name }) => name === "limited" || name === "frequent")) mixed++;
  }
  expect(mixed).toBeGreaterThan(150);
  forecaster.dispose();
});

test("forecasts with a gate do not depend on batches", () => {
  const events = syntheticEvents(700, 5);
  expect(bitsOf(runFresh(trained, events, [1, 7, 64]))).toBe(bitsOf(runFresh(trained, events)));
});

test("a read-out without a gate of its own, and random weights, keep nothing for one", () => {
  const bytesOf = (options: Parameters<typeof forecasterSettings>[0]): number => {
    const forecaster = new Forecaster(forecasterSettings(options));
    const { bytesPerKey } = forecaster;
    forecaster.dispose();
    return bytesPerKey;
  };
  const random = { initial: "random" } as const;
  expect(bytesOf({ ...trained, loss: "squared" })).toBe(bytesOf({ ...random, loss: "squared" }));
  expect(bytesOf(trained) - bytesOf(random)).toBe(96);
  expect(bytesOf({ ...trained, readout: "full" }) - bytesOf({ ...random, readout: "full" })).toBe(100);
});

test("a key's row of an older snapshot is read: 18 losses, 9 numbers of the rule, its forecast, the allowance and 9 changes", () => {
  const gate = new Gate(expertsOf(forecasterSettings()), false);
  gate.weights = new Float32Array(gate.size);
  gate.reserve(2);
  gate.start(0);
  const former = Float32Array.from({ length: 38 }, (_, i) => i / 4);
  expect(gate.formerSizes.f32).toBe(former.length);
  gate.write(1, { f64: new Float64Array(0), f32: former, u16: new Uint16Array(0) });
  const { f32, u16 } = gate.read(1);
  expect([...f32]).toEqual([...former.subarray(18, 27), former[28]]);
  expect([...u16.subarray(0, 18)].map(fromHalf)).toEqual([...former.subarray(0, 18)]);
  expect([...unpackChanges(u16.subarray(18))]).toEqual([...former.subarray(29)]);
  gate.write(0, gate.read(1));
  expect(gate.read(0)).toEqual(gate.read(1));
});

const changesOf = (values: readonly number[]): Float32Array =>
  Float32Array.from({ length: 9 }, (_, i) => (values[i + 1] ?? NaN) - values[i]!);
const alike = (values: readonly number[]): boolean => areAlike(changesOf(values), values.length);

test("first values are alike in any unit, and are not where one of them is odd by thousands of their distances", () => {
  const spaced = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 8 });
  fc.assert(
    fc.property(spaced, fc.constantFrom(1e-6, 1, 1e6), fc.nat(), (distances, unit, seed) => {
      let at = 0;
      const sorted = [0, ...distances.map((distance) => (at += distance))];
      const turned = sorted.map((_, i) => sorted[(i * 5 + seed) % sorted.length]!);
      const values = new Set(turned).size === sorted.length ? turned : sorted;
      expect(alike(values.map((value) => unit * value))).toBe(true);
      const odd = values.map((value, i) => (i === seed % values.length ? 1e6 : value) * unit);
      expect(alike(odd)).toBe(false);
    }),
  );
});

test("two first values, and values that repeat, tell of no size", () => {
  expect(alike([1, 2])).toBe(false);
  expect(alike([3, 3, 3, 3, 3, 3])).toBe(false);
  expect(alike([0, 0, 1, 0, 0, 1])).toBe(false);
});
