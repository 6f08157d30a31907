import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createForecaster, EventForecaster } from "../../src/forecast/objects.js";
import type { RejectedEvent } from "../../src/forecast/input.js";
import type { Observation } from "../../src/forecast/objects.js";
import { quick, runFresh, syntheticEvents, withFeatures } from "../support/streams.js";

const events = syntheticEvents(600, 5);

test("gives the same forecasts as the columns, as objects", () => {
  const forecaster = createForecaster(quick);
  const columns = runFresh(quick, events);
  const forecasts = [...forecaster.observe(events.slice(0, 100)), ...forecaster.observe(events.slice(100))];
  expect(forecasts.length).toBe(events.length);
  forecasts.forEach((forecast, i) => {
    expect(forecast.key).toBe(events[i]!.key);
    expect(forecast.event).toBe(events[i]);
    for (const name of ["time", "value"] as const) expect(forecast[name]).toBe(columns[`${name}s`][i]);
    for (const name of ["yhat", "yhatLower", "yhatUpper", "yhatTime", "expected", "anomalyScore"] as const) {
      expect(forecast[name]).toBe(columns[name][i]);
    }
    expect(forecast.model).toBe(`lstm8@${columns.version[i]}`);
  });
  forecaster.dispose();
});

test("gives the same steps as the columns, of every row", () => {
  const options = { ...quick, horizon: 3 };
  const { steps } = runFresh(options, events);
  const forecaster = createForecaster(options);
  const horizons = forecaster.observe(events).map(({ horizon }) => horizon);
  forecaster.dispose();
  for (const name of ["yhat", "yhatLower", "yhatUpper"] as const) {
    expect(horizons.flatMap((horizon) => horizon.map((step) => step[name]))).toEqual([...steps[name]]);
  }
});

test("reads features like values, by callbacks or from the observation", () => {
  const options = { ...quick, featureCount: 2 };
  const stream = withFeatures(events, 2);
  const expected = [...runFresh(options, stream).yhat];
  const yhats = (forecasts: readonly { readonly yhat: number }[]): number[] =>
    forecasts.map(({ yhat }) => yhat);
  expect(yhats(createForecaster(options).observe(stream))).toEqual(expected);
  const orNull = (number: number): number | null => (Number.isNaN(number) ? null : number);
  const forecaster = new EventForecaster<(typeof stream)[number]>({
    ...quick,
    key: (event) => event.key,
    time: (event) => event.time,
    value: (event) => event.value,
    features: [(event) => orNull(event.features![0]!), (event) => orNull(event.features![1]!)],
  });
  expect(yhats(forecaster.observe(stream))).toEqual(expected);
  expect(expected).not.toEqual([...runFresh(quick, events).yhat]);
});

test("features that an observation does not have are missing, and further ones are not read", () => {
  const complete = withFeatures(events, 1);
  const padded = complete.map((event) => ({ ...event, features: [event.features![0]!, NaN] }));
  const longer = complete.map((event) => ({ ...event, features: [event.features![0]!, NaN, 7] }));
  const two = { ...quick, featureCount: 2 };
  const expected = createForecaster(two)
    .observe(padded)
    .map(({ yhat }) => yhat);
  for (const stream of [complete, longer]) {
    const forecasts = createForecaster(two).observe(stream);
    expect(forecasts.map(({ yhat }) => yhat)).toEqual(expected);
  }
});

test("a feature that is no number refuses the event, and says which", () => {
  const rejected: string[] = [];
  const forecaster = createForecaster({
    ...quick,
    featureCount: 2,
    onRejected: ({ error }) => rejected.push(`${error.code} ${error.message}`),
  });
  const event = { key: "a", time: 0, value: 1 };
  const refused = [
    { ...event, features: [1, "2"] },
    { ...event, features: [Infinity, 2] },
  ] as unknown as Observation[];
  expect(forecaster.observe(refused)).toEqual([]);
  expect(rejected).toEqual([
    'VALUE_NOT_A_NUMBER feature 1 is the text "2"',
    "VALUE_OUT_OF_RANGE feature 0 is Infinity",
  ]);
  expect(forecaster.keyCount).toBe(0);
});

test("none is null in JSON", () => {
  const forecaster = createForecaster(quick);
  const [first] = forecaster.observe([{ key: "a", time: 0, value: null }]);
  expect(JSON.parse(JSON.stringify(first))).toMatchObject({
    value: null,
    yhat: null,
    expected: null,
    anomalyScore: null,
  });
});

