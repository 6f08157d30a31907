import fc from "fast-check";
import { from, lastValueFrom, Subject, toArray, type Observable } from "rxjs";
import { describe, expect, test } from "vitest";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { createForecaster, EventForecaster, type Observation } from "../../src/forecast/objects.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { aggregate } from "../../src/operators/aggregate.js";
import { forecast } from "../../src/operators/forecast.js";
import { forecastBatches } from "../../src/operators/forecast-batches.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";
import { jsonRecord, start, text } from "../pipeline/records.js";
import { quick } from "../support/streams.js";

interface Click {
  readonly page: string;
  readonly at: number;
  readonly ms: number | null;
  readonly users: number;
}

const read = {
  key: (click: Click) => click.page,
  time: (click: Click) => click.at,
  value: (click: Click) => click.ms,
  features: [(click: Click) => click.users],
};

const functions = ["count", "sum", "mean", "min", "max", "last", "rate", "p95"];

const clicksOf = fc
  .array(
    fc.record({
      page: fc.constantFrom("/", "/cart", "/help"),
      step: fc.integer({ min: -4000, max: 9000 }),
      ms: fc.option(fc.integer({ min: 0, max: 900 })),
      users: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((clicks) => {
    let at = start;
    return clicks.map(({ step, ...click }): Click => ({ ...click, at: (at += step) }));
  });

const all = <T>(source: Observable<T>): Promise<T[]> => lastValueFrom(source.pipe(toArray()));

/** What the service forecasts of the same events, and the codes of its rejections. */
function ofService(clicks: readonly Click[], model: ForecasterOptions): { rows: unknown[]; codes: string[] } {
  const settings = pipelineSettings({ decode: { time: "at", value: "ms", features: ["users"] } });
  const codes: string[] = [];
  const telemetry = {
    forecasts: () => undefined,
    update: () => undefined,
    rejection: ({ code }: { readonly code: string }) => void codes.push(code),
  };
  const forecaster = new Forecaster(modelSettings(model, settings.decode));
  const stage = new Stage(forecaster, settings, { topic: "clicks", partition: 0 }, { telemetry });
  const records = clicks.map(({ page, ...click }, offset) => jsonRecord(offset, page, click, click.at));
  const rows = stage.process(records).forecasts.map(({ value }) => {
    const said = JSON.parse(text(value)!) as Record<string, unknown>;
    return [said["key"], Date.parse(String(said["time"])), said["value"], said["yhat"], said["yhat_lower"]];
  });
  forecaster.dispose();
  return { rows, codes };
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

describe("windows in the library", () => {
  test("are the service's, to the bit, however events are cut and restored", async () => {
    await fc.assert(
      fc.asyncProperty(
        clicksOf,
        fc.constantFrom(...functions),
        fc.nat(60),
        fc.integer({ min: 1, max: 20 }),
        async (clicks, by, cut, size) => {
          const windows = { every: "7s", by, grace: "3s", maxEmpty: 2 };
          const model = { ...quick, hidden: 4, aggregate: windows };
          const { rows, codes } = ofService(clicks, model);
          const refused: string[] = [];
          const onRejected = ({ error }: { readonly error: { readonly code: string } }): unknown =>
            refused.push(error.code);
          const options = { ...read, ...model, onRejected };
          const single = await all(from(clicks).pipe(forecast(options)));
          expect(
            single.map((f) => [f.key, f.time, orNull(f.value), orNull(f.yhat), orNull(f.yhatLower)]),
          ).toEqual(rows);
          expect(refused).toEqual(codes);

          const pieces = Array.from({ length: Math.ceil(clicks.length / size) }, (_, i) =>
            clicks.slice(i * size, (i + 1) * size),
          );
          const batches = await all(from(pieces).pipe(forecastBatches(options)));
          expect(batches.flat()).toEqual(single);

          const observations = await all(from(clicks).pipe(aggregate({ ...read, ...windows, onRejected })));
          const plain = createForecaster({ ...quick, hidden: 4, featureCount: 1 });
          const apart = plain.observe(observations);
          expect(apart.map(({ event: _, ...told }) => told)).toEqual(
            single.map(({ event: _, model: __, ...told }) => ({
              ...told,
              model: expect.any(String) as string,
            })),
          );

          const first = new EventForecaster(options);
          const second = new EventForecaster(options);
          const before = first.observe(clicks.slice(0, cut));
          second.restore(first.snapshot());
          expect([...before, ...second.observe(clicks.slice(cut))]).toEqual(single);
          for (const each of [plain, first, second]) each.dispose();
        },
      ),
      { numRuns: 12 },
    );
  });

  test("name the event that closed the window", async () => {
    const clicks = [0, 1, 12].map((second): Click => ({
      page: "/",
      at: 1000 * second,
      ms: second,
      users: 0,
    }));
    const [only, ...none] = await all(
      from(clicks).pipe(forecast({ ...quick, ...read, aggregate: { every: "10s", by: "sum" } })),
    );
    expect(none).toEqual([]);
    expect(only).toMatchObject({ event: clicks[2], key: "/", time: 10_000, value: 1 });
  });

  test("are forgotten with their key", () => {
    const forecaster = createForecaster({ ...quick, aggregate: { every: "10s" } });
    const at = (key: string, second: number): Observation => ({ key, time: 1000 * second, value: null });
    forecaster.observe([at("a", 0), at("b", 1)]);
    expect([forecaster.forget("a"), forecaster.forget("a"), forecaster.forget("c")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(forecaster.observe([at("c", 11)]).map(({ key }) => key)).toEqual(["b"]);
    forecaster.dispose();
  });
});

describe("aggregate", () => {
  const at = (page: string, second: number): Click => ({ page, at: 1000 * second, ms: 5, users: second });
  const { key, time } = read;

  test("counts events without a value and leaves open windows out", async () => {
    const clicks = [at("/", 0), at("/", 3), at("/cart", 4), at("/", 12), at("/", 13)];
    const options = { key, time, features: read.features, every: "10s" };
    expect(await all(from(clicks).pipe(aggregate(options)))).toEqual([
      { key: "/", time: 10_000, value: 2, events: 2, features: [3] },
      { key: "/cart", time: 10_000, value: 1, events: 1, features: [4] },
    ]);
  });

  test("gives each subscription windows of its own", async () => {
    const counted = from([at("/", 0), at("/", 11)]).pipe(aggregate({ key, time, every: "10s" }));
    expect(await all(counted)).toEqual(await all(counted));
  });

  test("takes an event that arrives during an emission after it", () => {
    const clicks = new Subject<Click>();
    const seen: unknown[] = [];
    clicks.pipe(aggregate({ key, time, every: "10s" })).subscribe((row) => {
      if (seen.push([row.key, row.time, row.value]) === 1) clicks.next(at("/late", 25));
    });
    for (const click of [at("/", 0), at("/cart", 1), at("/", 11)]) clicks.next(click);
    expect(seen).toEqual([
      ["/", 10_000, 1],
      ["/cart", 10_000, 1],
      ["/", 20_000, 1],
      ["/cart", 20_000, 0],
    ]);
  });

  test("refuses late events, and goes on", async () => {
    const refused: unknown[] = [];
    const clicks = [at("/", 0), at("/", 11), at("/", 5), at("", 30), at("/", 21)];
    const options = {
      ...{ key, time, every: "10s" },
      onRejected: ({ event, error }: { readonly event: Click; readonly error: { readonly code: string } }) =>
        void refused.push([event.at, error.code]),
    };
    const rows = await all(from(clicks).pipe(aggregate(options)));
    expect(rows.map(({ value }) => value)).toEqual([1, 1]);
    expect(refused).toEqual([
      [5000, "EVENT_LATE"],
      [30_000, "KEY_INVALID"],
    ]);
  });

  test("passes on what a callback throws", async () => {
    const broken = aggregate<Click>({
      key: () => {
        throw new Error("no key");
      },
      time,
      every: "10s",
    });
    await expect(all(from([at("/", 0)]).pipe(broken))).rejects.toThrow("no key");
  });

  test.each([
    [{ time, every: "10s" }, "key: expected a function such as (event) => event.key, found nothing"],
    [{ key, time, every: "10s", by: "sum" }, "value: expected a function"],
    [{ key, time, every: "soon" }, "aggregate.every: expected duration such as 10s, 1m or 1h"],
    [{ key, time, every: "1m", features: [1] }, "features.0: expected a function"],
  ])("refuses %o", (options, message) => {
    expect(() => aggregate(options as unknown as Parameters<typeof aggregate<Click>>[0])).toThrow(message);
  });
});
