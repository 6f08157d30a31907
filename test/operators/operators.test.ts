import { Subject, type Observable } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { EngineFactory } from "../../src/engine/port.js";
import { createForecaster, type EventForecast } from "../../src/forecast/objects.js";
import { forecast } from "../../src/operators/forecast.js";
import { forecastBatches } from "../../src/operators/forecast-batches.js";
import { countingEngine } from "../support/counting-engine.js";
import { quick, syntheticEvents, type Event } from "../support/streams.js";

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly celsius: number | null;
}

const [a, b, c] = syntheticEvents(3, 1);
const read = { key: (e: Event) => e.key, time: (e: Event) => e.time, value: (e: Event) => e.value };
const options = { ...quick, ...read };

function marbles(body: Parameters<TestScheduler["run"]>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(body);
}

/** What a forecaster without RxJS says of the same events. */
const expectedOf = (...events: Event[]): EventForecast<Event>[] =>
  createForecaster(quick).observe(events) as EventForecast<Event>[];

describe("forecast", () => {
  test("emits one forecast for each event, and completes with the source", () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot("-a-b--c-|", { a: a!, b: b!, c: c! });
      const [x, y, z] = expectedOf(a!, b!, c!);
      expectObservable(source.pipe(forecast(options))).toBe("-x-y--z-|", { x, y, z });
      expectSubscriptions(source.subscriptions).toBe("^-------!");
    });
  });

  test("passes on an error of the source", () => {
    marbles(({ hot, expectObservable }) => {
      const [x] = expectedOf(a!);
      expectObservable(hot("-a-#", { a: a! }, "lost").pipe(forecast(options))).toBe("-x-#", { x }, "lost");
    });
  });

  test("errors when a callback throws", () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot("-a-b-|", { a: a!, b: b! });
      const key = (): string => {
        throw new Error("no key");
      };
      expectObservable(source.pipe(forecast({ ...options, key }))).toBe("-#", {}, new Error("no key"));
      expectSubscriptions(source.subscriptions).toBe("^!");
    });
  });

  test("emits nothing for a refused event and goes on", () => {
    marbles(({ hot, expectObservable, flush }) => {
      const refused: string[] = [];
      const bad = { ...b!, value: Infinity };
      const source = hot("-a-b--c-|", { a: a!, b: bad, c: c! });
      const [x, z] = expectedOf(a!, c!);
      const onRejected = ({ error }: { error: { code: string } }): unknown => refused.push(error.code);
      expectObservable(source.pipe(forecast({ ...options, onRejected }))).toBe("-x----z-|", { x, z });
      flush();
      expect(refused).toEqual(["VALUE_OUT_OF_RANGE"]);
    });
  });

  test("unsubscribes from the source when it is unsubscribed from", () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot("-a-b--c-|", { a: a!, b: b!, c: c! });
      const [x, y] = expectedOf(a!, b!);
      expectObservable(source.pipe(forecast(options)), "^---!").toBe("-x-y", { x, y });
      expectSubscriptions(source.subscriptions).toBe("^---!");
    });
  });

  test("gives every subscription a state of its own", () => {
    marbles(({ cold, expectObservable }) => {
      const forecasts = cold("a-b-|", { a: a!, b: b! }).pipe(forecast(options));
      const [x, y] = expectedOf(a!, b!);
      expectObservable(forecasts).toBe("x-y-|", { x, y });
      expectObservable(forecasts, "---^").toBe("---x-y-|", { x, y });
    });
  });
});

describe("forecastBatches", () => {
  test("emits one array for each array, empty ones included", () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot("-a-e-b-|", { a: [a!, b!], e: [], b: [c!] });
      const [x, y, z] = expectedOf(a!, b!, c!);
      expectObservable(source.pipe(forecastBatches(options))).toBe("-x-e-z-|", { x: [x, y], e: [], z: [z] });
    });
  });
});

describe.each([
  [
    "forecast",
    (source: Observable<Event>, engine: EngineFactory) => source.pipe(forecast({ ...options, engine })),
  ],
  [
    "forecastBatches",
    (source: Observable<Event>, engine: EngineFactory) =>
      (source as unknown as Observable<Event[]>).pipe(forecastBatches({ ...options, engine })),
  ],
] as const)("the memory of %s", (_name, apply) => {
  test("is taken on subscription, not before, and given back on unsubscription", () => {
    const { engine, alive } = countingEngine();
    const forecasts = apply(new Subject(), engine) as Observable<unknown>;
    expect(alive()).toBe(0);
    const subscriptions = [forecasts.subscribe(), forecasts.subscribe()];
    expect(alive()).toBe(2);
    subscriptions.forEach((subscription) => subscription.unsubscribe());
    expect(alive()).toBe(0);
  });

  test("is given back on completion and on error", () => {
    const { engine, alive } = countingEngine();
    const completing = new Subject<Event>();
    const failing = new Subject<Event>();
    (apply(completing, engine) as Observable<unknown>).subscribe();
    (apply(failing, engine) as Observable<unknown>).subscribe({ error: () => undefined });
    expect(alive()).toBe(2);
    completing.complete();
    failing.error(new Error("lost"));
    expect(alive()).toBe(0);
  });
});

test("wrong settings throw where the pipeline is built", () => {
  expect(() => forecast({ ...options, hidden: 5 })).toThrow(/hidden/);
  expect(() => forecastBatches({ ...options, seed: -1 })).toThrow(/seed/);
});

test("callbacks infer the type of the event from the stream", () => {
  const readings$ = new Subject<Reading>();
  const forecasts$ = readings$.pipe(
    forecast({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }),
  );
  expectTypeOf(forecasts$).toEqualTypeOf<Observable<EventForecast<Reading>>>();
  const batches$ = new Subject<Reading[]>();
  const arrays$ = batches$.pipe(
    forecastBatches({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }),
  );
  expectTypeOf(arrays$).toEqualTypeOf<Observable<EventForecast<Reading>[]>>();
});
