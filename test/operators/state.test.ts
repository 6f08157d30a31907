/** The state of operators: where it starts, who owns it, and where its snapshots go. */
import { from, map, NEVER, Observable, of, share, Subject, type OperatorFunction } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import {
  anomalies,
  createForecaster,
  createSymbolForecaster,
  EventForecaster,
  EventSymbolForecaster,
  forecast,
  forecastBatches,
  forecastIncidents,
  forecastSymbols,
  type EventForecast,
  type SaveOptions,
  type StateOptions,
} from "../../src/index.js";
import { codeOf } from "../support/code-of.js";
import { countingEngine } from "../support/counting-engine.js";
import { small, walks, type SymbolEvent } from "../forecast/symbols/streams.js";
import { quick, syntheticEvents, type Event } from "../support/streams.js";

const events = syntheticEvents(300, 3);
const read = { key: (e: Event) => e.key, time: (e: Event) => e.time, value: (e: Event) => e.value };
const options = { ...quick, ...read };
const symbols = walks(4, 300, 3, 8);
const symbolOptions = { ...small, key: (e: SymbolEvent) => e.key, symbol: (e: SymbolEvent) => e.symbol };

/** All that comes out, once the source has completed at once. */
function resultsOf<In, Out>(source: readonly In[], operator: OperatorFunction<In, Out>): Out[] {
  const results: Out[] = [];
  from(source)
    .pipe(operator)
    .subscribe({
      next: (result) => results.push(result),
      error: (error: unknown) => {
        throw error;
      },
    });
  return results;
}

/** An operator over events in arrays of one, and the forecaster that it takes. */
interface Kind {
  apply(state: StateOptions | { readonly forecaster: unknown; readonly save?: SaveOptions }): Operator;
  create(): { observe(events: readonly never[]): unknown[]; snapshot(): Uint8Array; dispose(): void };
  readonly events: readonly unknown[];
}
type Operator = OperatorFunction<unknown, unknown>;

const batchwise = (operator: OperatorFunction<readonly Event[], unknown[]>) => (source: Observable<Event>) =>
  source.pipe(
    map((event) => [event]),
    operator,
    map(([result]) => result),
  );

const kinds: [string, Kind][] = [
  [
    "forecast",
    {
      apply: (state) =>
        forecast<Event>(
          ("forecaster" in state ? state : { ...options, ...state }) as typeof options,
        ) as Operator,
      create: () => new EventForecaster(options),
      events,
    },
  ],
  [
    "forecastBatches",
    {
      apply: (state) =>
        batchwise(
          forecastBatches<Event>(
            ("forecaster" in state ? state : { ...options, ...state }) as typeof options,
          ),
        ) as Operator,
      create: () => new EventForecaster(options),
      events,
    },
  ],
  [
    "forecastSymbols",
    {
      apply: (state) =>
        forecastSymbols<SymbolEvent>(
          ("forecaster" in state ? state : { ...symbolOptions, ...state }) as typeof symbolOptions,
        ) as Operator,
      create: () => new EventSymbolForecaster(symbolOptions),
      events: symbols,
    },
  ],
];

/** What a forecaster without RxJS says of the same events, and its snapshot then. */
function reference(kind: Kind, given: readonly unknown[]): [unknown[], Uint8Array] {
  const forecaster = kind.create();
  const forecasts = given.flatMap((event) => forecaster.observe([event as never]));
  const snapshot = forecaster.snapshot();
  forecaster.dispose();
  return [forecasts, snapshot];
}

