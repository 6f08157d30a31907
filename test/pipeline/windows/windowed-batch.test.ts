import fc from "fast-check";
import { filter, map } from "rxjs";
import { describe, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { ForecasterOptions } from "../../../src/forecast/settings.js";
import { systemClock } from "../../../src/pipeline/clock.js";
import type { Operators } from "../../../src/pipeline/operator.js";
import { explainForecast } from "../../../src/pipeline/explain.js";
import type { InputBatch, InputRecord } from "../../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { readState, writeState } from "../../../src/pipeline/state/state-records.js";
import { Stage, type StageOutput } from "../../../src/pipeline/task/stage.js";
import { UserSteps } from "../../../src/pipeline/task/user-steps.js";
import { quick } from "../../support/streams.js";
import { jsonRecord, mixedRecords, start, text } from "../records.js";

const origin = { topic: "clicks", partition: 0 };
type Aggregate = NonNullable<ForecasterOptions["aggregate"]>;

interface Made {
  readonly stage: Stage;
  readonly forecaster: Forecaster;
  readonly codes: string[];
}

function make(aggregate: Aggregate, options: PipelineOptions = {}, operators: Operators = {}): Made {
  const settings = pipelineSettings(options);
  const forecaster = new Forecaster(modelSettings({ ...quick, hidden: 4, aggregate }, settings.decode));
  const cancelled = new AbortController().signal;
  const steps = new UserSteps(operators, { timeoutMs: 1000, clock: systemClock, origin, cancelled });
  const codes: string[] = [];
  const telemetry = {
    forecasts: () => undefined,
    update: () => undefined,
    rejection: ({ code }: { readonly code: string }) => void codes.push(code),
  };
  return { stage: new Stage(forecaster, settings, origin, { steps, telemetry }), forecaster, codes };
}

/** All forecasts and dead letters of records that come in pieces of these sizes. */
function processed(stage: Stage, records: readonly InputRecord[], sizes: readonly number[]): unknown {
  const outputs: StageOutput[] = [];
  for (let at = 0, piece = 0; at < records.length; piece++) {
    const size = sizes[piece % sizes.length]!;
    outputs.push(stage.process(records.slice(at, at + size)));
    at += size;
  }
  return {
    forecasts: outputs.flatMap(({ forecasts }) => forecasts),
    deadLetters: outputs.flatMap(({ deadLetters }) => deadLetters),
  };
}

const rowsOf = ({ forecasts }: StageOutput): unknown[] =>
  forecasts.map(({ key, value, timestamp, headers }) => {
    const said = JSON.parse(text(value)!) as Record<string, unknown>;
    return [text(key), said["key"], said["time"], said["value"], timestamp, headers.length];
  });

describe("a stage with windows", () => {
  test("forecasts one observation per key and window, with the record that closed the window", () => {
    const { stage, codes } = make({ every: "10s" });
    const clicks = [0, 1, 2, 3, 14, 25].map((second, offset) =>
      jsonRecord(offset, offset % 2 === 0 ? "a" : "b", { page: "/" }, start + 1000 * second),
    );
    const at = (second: number): string => new Date(start + 1000 * second).toISOString();
    expect(rowsOf(stage.process(clicks))).toEqual([
      ["a", "a", at(10), 2, start + 14_000, 0],
      ["b", "b", at(10), 2, start + 14_000, 0],
      ["a", "a", at(20), 1, start + 25_000, 0],
      ["b", "b", at(20), 0, start + 25_000, 0],
    ]);
    expect(codes).toEqual([]);
  });

  test("counts events whatever is at the path of the value, and needs a number for other functions", () => {
    const values = [1, "GET /", null, { ms: 3 }, true, [1]];
    const records = [...values, 0].map((value, offset) =>
      jsonRecord(offset, "k", { value }, start + (offset < values.length ? offset : 20_000)),
    );
    const counting = make({ every: "10s" });
    const [first] = rowsOf(counting.stage.process(records)) as [unknown[]];
    expect([first[3], counting.codes]).toEqual([values.length, []]);
    const adding = make({ every: "10s", by: "sum" });
    const [sum] = rowsOf(adding.stage.process(records)) as [unknown[]];
    expect([sum[3], adding.codes]).toEqual([1, Array.from({ length: 4 }, () => "VALUE_NOT_A_NUMBER")]);
  });

  test("counts late events, and makes them dead letters on request", () => {
    const records = [0, 11, 5, 21].map((second, offset) =>
      jsonRecord(offset, "k", { value: 1 }, start + 1000 * second),
    );
    for (const late of ["process", "drop", "dead-letter"] as const) {
      const { stage, codes } = make({ every: "10s" }, { late });
      const output = stage.process(records);
      expect(codes).toEqual(["EVENT_LATE"]);
      expect(output.deadLetters).toHaveLength(late === "dead-letter" ? 1 : 0);
      expect(rowsOf(output)).toHaveLength(2);
    }
  });

  test("refuses a time far ahead of its record's, which would close every window before it", () => {
    const { stage, codes } = make({ every: "10s", maxAhead: "1m" }, { decode: { time: "at" } });
    const record = (offset: number, at: number): InputRecord =>
      jsonRecord(offset, "k", { at, value: 1 }, start);
    const output = stage.process([record(0, start), record(1, start + 61_000), record(2, start + 11_000)]);
    expect(codes).toEqual(["TIME_INVALID"]);
    expect(rowsOf(output)).toHaveLength(1);
  });

  test("takes a time that is as far ahead as is allowed, and any of a record without a timestamp", () => {
    const { stage, codes } = make({ every: "10s", maxAhead: "1m" }, { decode: { time: "at" } });
    const record = (offset: number, timestamp: number, at: number): InputRecord =>
      jsonRecord(offset, "k", { at, value: 1 }, timestamp);
    stage.process([
      record(0, start, start + 60_000),
      record(1, -1, start + 130_000),
      record(2, 0, start + 200_000),
      record(3, 1, start + 300_000),
    ]);
    expect(codes).toEqual(["TIME_INVALID"]);
  });

  test("forecasts the features of a window beside its value", () => {
    const options = { decode: { features: ["a", "b"] } };
    const of = (records: readonly InputRecord[]): { output: StageOutput; forecaster: Forecaster } => {
      const { stage, forecaster } = make({ every: "10s" }, options);
      return { output: stage.process(records), forecaster };
    };
    const records = (b: number): InputRecord[] =>
      [0, 3, 11, 21, 31].map((second, i) =>
        jsonRecord(i, `k${i % 2}`, { value: 1, a: i, b: i === 1 ? b : 2 }, start + 1000 * second),
      );
    const first = of(records(3));
    expect(rowsOf(first.output)).toEqual(rowsOf(of(records(4)).output));
    expect(first.forecaster.snapshot()).toEqual(of(records(3)).forecaster.snapshot());
    expect(first.forecaster.snapshot()).not.toEqual(of(records(4)).forecaster.snapshot());
  });

  test("makes the same bytes however records are cut, from bytes or by an operator, and after a restore", () => {
    const operators: Operators = { before: filter(() => true) };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom("count", "mean", "p90"),
        fc.nat(60),
        (sizes, by, cut) => {
          const aggregate = { every: "7s", by, grace: "10s", maxEmpty: 2 };
          const options = { late: "dead-letter" as const };
          const records = mixedRecords(60, 4);
          const whole = make(aggregate, options);
          const expected = processed(whole.stage, records, [60]);
          expect(processed(make(aggregate, options).stage, records, sizes)).toEqual(expected);
          expect(processed(make(aggregate, options, operators).stage, records, sizes)).toEqual(expected);
          const first = make(aggregate, options);
          first.stage.replay(records.slice(0, cut));
          const second = make(aggregate, options);
          second.forecaster.restore(first.forecaster.snapshot());
          const resumed = new Stage(second.forecaster, pipelineSettings(options), origin);
          processed(resumed, records.slice(cut), sizes);
          expect(second.forecaster.snapshot()).toEqual(whole.forecaster.snapshot());
          for (const { forecaster } of [whole, first, second]) forecaster.dispose();
        },
      ),
      { numRuns: 6 },
    );
  });

  test("gives operators after the forecast the window's value", () => {
    const seen: unknown[] = [];
    const after: NonNullable<Operators["after"]> = map(({ event, value }) => {
      seen.push([event.key, event.time - start, event.value, value]);
      return { topic: "t", record: event.record };
    });
    const { stage } = make({ every: "10s", by: "sum" }, {}, { after });
    stage.process([0, 4, 10].map((second, i) => jsonRecord(i, "k", { value: 2 }, start + 1000 * second)));
    expect(seen).toEqual([["k", 10_000, 4, 4]]);
  });

  test("ends a commit early where records close very many windows", () => {
    const { forecaster } = make({ every: "1s", maxEmpty: 100 });
    const stage = new Stage(forecaster, pipelineSettings(), origin, { maxReadings: 50 });
    const records = Array.from({ length: 4 }, (_, i) => jsonRecord(i, "k", { value: 1 }, start + 40_000 * i));
    const first = stage.process(records);
    expect([first.taken, first.forecasts.length]).toEqual([3, 80]);
    const rest = stage.process(records.slice(first.taken));
    expect([rest.taken, rest.forecasts.length]).toEqual([1, 40]);
    // A replay goes on to the end.
    const replayed = make({ every: "1s", maxEmpty: 100 }).forecaster;
    new Stage(replayed, pipelineSettings(), origin, { maxReadings: 50 }).replay(records);
    expect(replayed.snapshot()).toEqual(forecaster.snapshot());
  });
});

test("explains the observation of a window to the byte, by the record that closed it", async () => {
  const aggregate = { every: "10s", grace: "5s" };
  const records = mixedRecords(80, 3);
  const settings = pipelineSettings();
  const model = modelSettings({ ...quick, hidden: 4, aggregate }, settings.decode);
  const { stage, forecaster } = make(aggregate);
  const cut = 30;
  stage.process(records.slice(0, cut));
  const snapshot = writeState(cut, forecaster);
  const { forecasts } = stage.process(records.slice(cut));
  const state = readState(snapshot.records.map(({ key, value }) => ({ key, value: value! })));
  async function* input(): AsyncGenerator<InputBatch> {
    const some = records.slice(cut);
    yield await Promise.resolve({ records: some, nextOffset: 80, endOffset: 80 });
  }
  const last = forecasts.at(-1)!;
  const offset = records.findIndex(({ timestamp }) => timestamp === last.timestamp);
  const options = { model, settings, origin, state };
  const explained = await explainForecast(input(), offset, { ...options, key: text(last.key)! });
  expect(explained.record).toEqual(last);
  expect(explained.expected).toBeDefined();
  await expect(explainForecast(input(), offset - 1, options)).rejects.toThrow("closed no window");
  forecaster.dispose();
});
