/** Generated arrivals of keys, seeded, by the way in which keys come. */
import { uniform } from "../../src/engine/random.js";
import { drawNormal } from "./random.js";

export interface Arrival {
  readonly key: number;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** Returns the time of a key's next event after one at `time`, by draws of `next` from [0, 1). */
export type Gaps = (time: number, next: () => number, key: number) => number;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** A Monday, 00:00 UTC. */
export const monday = 1_704_067_200_000;

const exponential = (mean: number, next: () => number): number => -mean * Math.log(1 - next());
const regular = (gap: number, next: () => number): number => gap * (1 + 0.02 * drawNormal(next));

/** Ways in which ordinary keys come: any silence of them is a false one. */
export const ordinaryGaps: Readonly<Record<string, Gaps>> = {
  regular: (time, next) => time + regular(minute, next),
  "regular, one in 50 lost": (time, next) => {
    let at = time;
    do at += regular(minute, next);
    while (next() < 0.02);
    return at;
  },
  Poisson: (time, next) => time + exponential(minute, next),
  "log-normal": (time, next) => time + minute * Math.exp(drawNormal(next)),
  "Pareto 1.5": (time, next) => time + 20 * second * (1 - next()) ** (-1 / 1.5),
  bursts: (time, next) => time + (next() < 0.9 ? exponential(second, next) : exponential(10 * minute, next)),
  "rare bursts": (time, next) => time + (next() < 0.998 ? exponential(second, next) : hour * (1 + next())),
  "nights off, half the keys": (time, next, key) => {
    const at = time + regular(20 * second, next);
    const ofDay = (at - monday) % day;
    if (key % 2 === 0 || (ofDay >= 6 * hour && ofDay < 22 * hour)) return at;
    return at - ofDay + (ofDay < 6 * hour ? 0 : day) + 6 * hour + minute * next();
  },
  "nights and weekends off, half the keys": (time, next, key) => {
    let at = time + regular(20 * second, next);
    if (key % 2 === 0) return at;
    for (;;) {
      const ofDay = (at - monday) % day;
      const weekday = Math.floor((at - monday) / day) % 7;
      if (weekday < 5 && ofDay >= 6 * hour && ofDay < 22 * hour) return at;
      at = at - ofDay + (ofDay < 6 * hour ? 0 : day) + 6 * hour + minute * next();
    }
  },
  "a random walk of paces": (time, next, key) => {
    const pace = minute * Math.exp(1.5 * Math.sin(time / (3 * day) + key));
    return time + exponential(pace, next);
  },
};

/** The arrivals of keys, in the order of their times. */
export function arrivals(gaps: Gaps, keys: number, count: number, seed: number): Arrival[] {
  const next = uniform(seed);
  for (let i = 0; i < 20; i++) next();
  const times = Array.from({ length: keys }, (_, key) => gaps(monday + minute * next(), next, key));
  const all: Arrival[] = [];
  // A heap of keys by their next times.
  const heap = times.map((_, key) => key).sort((a, b) => times[a]! - times[b]!);
  while (all.length < count) {
    const key = heap[0]!;
    all.push({ key, time: Math.round(times[key]!) });
    const time = (times[key] = gaps(times[key]!, next, key));
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= keys) break;
      if (child + 1 < keys && times[heap[child + 1]!]! < times[heap[child]!]!) child++;
      if (times[heap[child]!]! >= time) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = key;
  }
  return all;
}
