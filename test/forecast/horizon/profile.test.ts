import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import {
  daily,
  isBegun,
  learnProfile,
  profileAt,
  profileMean,
  profileSize,
  startProfile,
  weekly,
} from "../../../src/forecast/horizon/profile.js";

const minute = 60_000;

function create(profile = daily): Float64Array {
  const state = new Float64Array(profileSize(profile));
  startProfile(state, 0, profile);
  return state;
}

test("learns a wave of the day at any sampling rate, times regular or not", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 7, 30, 60, 95),
      fc.boolean(),
      fc.constantFrom(-3e12, 0, 1.7e12),
      (minutes, regular, start) => {
        const state = create();
        const next = uniform(minutes);
        const wave = (time: number): number => 50 + 10 * Math.sin((2 * Math.PI * time) / daily.period);
        const gap = minutes * minute;
        let time = start;
        while (time < start + 30 * daily.period) {
          learnProfile(state, 0, daily, { time, value: wave(time), gap, variance: 50 });
          time += regular ? gap : gap * (0.5 + next());
        }
        const errorAt = (due: number): number => Math.abs(profileAt(state, 0, daily, due) - wave(due));
        for (let due = time; due < time + daily.period; due += gap) expect(errorAt(due)).toBeLessThan(1);
        // Where no value ever comes a neighbour stands in, at most a knot away.
        const acrossKnot = (10 * 2 * Math.PI) / daily.knots;
        for (let phase = 0; phase < daily.period; phase += 17 * minute) {
          expect(errorAt(time + phase)).toBeLessThan(acrossKnot);
        }
        expect(Math.abs(profileMean(state, 0, daily) - 50)).toBeLessThan(0.5);
      },
    ),
    { numRuns: 60, examples: [[60, true, 0]] },
  );
});

test("knows nothing of phases that it has not seen", () => {
  const state = create(weekly);
  expect(profileMean(state, 0, weekly)).toBeNaN();
  learnProfile(state, 0, weekly, { time: 0, value: 7, gap: 60 * minute, variance: 1 });
  expect(profileAt(state, 0, weekly, 0)).toBe(7);
  expect(profileAt(state, 0, weekly, weekly.period)).toBe(7);
  expect(profileAt(state, 0, weekly, 5 * 60 * minute)).toBeNaN();
  expect(profileMean(state, 0, weekly)).toBe(7);
});

test("an outlier moves it by a few of its errors, a new level takes it along within days", () => {
  const state = create();
  const next = uniform(4);
  const learn = (day: number, hour: number, value: number): void => {
    const time = day * daily.period + hour * 60 * minute;
    learnProfile(state, 0, daily, { time, value, gap: 60 * minute, variance: 1 });
  };
  for (let day = 0; day < 20; day++) for (let hour = 0; hour < 24; hour++) learn(day, hour, next());
  learn(20, 0, -9999);
  expect(Math.abs(profileAt(state, 0, daily, 0))).toBeLessThan(5);
  for (let day = 21; day < 41; day++) for (let hour = 0; hour < 24; hour++) learn(day, hour, 500 + next());
  for (let hour = 0; hour < 24; hour++) {
    expect(Math.abs(profileAt(state, 0, daily, hour * 60 * minute) - 500)).toBeLessThan(25);
  }
});

test("a time just below the period is the phase before the first", () => {
  const state = create();
  for (let knot = 0; knot < daily.knots; knot++) state[knot] = knot;
  for (const time of [-1e-9, daily.period * (1 - 2 ** -53), -daily.period]) {
    const value = profileAt(state, 0, daily, time);
    expect(value >= 0 && value <= daily.knots).toBe(true);
  }
});

test("one odd value among the first ones of an hour is no more than one of them", () => {
  for (const minutes of [1, 5]) {
    const values = 30 / minutes;
    for (const odd of [0, 1, values - 1, values]) {
      const state = create();
      const gap = minutes * minute;
      let index = 0;
      for (let time = 0; time < 1.4 * daily.period; time += gap, index++) {
        const value = index === 20 * values + odd ? 0 : 100;
        learnProfile(state, 0, daily, { time, value, gap, variance: 1 });
      }
      for (let phase = 0; phase < daily.period; phase += gap) {
        expect(Math.abs(profileAt(state, 0, daily, phase) - 100)).toBeLessThan(125 / values);
      }
    }
  }
});

test("an hour is begun until the next one has a value", () => {
  const state = create();
  const gap = 5 * minute;
  const isBegunAt = (minutes: number): boolean => isBegun(state, 0, daily.knots, minutes / 30);
  for (let time = 0; time <= 65 * minute; time += gap) {
    learnProfile(state, 0, daily, { time, value: 7, gap, variance: 1 });
  }
  expect([0, 29, 31, 59].map(isBegunAt)).toEqual([false, false, false, false]);
  expect([61, 89, 100, 24 * 60 - 91].map(isBegunAt)).toEqual([true, true, true, true]);
  // The last half hour leads to the first one, which is known.
  expect(isBegunAt(24 * 60 - 1)).toBe(false);
});

test("is right at all hours that have values, where others have none", () => {
  const hour = 60 * minute;
  fc.assert(
    fc.property(
      fc.constantFrom(daily, weekly),
      fc.constantFrom(1, 5, 10, 15, 20, 25),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 13 * 2, max: 23 * 2 }),
      (profile, minutes, opens, closesHalf) => {
        const state = create(profile);
        const gap = minutes * minute;
        const closes = closesHalf / 2;
        let worst = 0;
        for (let time = 0; time < 30 * daily.period; time += gap) {
          const ofDay = (time % daily.period) / hour;
          if (ofDay < opens || ofDay > closes) continue;
          learnProfile(state, 0, profile, { time, value: ofDay, gap, variance: 10 });
          worst = Math.max(worst, Math.abs(profileAt(state, 0, profile, time) - ofDay));
        }
        expect(worst).toBeLessThan(1);
      },
    ),
    // Of these the phase of a full hour, in knots, is a rounding error above a whole number.
    {
      numRuns: 60,
      examples: [
        [weekly, 5, 8, 35],
        [weekly, 15, 6, 47],
      ],
    },
  );
});
