/** Series of machines, services and people, as their owners keep them: several causes at once, and no law of a textbook. */
import { hour, minute, sine, type Case, type Law, type Source } from "./series.js";

type LawOf = (source: Source) => Law;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const toStep = (value: number, step: number): number => Math.round(value / step) * step;

/** Gamma with a whole shape. */
function gamma(source: Source, shape: number): number {
  let sum = 0;
  for (let i = 0; i < shape; i++) sum += source.exponential();
  return sum;
}

/** Successes of so many trials; the trials are few. */
function binomial(source: Source, trials: number, chance: number): number {
  let count = 0;
  for (let i = 0; i < trials; i++) if (source.uniform() < chance) count++;
  return count;
}

const services: Readonly<Record<string, LawOf>> = {
  "latency of two modes with a heavy tail": (source) => () =>
    source.uniform() < 0.8 ? Math.exp(3 + 0.3 * source.normal()) : Math.exp(5 + 0.5 * source.normal()),
  "99th percentile of latency": (source) => {
    let load = 0;
    return (i) => {
      load = 0.95 * load + 0.1 * source.normal();
      const spike = source.uniform() < 0.01 ? source.exponential() : 0;
      return Math.exp(5 + 0.3 * sine(i, 1440) + load + 0.15 * source.normal() + spike);
    };
  },
  "length of a queue": (source) => {
    let length = 0;
    return () => (length = Math.max(0, length + source.poisson(0.8) - source.poisson(1)));
  },
  "replicas that follow a load": (source) => {
    let replicas = 2;
    let calm = 0;
    return (i) => {
      const wanted = Math.max(2, Math.ceil(6 + 5 * sine(i, 1440) + 0.5 * source.normal()));
      calm = wanted < replicas ? calm + 1 : 0;
      if (wanted > replicas || calm > 5) replicas = wanted;
      return replicas;
    };
  },
  "requests, negative binomial": (source) => () => source.poisson(5 * gamma(source, 2)),
  "retries, four in ten values none": (source) => () => (source.uniform() < 0.4 ? 0 : source.poisson(3)),
  "share of failed requests": (source) => (i) => {
    const requests = Math.max(1, source.poisson(60 + 50 * sine(i, 1440)));
    return binomial(source, requests, 0.003) / requests;
  },
  "memory between collections of garbage": (source) => {
    let used = 100;
    return () => (used = used > 800 ? 100 + 20 * source.uniform() : used + 10 + 3 * source.normal());
  },
  "disk with rotated logs": (source) => {
    let used = 40;
    return () => (used = source.uniform() < 1 / 400 ? used - 15 : used + 0.05 * source.exponential());
  },
  "load of a processor, at times all of it": (source) => {
    let load = 20;
    let busy = false;
    return () => {
      if (source.uniform() < (busy ? 1 / 30 : 1 / 200)) busy = !busy;
      load += 0.3 * (20 - load) + 5 * source.normal();
      return busy ? 100 : clamp(load, 0, 100);
    };
  },
};

const machines: Readonly<Record<string, LawOf>> = {
  "battery in use and charged": (source) => {
    let charge = 80;
    let isCharged = false;
    let rate = 0.2;
    return () => {
      if (charge <= 15) isCharged = true;
      if (charge >= 100) isCharged = false;
      if (source.uniform() < 0.02) rate = 0.4 * source.exponential();
      charge = clamp(charge + (isCharged ? 1.1 : -rate), 0, 100);
      return Math.round(charge);
    };
  },
  "thermometer that sticks at times": (source) => {
    let left = 0;
    let shown = 0;
    return (i) => {
      if (left > 0) left--;
      else if (source.uniform() < 1 / 800) left = 20 + Math.floor(150 * source.uniform());
      if (left === 0) shown = toStep(18 + 6 * sine(i, 288) + 0.4 * source.normal(), 0.1);
      return shown;
    };
  },
  "speed of a van": (source) => {
    let target = 0;
    let speed = 0;
    return () => {
      if (source.uniform() < 1 / 40) target = source.uniform() < 0.4 ? 0 : 30 + 60 * source.uniform();
      speed += clamp(target - speed, -8, 5);
      return speed === 0 ? 0 : Math.max(0, toStep(speed + source.normal(), 0.1));
    };
  },
  "refrigerator with a thermostat": (source) => {
    let inside = 4;
    let isCooled = false;
    return () => {
      if (inside > 6) isCooled = true;
      if (inside < 3) isCooled = false;
      inside += (isCooled ? -0.25 : 0.08) + 0.02 * source.normal();
      return toStep(inside + 0.05 * source.normal(), 0.1);
    };
  },
  "machine of three states": (source) => {
    let state = 0;
    return () => {
      if (source.uniform() < 1 / 90) state = (state + 1 + Math.floor(2 * source.uniform())) % 3;
      return [0, 35 + source.normal(), 80 + 3 * source.normal()][state]!;
    };
  },
  "saw teeth of unequal length": (source) => {
    let value = 0;
    let top = 50;
    return () => {
      if (++value >= top) {
        value = 0;
        top = 45 + Math.floor(11 * source.uniform());
      }
      return value;
    };
  },
  "distance at a speed that changes at times": (source) => {
    let distance = 0;
    let speed = 1;
    return () => {
      if (source.uniform() < 1 / 500) speed = 2 * source.normal();
      distance += speed;
      return distance + 0.5 * source.normal();
    };
  },
  "energy of the day, from zero each midnight": (source) => {
    let sum = 0;
    return (i) => {
      if (i % 288 === 0) sum = 0;
      return (sum += 0.1 * source.exponential() * (i % 288 > 80 && i % 288 < 240 ? 3 : 1));
    };
  },
  "jobs of random height": (source) => {
    let height = 0;
    return (i) => {
      if (i % 360 === 0) height = 60 * source.exponential();
      return 5 + source.normal() + (i % 360 < 12 ? height : 0);
    };
  },
};