test("goes on from a snapshot", () => {
  const whole = createForecaster(quick).observe(events);
  const first = createForecaster(quick);
  first.observe(events.slice(0, 300));
  const second = createForecaster(quick);
  second.restore(first.snapshot());
  expect(second.keyCount).toBe(first.keyCount);
  expect(second.observe(events.slice(300))).toEqual(whole.slice(300));
});

describe("refused events", () => {
  const bad: unknown[] = [
    { key: "", time: 0, value: 1 },
    { key: "x".repeat(10_240), time: 0, value: 1 },
    { key: "key-1", time: "soon", value: 1 },
    { key: "key-1", time: 0, value: Infinity },
    { key: "key-1", time: 0, value: 1e308 },
    { key: "key-1", time: 0, value: "1" },
    { key: null, time: 0, value: 1 },
  ];

  test("change no bit of any other forecast, and are all told", () => {
    const clean = createForecaster(quick).observe(events);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(events.length), fc.constantFrom(...bad)), { maxLength: 60 }),
        (inserts) => {
          const stream: unknown[] = [...events];
          for (const [at, event] of [...inserts].sort(([a], [b]) => b - a)) stream.splice(at, 0, event);
          const rejected: RejectedEvent<Observation>[] = [];
          const forecaster = createForecaster({ ...quick, onRejected: (r) => rejected.push(r) });
          expect(forecaster.observe(stream as Observation[])).toEqual(clean);
          expect(rejected.length).toBe(inserts.length);
          for (const { error } of rejected) expect(error.action).not.toBe("");
          forecaster.dispose();
        },
      ),
      { numRuns: 20 },
    );
  });

  test("without a listener become one process warning for each code", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): number => warnings.push(warning);
    process.on("warning", listen);
    const forecaster = createForecaster(quick);
    expect(forecaster.observe([...bad, ...bad] as Observation[])).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    const codes = warnings.map((warning) => (warning as Error & { code?: string }).code).sort();
    expect(codes).toEqual(["KEY_INVALID", "TIME_INVALID", "VALUE_NOT_A_NUMBER", "VALUE_OUT_OF_RANGE"]);
  });
});

test("an error of a callback is the caller's", () => {
  const forecaster = new EventForecaster<number>({
    ...quick,
    key: () => {
      throw new TypeError("no key");
    },
    time: (n) => n,
    value: (n) => n,
  });
  expect(() => forecaster.observe([1])).toThrow(new TypeError("no key"));
});

test("wrong options throw at once, and say which", () => {
  const invalid = (message: RegExp): Error =>
    expect.objectContaining({
      code: "SETTING_INVALID",
      message: expect.stringMatching(message) as unknown,
    }) as Error;
  expect(() => createForecaster({ hidden: 33 })).toThrow(invalid(/^hidden: /));
  expect(() => createForecaster({ bpttSteps: 10, stride: 4 })).toThrow(
    invalid(/bpttSteps: expected a multiple of stride/),
  );
  expect(() => createForecaster({ featureCount: 33 })).toThrow(invalid(/^featureCount: /));
  expect(() => createForecaster({ hiden: 32 } as object)).toThrow(invalid(/hiden/));
});

test("a horizon adds the steps after the next value, each with its interval and time", () => {
  const forecaster = createForecaster({ horizon: 4, hidden: 8 });
  const events = Array.from({ length: 60 }, (_, i) => ({
    key: "a",
    time: 1e12 + i * 60_000,
    value: Math.sin(i / 3),
  }));
  const [forecast] = forecaster.observe(events).slice(-1);
  expect(forecast!.horizon.map(({ step }) => step)).toEqual([2, 3, 4]);
  expect(forecast!.horizon.map(({ yhatTime }) => yhatTime - forecast!.time)).toEqual([
    120_000, 180_000, 240_000,
  ]);
  for (const { yhat, yhatLower, yhatUpper } of forecast!.horizon) {
    expect(yhatLower).toBeLessThan(yhat);
    expect(yhatUpper).toBeGreaterThan(yhat);
  }
  forecaster.dispose();
  const one = createForecaster({ hidden: 8 });
  expect(one.observe(events)[59]!.horizon).toEqual([]);
  one.dispose();
});
