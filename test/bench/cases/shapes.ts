/** Trends, seasons, spikes, magnitudes and noise of several laws: a simple rule is hard to beat on each. */
import { hour, minute, sine, Source, timeOf, type Case, type Law } from "./series.js";

type LawOf = (source: Source) => Law;

const trends: readonly Case[] = (
  [
    { name: "straight line by the minute", count: 4000, law: () => (i) => 3 * i },
    { name: "straight line by the hour", count: 4000, stepMs: hour, law: () => (i) => 3 * i },
    { name: "trend with noise", count: 6000, law: (source) => (i) => 0.5 * i + 2 * source.normal() },
    {
      name: "falling trend with little noise",
      count: 6000,
      law: (source) => (i) => 1e4 - i + 0.2 * source.normal(),
    },
    {
      name: "counter with resets",
      count: 8000,
      law: (source) => {
        let counter = 0;
        return () => (counter = source.uniform() < 1 / 700 ? 0 : counter + source.poisson(5));
      },
    },
    {
      name: "saturating growth",
      count: 6000,
      law: (source) => (i) => 1000 * (1 - Math.exp(-i / 1500)) + 0.2 * source.normal(),
    },
  ] satisfies Case[]
).map((each) => ({ ...each, ahead: true }));

/** A pattern of random values that returns each `period`. */
function pattern(period: number): LawOf {
  return (source) => {
    const values = Array.from({ length: period }, () => Math.round(1000 * source.uniform()) / 10);
    return (i) => values[i % period]!;
  };
}

const season = (name: string, period: number, law: LawOf): Case => ({
  name,
  period,
  law,
  ahead: true,
  count: Math.max(6000, Math.min(20_000, 9 * period)),
  stepMs: steps[period]!,
});

/** Time between two values of which so many are a season: a week of days, a day of hours, and so on. */
const steps: Readonly<Record<number, number>> = {
  7: 24 * hour,
  24: hour,
  60: minute,
  168: hour,
  200: minute,
  288: 5 * minute,
  2016: 5 * minute,
};

const load = (dayOfWeek: number, hourOfDay: number): number =>
  (dayOfWeek < 5 ? 100 : 20) * (0.3 + (hourOfDay > 7 && hourOfDay < 19 ? 1 : 0.1));

const seasons: readonly Case[] = [
  ...[7, 24, 60, 168, 288, 2016].map((period) =>
    season(`exact season of ${period}`, period, pattern(period)),
  ),
  season("exact season of straight parts", 200, () => (i) => Math.abs((i % 200) - 100)),
  season("smooth exact season of 2016", 2016, () => (i) => 50 + 10 * sine(i, 288) + 5 * sine(i, 2016)),
  ...[24, 168, 288].map((period) =>
    season(`season of ${period} with noise`, period, (source) => {
      const exact = pattern(period)(source);
      return (i) => exact(i) + 10 * source.normal();
    }),
  ),
  season("daily wave with noise", 24, (source) => (i) => 50 + 20 * sine(i, 24) + 3 * source.normal()),
  season(
    "week-shaped load",
    168,
    (source) => (i) => load(Math.floor(i / 24) % 7, i % 24) + 2 * source.normal(),
  ),
];

const spikes: readonly Case[] = [
  {
    name: "spikes each 60 values",
    period: 60,
    law: (source: Source) => (i: number) => 10 + 0.3 * source.normal() + (i % 60 === 0 ? 100 : 0),
  },
  {
    name: "spikes at random",
    law: (source: Source) => () => 10 + 0.3 * source.normal() + (source.uniform() < 0.01 ? 100 : 0),
  },
  {
    name: "spikes each 57 to 63 values",
    law: (source: Source) => {
      let due = 60;
      return (i: number) => {
        const isSpike = i === due;
        if (isSpike) due += 57 + Math.floor(7 * source.uniform());
        return 10 + 0.3 * source.normal() + (isSpike ? 100 : 0);
      };
    },
  },
  {
    name: "far spikes each 20 values",
    period: 20,
    law: (source: Source) => (i: number) => 10 + 0.02 * source.normal() + (i % 20 === 7 ? 100 : 0),
  },
  {
    name: "bursts of five counts of 50 among counts of .5",
    law: (source: Source) => {
      let left = 0;
      return () => {
        if (left > 0) left--;
        else if (source.uniform() < 1 / 300) left = 5;
        return source.poisson(left > 0 ? 50 : 0.5);
      };
    },
  },
  ...[10, 30].map((period) => ({
    name: `far spikes each ${period} values`,
    period,
    law: (source: Source) => (i: number) => 10 + 0.02 * source.normal() + (i % period === 7 ? 100 : 0),
  })),
].map((each) => ({ ...each, count: 8000, ahead: true }));

