/** Sources that emit, end or are left inside a callback of an operator. */
import { map, mergeMap, Subject, type Observable } from "rxjs";
import { describe, expect, test } from "vitest";
import { createForecaster } from "../../src/forecast/objects.js";
import { createSymbolForecaster } from "../../src/forecast/symbols/objects.js";
import { forecast } from "../../src/operators/forecast.js";
import { forecastBatches } from "../../src/operators/forecast-batches.js";
import { forecastSymbols } from "../../src/operators/forecast-symbols.js";
import { small } from "../forecast/symbols/streams.js";
import { countingEngine } from "../support/counting-engine.js";
import { quick } from "../support/streams.js";

interface Event {
  readonly key: string;
  readonly time: number;
  readonly value: number;
  readonly symbol: string;
}

const stream = (key: string, count: number): Event[] =>
  Array.from({ length: count }, (_, i) => ({ key, time: 1000 * i, value: i % 3, symbol: `s${i % 3}` }));
const [a0, a1, a2, a3] = stream("a", 4) as [Event, Event, Event, Event];
const [b0, b1] = stream("b", 2) as [Event, Event];
const refused = { ...b0, key: "" };

/** The operators, with a callback that is called for each event, and what a forecaster without RxJS says. */
const operators = {
  forecast: {
    apply: (source: Observable<Event>, called: (event: Event) => void, engine = countingEngine().engine) =>
      source.pipe(
        forecast({
          ...quick,
          engine,
          key: (e) => e.key,
          time: (e) => e.time,
          value: (e) => (called(e), e.value),
          onRejected: () => undefined,
        }),
      ) as Observable<object>,
    plain: (events: Event[]): object[] => createForecaster(quick).observe(events),
  },
  forecastBatches: {
    apply: (source: Observable<Event>, called: (event: Event) => void, engine = countingEngine().engine) =>
      source.pipe(
        map((event) => [event]),
        forecastBatches({
          ...quick,
          engine,
          key: (e) => e.key,
          time: (e) => e.time,
          value: (e) => (called(e), e.value),
          onRejected: () => undefined,
        }),
        mergeMap((forecasts) => forecasts),
      ) as Observable<object>,
    plain: (events: Event[]): object[] => createForecaster(quick).observe(events),
  },
  forecastSymbols: {
    apply: (source: Observable<Event>, called: (event: Event) => void, engine = countingEngine().engine) =>
      source.pipe(
        forecastSymbols({
          ...small,
          engine,
          key: (e) => e.key,
          symbol: (e) => (called(e), e.symbol),
          onRejected: () => undefined,
        }),
      ) as Observable<object>,
    plain: (events: Event[]): object[] => createSymbolForecaster(small).observe(events),
  },
};

describe.each(Object.entries(operators))("%s", (_name, { apply, plain }) => {
  /** What is emitted for events whose callback does something at `a1`, and how the stream ends. */
  function outcome(events: readonly Event[], inside: (source: Subject<Event>, event: Event) => void) {
    const { engine, alive } = countingEngine();
    const source = new Subject<Event>();
    const forecasts: object[] = [];
    let end: unknown = "open";
    apply(source, (event) => inside(source, event), engine).subscribe({
      next: (one) => forecasts.push(one),
      complete: () => (end = "complete"),
      error: (error: unknown) => (end = error),
    });
    for (const event of events) source.next(event);
    return { forecasts, end, alive: alive() };
  }

  test("forecasts once from each event that the source emits inside a callback, after the one before it", () => {
    const { forecasts } = outcome([a0, a1, a2, a3], (source, event) => {
      if (event === a1) source.next(b0);
      if (event === a1) source.next(refused);
      if (event === a1) source.next(b1);
    });
    expect(forecasts).toEqual(plain([a0, a1, b0, b1, a2, a3]));
  });

  test("forecasts from events that are emitted inside the callbacks of such events", () => {
    const { forecasts } = outcome([a0, a3], (source, event) => {
      if (event === a0) source.next(a1);
      if (event === a1) source.next(a2);
    });
    expect(forecasts).toEqual(plain([a0, a1, a2, a3]));
  });

  test("takes many of them without a deep stack", () => {
    const many = stream("c", 20_000);
    const { forecasts } = outcome([a0], (source, event) => {
      if (event === a0) for (const one of many) source.next(one);
    });
    expect(forecasts).toHaveLength(1 + many.length);
  });

  test("completes after the events that the source emitted before it completed inside a callback", () => {
    const { forecasts, end, alive } = outcome([a0, a1, a2], (source, event) => {
      if (event !== a1) return;
      source.next(b0);
      source.complete();
    });
    expect(forecasts).toEqual(plain([a0, a1, b0]));
    expect([end, alive]).toEqual(["complete", 0]);
  });

  test("passes on an error of the source inside a callback after the event, and gives its memory back", () => {
    const { forecasts, end, alive } = outcome([a0, a1, a2], (source, event) => {
      if (event === a1) source.error("lost");
    });
    expect(forecasts).toEqual(plain([a0, a1]));
    expect([end, alive]).toEqual(["lost", 0]);
  });

  test("errors with what the callback of such an event throws", () => {
    const { forecasts, end, alive } = outcome([a0, a1, a2], (source, event) => {
      if (event === a1) source.next(b0);
      if (event === b0) throw new Error("no value");
    });
    expect(forecasts).toEqual(plain([a0, a1]));
    expect([end, alive]).toEqual([new Error("no value"), 0]);
  });

  test("gives its memory back where it is unsubscribed from inside a callback", () => {
    const { engine, alive } = countingEngine();
    const source = new Subject<Event>();
    const forecasts: object[] = [];
    const inside = (event: Event): void => {
      if (event !== a1) return;
      source.next(b0);
      subscription.unsubscribe();
    };
    const subscription = apply(source, inside, engine).subscribe((one) => forecasts.push(one));
    for (const event of [a0, a1, a2]) source.next(event);
    expect(forecasts).toEqual(plain([a0]));
    expect(alive()).toBe(0);
  });

  test("takes events that its subscriber emits at once, as before", () => {
    const source = new Subject<Event>();
    const forecasts: object[] = [];
    apply(source, () => undefined).subscribe((one) => {
      forecasts.push(one);
      if (forecasts.length === 1) source.next(b0);
    });
    source.next(a0);
    source.next(a1);
    expect(forecasts).toEqual(plain([a0, b0, a1]));
  });
});