describe.each(kinds)("%s", (_name, kind) => {
  const [all] = reference(kind, kind.events);

  test("goes on from a snapshot, in every subscription", () => {
    const [, snapshot] = reference(kind, kind.events.slice(0, 200));
    const kept = snapshot.slice();
    const operator = kind.apply({ restore: snapshot });
    snapshot.fill(0);
    expect(resultsOf(kind.events.slice(200), operator)).toEqual(all.slice(200));
    expect(resultsOf(kind.events.slice(200), operator)).toEqual(all.slice(200));
    expect(resultsOf(kind.events, kind.apply({ restore: undefined }))).toEqual(all);
    expect(kept).toEqual(reference(kind, kind.events.slice(0, 200))[1]);
  });

  test("refuses a snapshot that does not fit where it is built", () => {
    const foreign = createForecaster({ ...quick, hidden: 12 });
    expect(codeOf(() => kind.apply({ restore: foreign.snapshot() }))).toBe("SNAPSHOT_FOREIGN");
    expect(codeOf(() => kind.apply({ restore: new Uint8Array(7) }))).toBe("SNAPSHOT_CORRUPT");
    expect(() => kind.apply({ restore: "state.bin" as never })).toThrow(
      "restore: expected the bytes of a snapshot, a Uint8Array",
    );
    foreign.dispose();
  });

  test("shares a forecaster among streams and subscriptions, which its owner disposes of", () => {
    const forecaster = kind.create();
    const operator = kind.apply({ forecaster });
    const [first, second] = [new Subject<unknown>(), new Subject<unknown>()];
    const results: unknown[] = [];
    const collect = (result: unknown): number => results.push(result);
    const subscriptions = [first, second].map((source) => source.pipe(operator).subscribe(collect));
    kind.events.slice(0, 200).forEach((event, i) => (i % 3 === 0 ? first : second).next(event));
    subscriptions[0]!.unsubscribe();
    second.complete();
    results.push(...resultsOf(kind.events.slice(200), operator));
    expect(results).toEqual(all);
    expect(() => forecaster.snapshot()).not.toThrow();
    forecaster.dispose();
    const failed = vi.fn();
    of(kind.events[0]).pipe(operator).subscribe({ error: failed });
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: "FORECASTER_DISPOSED" }));
  });

  test("saves after so many events, and after the last one", () => {
    const saved: Uint8Array[] = [];
    const save = { every: 100, to: (snapshot: Uint8Array) => saved.push(snapshot) };
    expect(resultsOf(kind.events.slice(0, 250), kind.apply({ save }))).toEqual(all.slice(0, 250));
    expect(saved).toEqual([100, 200, 250].map((count) => reference(kind, kind.events.slice(0, count))[1]));
  });

  test("saves when an observable says so, but never twice the same", () => {
    const every = new Subject<void>();
    const source = new Subject<unknown>();
    const saved: Uint8Array[] = [];
    const save = { every, to: (snapshot: Uint8Array) => saved.push(snapshot) };
    const subscription = source.pipe(kind.apply({ save })).subscribe();
    every.next();
    kind.events.slice(0, 40).forEach((event) => source.next(event));
    every.next();
    every.next();
    kind.events.slice(40, 50).forEach((event) => source.next(event));
    expect(saved).toEqual([reference(kind, kind.events.slice(0, 40))[1]]);
    subscription.unsubscribe();
    expect(saved.slice(1)).toEqual([reference(kind, kind.events.slice(0, 50))[1]]);
    expect(every.observed).toBe(false);
  });

  test.each([
    [
      { every: 0, to: () => undefined },
      "save.every: expected an integer of at least 1 or an observable, found 0",
    ],
    [{ every: 10 }, "save.to: expected a function"],
    [7, "save: expected an object with `every` and `to`"],
  ])("refuses to save by %o", (save, message) => {
    expect(() => kind.apply({ save: save as never })).toThrow(message);
  });
});

test("share() that loses its last subscriber and comes again goes on with the same model", () => {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
    ({ hot, expectObservable, expectSubscriptions }) => {
      const [a, b, c, d] = events as [Event, Event, Event, Event];
      const forecaster = new EventForecaster(options);
      const source = hot("a-b--c-d-|", { a, b, c, d });
      const shared = source.pipe(forecast({ forecaster }), share());
      const told = createForecaster(quick).observe([a, b, d]);
      const [x, y, z] = told;
      expectObservable(shared, "^--!").toBe("x-y", { x, y });
      expectObservable(shared, "------^").toBe("-------z-|", { z });
      expectSubscriptions(source.subscriptions).toBe(["^--!", "------^--!"]);
    },
  );
});

test("a warm start forecasts as if the stream had never ended", () => {
  let state: Uint8Array | undefined;
  const save = { every: 1_000_000, to: (snapshot: Uint8Array) => (state = snapshot) };
  const runs = [events.slice(0, 120), events.slice(120, 170), events.slice(170)].map((part) =>
    resultsOf(part, forecast<Event>({ ...options, restore: state, save })),
  );
  expect(runs.flat()).toEqual(createForecaster(quick).observe(events));
});

describe("a save that takes time", () => {
  /** Saves that end when they are told to. */
  function slow() {
    const ends: ((error?: Error) => void)[] = [];
    const sizes: Uint8Array[] = [];
    const to = (snapshot: Uint8Array): Promise<void> => {
      sizes.push(snapshot);
      return new Promise((resolve, reject) =>
        ends.push((error) => (error === undefined ? resolve() : reject(error))),
      );
    };
    return { ends, sizes, to };
  }
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

  test("is awaited before the next snapshot is taken, and at the end", async () => {
    const { ends, sizes, to } = slow();
    const source = new Subject<Event>();
    const complete = vi.fn();
    source.pipe(forecast({ ...options, save: { every: 10, to } })).subscribe({ complete });
    events.slice(0, 35).forEach((event) => source.next(event));
    expect(sizes).toHaveLength(1);
    ends[0]!();
    await turn();
    expect(sizes).toEqual([10, 35].map((count) => reference(kinds[0]![1], events.slice(0, count))[1]));
    source.next(events[35]!);
    source.complete();
    expect([sizes.length, complete.mock.calls.length]).toEqual([2, 0]);
    ends[1]!();
    await turn();
    expect([sizes.length, complete.mock.calls.length]).toEqual([3, 0]);
    ends[2]!();
    await turn();
    expect(complete).toHaveBeenCalledOnce();
  });

  test.each([
    [
      "at once",
      () => () => {
        throw new Error("disk full");
      },
    ],
    ["later", () => () => Promise.reject(new Error("disk full"))],
  ])("errors the stream where it fails %s", async (_when, to) => {
    const source = new Subject<Event>();
    const error = vi.fn();
    const { engine, alive } = countingEngine();
    source.pipe(forecast({ ...options, engine, save: { every: 2, to: to() } })).subscribe({ error });
    source.next(events[0]!);
    source.next(events[1]!);
    await turn();
    expect(error).toHaveBeenCalledWith(new Error("disk full"));
    expect(alive()).toBe(0);
  });
});