/** From 1e-28 to 1e28, as far as values may reach. */
const growth: LawOf = (source) => (i) => Math.exp(i / 100 - 65) * (1 + 0.02 * source.normal());

const outdoors: Readonly<Record<string, LawOf>> = {
  rain: (source) => {
    let isWet = false;
    return () => {
      if (source.uniform() < (isWet ? 0.3 : 0.08)) isWet = !isWet;
      return isWet ? toStep(2 * gamma(source, 1) * source.uniform(), 0.1) : 0;
    };
  },
  "water with two tides": (source) => {
    let wind = 0;
    return (i) => {
      wind = 0.98 * wind + 0.02 * source.normal();
      return 2 * sine(i, 12.42) + 0.8 * sine(i, 12) + wind + 0.02 * source.normal();
    };
  },
};

/** Quarter hours of a day, of which a factory has values from 6 o'clock on. */
const shift: LawOf = (source) => {
  const usual = Array.from({ length: 96 }, () => 40 * source.uniform());
  return (i) => (i % 96 < 24 ? NaN : usual[i % 96]! + source.normal());
};

const isWeekend = (i: number): boolean => Math.floor(i / 24) % 7 > 4;

const people: Readonly<Record<string, LawOf>> = {
  "sessions with weekends and holidays": (source) => {
    let isHoliday = false;
    return (i) => {
      if (i % 24 === 0) isHoliday = source.uniform() < 0.03;
      const rate = 200 * Math.max(0.05, sine(i - 6, 24)) * (isWeekend(i) || isHoliday ? 0.3 : 1);
      return source.poisson(rate);
    };
  },
  "rate of exchange, none at night": (source) => {
    let rate = 1.1;
    return (i) => {
      rate *= Math.exp(2e-4 * source.studentT());
      return i % 24 < 7 || isWeekend(i) ? NaN : toStep(rate, 1e-5);
    };
  },
  "price between bid and ask": (source) => {
    let price = 100;
    return () => {
      price += 0.002 * source.normal();
      return toStep(price + (source.uniform() < 0.5 ? 0.01 : -0.01), 0.01);
    };
  },
  "counts of which one in ten comes": (source) => () => {
    const count = source.poisson(3);
    return source.uniform() < 0.9 ? NaN : count;
  },
};

const season: LawOf = (source) => {
  const heights = Array.from({ length: 48 }, () => 40 * source.uniform());
  return (i) => 0.02 * i + heights[i % 48]! + 2 * source.normal();
};

const count = 21_000;
const of = (laws: Readonly<Record<string, LawOf>>, more: Partial<Case>): Case[] =>
  Object.entries(laws).map(([name, law]) => ({ name, law, count, ahead: true, ...more }));

const periods: Readonly<Record<string, number>> = {
  "energy of the day, from zero each midnight": 288,
  "jobs of random height": 360,
  "thermometer that sticks at times": 288,
  "sessions with weekends and holidays": 168,
};

export const operations: readonly Case[] = [
  ...of(services, { stepMs: minute }),
  ...of(machines, { stepMs: 5 * minute }),
  ...of(outdoors, { stepMs: hour }),
  ...of(people, { stepMs: hour }),
  ...of({ "growth of 1 % a value": growth }, { count: 13_000 }),
  ...of({ "quarter hours, none at night": shift }, { stepMs: hour / 4, period: 96 }),
  ...of({ "season of 48 with a trend": season }, { stepMs: hour / 2, period: 48 }),
].map((each) => (periods[each.name] === undefined ? each : { ...each, period: periods[each.name]! }));
