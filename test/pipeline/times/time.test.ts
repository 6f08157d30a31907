import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { Stage, type StageOutput } from "../../../src/pipeline/task/stage.js";
import { quick } from "../../support/streams.js";
import { header, jsonRecord, start, text } from "../records.js";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const made: Forecaster[] = [];

afterEach(() => made.splice(0).forEach((forecaster) => forecaster.dispose()));

function stageOf(options: PipelineOptions): Stage {
  const settings = pipelineSettings(options);
  const forecaster = new Forecaster(modelSettings({ ...quick, hidden: 4 }, settings.decode));
  made.push(forecaster);
  return new Stage(forecaster, settings, { topic: "readings", partition: 0 });
}

/** A record that arrives `offset` minutes after the start and says that it was then, or whatever is given. */
function reading(offset: number, at: number | string = start + offset * minute): InputRecord {
  return jsonRecord(offset, "a", { value: Math.sin(offset / 5), at }, start + offset * minute);
}

const valuesOf = ({ forecasts }: StageOutput): number[] =>
  forecasts.map(({ value }) => (JSON.parse(text(value)!) as { value: number }).value);
const codesOf = ({ deadLetters }: StageOutput): (string | undefined)[] =>
  deadLetters.map((letter) => header(letter, "undercurrent-code"));
const timed = { time: "at" } as const;

describe("where late events are refused, a time far ahead of its record does not make all that follow late", () => {
  const ahead = [reading(0), reading(1, start + 300 * 365 * day), reading(2), reading(3)];

  test.each(["drop", "dead-letter"] as const)("%s: it goes to the dead letters", (late) => {
    const output = stageOf({ decode: timed, late }).process(ahead);
    expect(valuesOf(output)).toEqual([0, 2, 3].map((i) => Math.sin(i / 5)));
    expect(codesOf(output)).toEqual(["TIME_INVALID"]);
    expect(header(output.deadLetters[0]!, "undercurrent-reason")).toMatch(
      /^the time is 109500 days ahead of the record's timestamp/,
    );
  });

  test("a time up to a week ahead is taken, as of a plan for the next days", () => {
    const planned = [0, 1, 2].map((i) => reading(i, start + i * minute + 7 * day));
    expect(stageOf({ decode: timed, late: "drop" }).process(planned).forecasts).toHaveLength(3);
  });

  test("where the record has no timestamp, or that of epoch 0, there is nothing to hold a time against", () => {
    for (const timestamp of [-1, 0]) {
      const records = [reading(0), reading(1)].map((record) => ({ ...record, timestamp }));
      expect(stageOf({ decode: timed, late: "drop" }).process(records).forecasts).toHaveLength(2);
    }
  });

  test("where late events are forecast all the same, it is taken too", () => {
    expect(stageOf({ decode: timed }).process(ahead).forecasts).toHaveLength(4);
  });
});

test("events an hour late are forecast in order of arrival, each from all that arrived before it", () => {
  const records = Array.from({ length: 200 }, (_, i) =>
    reading(i, start + i * minute - (i % 10 === 9 ? hour : 0)),
  );
  const output = stageOf({ decode: timed }).process(records);
  expect(valuesOf(output)).toEqual(records.map(({ offset }) => Math.sin(offset / 5)));
  expect(output.deadLetters).toEqual([]);
});

describe("the hour that a local clock repeats or leaves out", () => {
  // As a host in Berlin writes them without a zone: in spring 01:59 is followed by 03:00, in autumn 02:59 by 02:00.
  const local = (date: string, minutes: readonly number[]): string[] =>
    minutes.map((at) => `${date}T0${Math.floor(at / 60)}:${String(at % 60).padStart(2, "0")}:00`);
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const spring = local("2026-03-29", [...range(60, 120), ...range(180, 240)]);
  const autumn = local("2026-10-25", [...range(60, 180), ...range(120, 240)]);
  const records = (texts: readonly string[]): InputRecord[] =>
    texts.map((at, i) => ({ ...reading(i, at), timestamp: Date.UTC(2026, 9, 25, 0, i) }));

  test("is a gap, and late events: texts without a zone are UTC, and all are forecast", () => {
    for (const texts of [spring, autumn]) {
      const { forecasts } = stageOf({ decode: timed }).process(records(texts));
      const times = forecasts.map(({ value }) => (JSON.parse(text(value)!) as { time: string }).time);
      expect(times).toEqual(texts.map((at) => `${at}.000Z`));
    }
  });

  test("costs an hour of forecasts where late events are refused, and no more", () => {
    const output = stageOf({ decode: timed, late: "dead-letter" }).process(records(autumn));
    // From 02:00 up to the 02:59 that was there before: the same time again is not late.
    expect(codesOf(output)).toEqual(new Array<string>(59).fill("EVENT_LATE"));
    expect(output.forecasts).toHaveLength(autumn.length - 59);
  });
});

test("a refusal of times depends on the order of records alone, not on how they are cut into batches", () => {
  const at = fc.oneof(
    fc.constant(0),
    fc.constantFrom(-hour, hour, 300 * 365 * day, -start, -2 * start, 8 * day),
    fc.integer({ min: -minute, max: minute }),
  );
  fc.assert(
    fc.property(
      fc.array(at, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 60 }),
      (shifts, cut) => {
        const records = shifts.map((shift, i) => reading(i, start + i * minute + shift));
        const options = { decode: timed, late: "dead-letter" } as const;
        const whole = stageOf(options).process(records);
        const stage = stageOf(options);
        const pieces = [stage.process(records.slice(0, cut)), stage.process(records.slice(cut))];
        expect(pieces.flatMap(({ forecasts }) => forecasts)).toEqual(whole.forecasts);
        expect(pieces.flatMap(({ deadLetters }) => deadLetters)).toEqual(whole.deadLetters);
      },
    ),
    { numRuns: 40 },
  );
});