/** Jobs that run each hour, seen each ten seconds. */
const jobs: readonly Case[] = [1, 3, 12].map((job) => ({
  name: `job of ${job} each 360 values`,
  period: 360,
  count: 12_000,
  stepMs: 10_000,
  ahead: true,
  law: (source) => (i) => 5 + source.normal() + (i % 360 < job ? 60 : 0),
}));

/** Noise that grows with the level. */
const growths: readonly Case[] = (
  [
    {
      name: "growth of .1 % a value",
      law: (source) => (i) => Math.exp(i / 1000) * (1 + 0.02 * source.normal()),
    },
    {
      name: "walk of 1 % a value that grows",
      law: (source) => {
        let value = 100;
        return () => (value *= 1.001 + 0.01 * source.normal());
      },
    },
  ] satisfies Pick<Case, "name" | "law">[]
).map((each) => ({ ...each, count: 21_000 }));

const wave: LawOf = (source) => {
  let noise = 0;
  return (i) => {
    noise = 0.5 * noise + source.normal();
    return 10 * sine(i, 100) + noise;
  };
};

const magnitudes: readonly Case[] = [
  ...[1e-30, 1e-25, 1, 1e28].map((unit): Case => ({
    name: `wave in units of ${unit}`,
    count: 6000,
    period: 100,
    law: (source) => {
      const law = wave(source);
      return (i) => unit * law(i);
    },
  })),
  ...[1e8, 1e13].map((offset): Case => ({
    name: `wave above ${offset.toExponential().replace("+", "")}`,
    count: 6000,
    period: 100,
    law: (source) => {
      const law = wave(source);
      return (i) => offset + law(i);
    },
  })),
];

/** A value made of its predecessor. */
function recursive(next: (last: number, source: Source) => number): LawOf {
  return (source) => {
    let value = 0;
    return () => (value = next(value, source));
  };
}

const noises: readonly Case[] = Object.entries({
  "random walk": recursive((last, source) => last + source.normal()),
  "AR(1) of .9": recursive((last, source) => 0.9 * last + source.normal()),
  "AR(1) of -.5": recursive((last, source) => -0.5 * last + source.normal()),
  normal: (source: Source) => () => source.normal(),
  "log-normal": (source: Source) => () => Math.exp(source.normal()),
  "Student t of 3": (source: Source) => () => source.studentT(),
  exponential: (source: Source) => () => source.exponential(),
  "level shifts": (source: Source) => {
    let level = 0;
    return () => (level += source.uniform() < 1 / 500 ? 20 * source.normal() : 0) + source.normal();
  },
}).map(([name, law]) => ({ name, law, count: 20_000 }));

/** Days whose load goes by the clock on the wall, in a year with both changes of daylight saving. */
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/Berlin",
  hour: "2-digit",
  hourCycle: "h23",
});
const summerEnds = Date.UTC(2025, 9, 26, 1);
const summer: Case = {
  name: "load by local time",
  count: 24 * 240,
  stepMs: hour,
  startMs: Date.UTC(2025, 3, 7),
  period: 24,
  ahead: true,
  options: { timeZone: "Europe/Berlin" },
  law: (source) => (i) => {
    const local = Number(clock.format(timeOf(summer, i)));
    return load(0, local) + 2 * source.normal();
  },
  parts: {
    "week before the change": (i) => weeksAfterChange(i) === -1,
    "week of the change": (i) => weeksAfterChange(i) === 0,
    "week after that": (i) => weeksAfterChange(i) === 1,
  },
};

function weeksAfterChange(i: number): number {
  return Math.floor((timeOf(summer, i) - summerEnds) / (7 * 24 * hour));
}

export const shapes: readonly Case[] = [
  ...trends,
  ...growths,
  ...spikes,
  ...jobs,
  ...seasons,
  summer,
  ...magnitudes,
  ...noises,
];