test("an unsubscription inside a callback saves the event under way whole", () => {
  const saved: Uint8Array[] = [];
  const source = new Subject<Event>();
  const value = (event: Event): number => {
    if (event === events[9]) subscription.unsubscribe();
    return event.value;
  };
  const save = { every: 1000, to: (snapshot: Uint8Array) => saved.push(snapshot) };
  const subscription = source.pipe(forecast({ ...options, value, save })).subscribe();
  events.slice(0, 20).forEach((event) => source.next(event));
  expect(saved).toEqual([reference(kinds[0]![1], events.slice(0, 10))[1]]);
});

test("an error of the observable that asks for snapshots errors the stream", () => {
  const every = new Subject<void>();
  const error = vi.fn();
  NEVER.pipe(forecast<Event>({ ...options, save: { every, to: () => undefined } })).subscribe({ error });
  every.error(new Error("no clock"));
  expect(error).toHaveBeenCalledWith(new Error("no clock"));
});

test("settings beside a shared forecaster are refused, for they would have no effect", () => {
  const forecaster = new EventForecaster(options);
  for (const beside of [{ hidden: 12 }, { restore: forecaster.snapshot() }, { key: () => "k" }]) {
    const [name] = Object.keys(beside);
    expect(() => forecast({ forecaster, ...beside })).toThrow(
      `${name}: not an option of this function; it belongs to the shared forecaster`,
    );
  }
  expect(() => forecast({ forecaster: {} as never })).toThrow(
    "forecaster: expected a forecaster, such as createForecaster returns",
  );
  forecaster.dispose();
});

test("types follow from the stream and the shared forecaster", () => {
  const forecaster = createForecaster(quick);
  const observations$ = new Subject<Event>();
  const withState = observations$.pipe(
    forecast({ key: (e) => e.key, time: (e) => e.time, value: (e) => e.value, restore: undefined }),
  );
  expectTypeOf(withState).toEqualTypeOf<Observable<EventForecast<Event>>>();
  expectTypeOf(withState.pipe(anomalies())).toEqualTypeOf<Observable<EventForecast<Event>>>();
  void of({ key: "k", time: 0, value: 1 }).pipe(forecast({ forecaster }));
  void of({ key: "k", symbol: "s" }).pipe(forecastSymbols({ forecaster: createSymbolForecaster(small) }));
  forecaster.dispose();
});

test("anomalies passes the forecasts whose score is above 1, as they are", () => {
  const scores = [NaN, 0.2, 1, 1.01, 40].map((anomalyScore) => ({ anomalyScore }));
  expect(resultsOf(scores, anomalies())).toEqual(scores.slice(3));
});

test("keys that go are told to onForgotten, by operators and forecasters alike", () => {
  const onForgotten = vi.fn();
  resultsOf(events, forecast<Event>({ ...options, maxKeys: 2, onForgotten }));
  const forgotten = onForgotten.mock.calls.length;
  expect(forgotten).toBeGreaterThan(0);
  createForecaster({ ...quick, maxKeys: 2, onForgotten }).observe(events);
  expect(onForgotten).toHaveBeenCalledTimes(2 * forgotten);
  const ofSymbols = vi.fn();
  resultsOf(symbols, forecastSymbols<SymbolEvent>({ ...symbolOptions, maxKeys: 2, onForgotten: ofSymbols }));
  expect(ofSymbols).toHaveBeenCalled();
});

test("forecastIncidents shares a forecaster and starts from a snapshot too", () => {
  const noisy = syntheticEvents(900, 3).map((event, i) => ({
    ...event,
    value: event.value + (i > 600 && i % 90 < 9 ? 1e4 : 0),
  }));
  const all = resultsOf(noisy, forecastIncidents<Event>(options));
  expect(all.length).toBeGreaterThan(0);
  const forecaster = new EventForecaster(options);
  const shared = forecastIncidents<Event>({ forecaster });
  expect([...resultsOf(noisy.slice(0, 650), shared), ...resultsOf(noisy.slice(650), shared)]).toEqual(all);
  forecaster.dispose();
  let restore: Uint8Array | undefined;
  const save = { every: 1e6, to: (snapshot: Uint8Array) => (restore = snapshot) };
  const before = resultsOf(noisy.slice(0, 650), forecastIncidents<Event>({ ...options, save }));
  const after = resultsOf(noisy.slice(650), forecastIncidents<Event>({ ...options, restore }));
  expect([...before, ...after]).toEqual(all);
});
