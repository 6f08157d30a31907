import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ForecastColumns } from "../../src/forecast/columns.js";
import { columnNames, quick, runFresh, type Event } from "../support/streams.js";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const begin = Date.UTC(2026, 2, 1);
const lastTime = 8.64e15;

/** A wave by the minute at the given times, then at `count` regular ones. */
function afterwards(times: readonly number[], count: number): Event[] {
  const all = [...times, ...Array.from({ length: count }, (_, i) => begin + i * minute)];
  return all.map((time, i) => ({ key: "a", time, value: Math.sin(i / 5) }));
}

/** By how much the last event's successor is due at another time than a minute after it. */
const dueError = ({ times, yhatTime }: ForecastColumns): number =>
  Math.abs(yhatTime.at(-1)! - times.at(-1)! - minute);

/** Skill in the second half, against repeating the last value. */
function skill({ values, expected, previous }: ForecastColumns): number {
  let model = 0;
  let persistence = 0;
  for (let i = values.length >> 1; i < values.length; i++) {
    model += Math.abs(expected[i]! - values[i]!);
    persistence += Math.abs(previous[i]! - values[i]!);
  }
  return 1 - model / persistence;
}

const usual = runFresh(quick, afterwards([], 1500));

describe("a clock that was wrong at a key's first events, and is set, tells the next due time two events later", () => {
  test.each<[string, readonly number[]]>([
    ["one at epoch 0", [0]],
    ["a hundred at epoch 0", new Array<number>(100).fill(0)],
    ["a minute each since epoch 0", [0, minute, 2 * minute]],
    ["one at the calendar's end", [lastTime]],
    ["one right, one at the calendar's end", [begin - minute, lastTime]],
    ["one right, some a year ahead", [begin - minute, begin + 365 * day, begin + 365 * day + minute]],
    ["one at the calendar's beginning", [-lastTime]],
  ])("%s", (_, times) => {
    expect(dueError(runFresh(quick, afterwards(times, 3)))).toBeLessThan(minute);
    expect(dueError(runFresh(quick, afterwards(times, 300)))).toBeLessThan(minute / 60);
  });
});

test("whatever the times of a key's first events, all numbers stay finite and the due time recovers", () => {
  const time = fc.oneof(
    fc.constantFrom(0, -1, 1, begin, begin + hour, begin - hour, lastTime, -lastTime),
    fc.integer({ min: -lastTime, max: lastTime }),
  );
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 12 }), (times) => {
      const forecasts = runFresh(quick, afterwards(times, 3000));
      for (const name of columnNames)
        expect(forecasts[name].some((x) => Math.abs(x) === Infinity)).toBe(false);
      expect(dueError(forecasts)).toBeLessThan(minute / 6);
    }),
    { numRuns: 15 },
  );
});

describe("a clock that jumps within the stream costs little skill, and leaves the due time", () => {
  const set = (shift: (i: number) => number): Event[] =>
    afterwards([], 1500).map((event, i) => ({ ...event, time: event.time + shift(i) }));

  test.each<[string, (i: number) => number]>([
    ["once, an hour ahead", (i) => (i < 700 ? 0 : hour)],
    ["once, an hour back", (i) => (i < 700 ? 0 : -hour)],
    ["once, by ten years", (i) => (i < 700 ? 0 : 3650 * day)],
    ["for one event, to the calendar's end", (i) => (i === 700 ? lastTime - begin - i * minute : 0)],
    ["for one event in ten, an hour ahead", (i) => (i % 10 === 0 ? hour : 0)],
    ["for one event in ten, an hour late", (i) => (i % 10 === 0 ? -hour : 0)],
  ])("%s", (_, shift) => {
    const forecasts = runFresh(quick, set(shift));
    expect(skill(forecasts)).toBeGreaterThan(skill(usual) - 0.1);
    expect(dueError(forecasts)).toBeLessThan(minute);
  });
});

test("an event that is late is taken where it arrives: its forecast is the one that was pending, and it is learned from", () => {
  const events = afterwards([], 300);
  const late = events.map((event, i) => (i === 200 ? { ...event, time: event.time - hour } : event));
  const forecasts = runFresh(quick, late);
  const inTime = runFresh(quick, events);
  expect(forecasts.expected[200]).toBe(inTime.expected[200]);
  expect(forecasts.anomalyScore[200]).not.toBeNaN();
  expect(forecasts.previous[201]).toBe(late[200]!.value);
});

test("a stream around epoch 0 is forecast as it is around any other midnight", () => {
  const events = afterwards([], 400);
  const around = (midnight: number): ForecastColumns =>
    runFresh(
      { ...quick, horizon: 3 },
      events.map((event, i) => ({ ...event, time: midnight + (i - 200) * minute })),
    );
  const atEpoch = around(0);
  const later = around(begin);
  expect(Array.from(atEpoch.yhat)).toEqual(Array.from(later.yhat));
  expect(Array.from(atEpoch.steps.yhat)).toEqual(Array.from(later.steps.yhat));
  expect(Array.from(atEpoch.yhatTime)).toEqual(Array.from(later.yhatTime, (time) => time - begin));
});
