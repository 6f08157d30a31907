/** The operator of symbols: one forecast an event, refused events, errors and the end of a subscription. */
import { from, lastValueFrom, toArray, type Observable } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { describe, expect, it } from "vitest";
import { UndercurrentError } from "../../src/errors/errors.js";
import {
  createSymbolForecaster,
  type EventSymbolForecast,
  type SymbolObservation,
} from "../../src/forecast/symbols/objects.js";
import { forecastSymbols } from "../../src/operators/forecast-symbols.js";
import { small, walks } from "../forecast/symbols/streams.js";
import { countingEngine } from "../support/counting-engine.js";

const read = { key: (e: SymbolObservation) => e.key, symbol: (e: SymbolObservation) => e.symbol };
const all = (source: Observable<EventSymbolForecast<SymbolObservation>>) =>
  lastValueFrom(source.pipe(toArray()));

describe("forecastSymbols", () => {
  it("gives for each event what a forecaster without RxJS gives for all at once", async () => {
    const events = walks(1, 400, 3, 10);
    const forecaster = createSymbolForecaster(small);
    const expected = forecaster.observe(events);
    forecaster.dispose();
    expect(await all(from(events).pipe(forecastSymbols({ ...small, ...read })))).toEqual(expected);
    const { next, probability, surprise, unseen } = expected.at(-1)!;
    expect(next).toHaveLength(5);
    expect(surprise).toBeCloseTo(-Math.log2(probability), 12);
    expect(next.reduce((sum, { probability }) => sum + probability, unseen)).toBeLessThanOrEqual(1 + 1e-9);
  });

  it("names as next only what has been seen, each symbol once, the likeliest first", () => {
    const forecaster = createSymbolForecaster(small);
    const events = walks(3, 60, 2, 6);
    const seen = new Set<string>();
    forecaster.observe(events).forEach(({ next }, i) => {
      seen.add(events[i]!.symbol);
      const symbols = next.map(({ symbol }) => symbol);
      expect(symbols).toHaveLength(Math.min(seen.size, 5));
      expect(new Set(symbols).size).toBe(symbols.length);
      expect(symbols.filter((symbol) => !seen.has(symbol))).toEqual([]);
      const chances = next.map(({ probability }) => probability);
      expect(chances).toEqual(chances.toSorted((a, b) => b - a));
    });
    forecaster.dispose();
  });

  it("emits with its source and passes on completion, errors and what a callback throws", () => {
    const event = { key: "a", symbol: "x" };
    const forecaster = createSymbolForecaster(small);
    const [f] = forecaster.observe([event]);
    const bad = () => {
      throw new Error("no symbol");
    };
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ hot, expectObservable }) => {
        const operator = forecastSymbols({ ...small, ...read });
        expectObservable(hot("--e--|", { e: event }).pipe(operator)).toBe("--f--|", { f });
        expectObservable(hot("--e--#", { e: event }).pipe(operator)).toBe("--f--#", { f });
        const broken = forecastSymbols({ ...small, key: read.key, symbol: bad });
        expectObservable(hot("--e--|", { e: event }).pipe(broken)).toBe("--#", {}, new Error("no symbol"));
      },
    );
    forecaster.dispose();
  });

  it("refuses an event whose symbol or key cannot be one, and goes on as if it had not come", async () => {
    const refused: string[] = [];
    const events: SymbolObservation[] = [
      { key: "a", symbol: "x" },
      { key: "a", symbol: "" },
      { key: "", symbol: "x" },
      { key: "a", symbol: "x".repeat(257) },
      { key: "a", symbol: null as unknown as string },
      { key: "a", symbol: 7 },
    ];
    const options = {
      ...small,
      ...read,
      onRejected: ({ error }: { error: UndercurrentError }) => refused.push(error.code),
    };
    const forecasts = await all(from(events).pipe(forecastSymbols(options)));
    expect(refused).toEqual(["SYMBOL_INVALID", "KEY_INVALID", "SYMBOL_INVALID", "SYMBOL_INVALID"]);
    expect(forecasts.map(({ symbol }) => symbol)).toEqual(["x", "7"]);
    const good = await all(from([events[0]!, events[5]!]).pipe(forecastSymbols({ ...small, ...read })));
    expect(forecasts).toEqual(good);
  });

  it("throws at once where an option is wrong", () => {
    expect(() => forecastSymbols({ ...read, maxSymbols: 5 })).toThrow(UndercurrentError);
    expect(() => forecastSymbols({ ...read, candidates: 0 })).toThrow(/candidates/);
    expect(() => forecastSymbols({ ...read, bpttSteps: 10, stride: 4 })).toThrow(/stride/);
  });

  it("gives each subscription a forecaster of its own, and its memory back at its end", async () => {
    const { engine, alive } = countingEngine();
    const stream = from(walks(2, 50, 2, 6)).pipe(forecastSymbols({ ...small, ...read, engine }));
    const [first, second] = [await all(stream), await all(stream)];
    expect(second).toEqual(first);
    expect(alive()).toBe(0);
  });
});
