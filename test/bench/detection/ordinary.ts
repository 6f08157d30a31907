/** Streams of ordinary values, seeded: any alarm on them is a false one. */
import { uniform } from "../../../src/engine/random.js";
import { drawNormal } from "../../support/random.js";

/** Returns value `t` of a stream, called with 0, 1, 2, … in order. */
export type Process = (t: number) => number;

/** The random numbers that a process is made from. */
export interface Noise {
  readonly uniform: () => number;
  readonly normal: () => number;
  /** Student's t with 3 degrees of freedom. */
  readonly heavyTailed: () => number;
  readonly exponential: () => number;
  readonly poisson: (mean: number) => number;
}

export function noiseOf(seed: number): Noise {
  const next = uniform(seed);
  for (let i = 0; i < 20; i++) next();
  const normal = (): number => drawNormal(next);
  const poisson = (mean: number): number => {
    if (mean > 500) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    const limit = Math.exp(-mean);
    let [count, product] = [-1, 1];
    do {
      count++;
      product *= next();
    } while (product > limit);
    return count;
  };
  return {
    uniform: next,
    normal,
    heavyTailed: () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3),
    exponential: () => -Math.log(1 - next()),
    poisson,
  };
}

const wave = (t: number, period: number): number => Math.sin((2 * Math.PI * t) / period);
/** Values of five minutes in a day. */
const day = 288;

/** A value that is held for a while, about `length` events, and then drawn again. */
function held(noise: Noise, length: number, draw: () => number): Process {
  let value = draw();
  return () => {
    if (noise.uniform() < 1 / length) value = draw();
    return value;
  };
}

/** Makes processes by the kind of stream, each from its own noise. */
export const ordinaryKinds: Readonly<Record<string, (noise: Noise) => Process>> = {
  "normal noise": (n) => () => 50 + n.normal(),
  "uniform noise": (n) => () => n.uniform(),
  "student t3 noise": (n) => () => 10 + n.heavyTailed(),
  "log-normal noise": (n) => () => Math.exp(n.normal()),
  "exponential noise": (n) => () => n.exponential(),
  "poisson 0.2": (n) => () => n.poisson(0.2),
  "poisson 20": (n) => () => n.poisson(20),
  "autoregressive 0.95": (n) => {
    let value = 0;
    return () => (value = 0.95 * value + n.normal());
  },
  "random walk": (n) => {
    let value = 0;
    return () => (value += n.normal());
  },
  "daily wave and noise": (n) => (t) => 20 + 10 * wave(t, day) + n.normal(),
  "noise of daily size": (n) => (t) => 20 + (1.2 + wave(t, day)) * n.normal(),
  "quantised daily wave": () => (t) => Math.round(20 + 10 * wave(t, day)),
  "week of days and noise": (n) => (t) =>
    20 + (Math.floor(t / day) % 7 < 5 ? 10 : 3) * (1 + wave(t, day)) + n.normal(),
  "wandering volatility": (n) => {
    let volatility = 0;
    return () => {
      volatility = 0.99 * volatility + 0.1 * n.normal();
      return 10 + Math.exp(volatility) * n.normal();
    };
  },
  counter: (n) => {
    let count = 0;
    return () => (count += n.poisson(5));
  },
  "line and noise": (n) => (t) => t + 2 * n.normal(),
  "disk that fills": (n) => {
    let used = 20;
    return () => (used = used > 90 ? 20 : used + 0.05 + 0.01 * n.normal());
  },
  "a spike a day": (n) => (t) => 20 + n.normal() + (t % day === 100 ? 30 + 3 * n.normal() : 0),
  constant: () => () => 42,
  // Discrete, flat and resting streams.
  "poisson 0.001": (n) => () => n.poisson(0.001),
  "poisson 0.02": (n) => () => n.poisson(0.02),
  "poisson 1": (n) => () => n.poisson(1),
  "poisson 5": (n) => () => n.poisson(5),
  "poisson 100": (n) => () => n.poisson(100),
  "poisson of daily rate": (n) => (t) => n.poisson(3 * (1 + wave(t, day)) ** 2),
  "heavy counts": (n) => () => n.poisson(3 * Math.exp(n.normal())),
  "set-points": (n) => held(n, 200, () => Math.round(10 + 20 * n.uniform())),
  "set-points and noise": (n) => {
    const point = held(n, 200, () => Math.round(10 + 20 * n.uniform()));
    return (t) => point(t) + 0.1 * n.normal();
  },
  "quantised sensor": (n) => {
    let value = 0;
    return () => {
      value = 0.98 * value + 0.1 * n.normal();
      return 21 + Math.round(2 * value) / 2;
    };
  },
  "square wave": () => (t) => (t % 60 < 30 ? 10 : 20),
  "square wave and noise": (n) => (t) => (t % 60 < 30 ? 10 : 20) + 0.2 * n.normal(),
  sawtooth: () => (t) => t % 50,
  "cron spikes": (n) => (t) => (t % 60 === 0 ? 110 : 10) + 0.3 * n.normal(),
  "on and off machine": (n) => {
    const on = held(n, 80, () => (n.uniform() < 0.5 ? 1 : 0));
    return (t) => (on(t) === 1 ? 50 + n.normal() : 0);
  },
  "machine of skewed rests": (n) => {
    let on = false;
    let left = 0;
    return () => {
      if (left-- <= 0) {
        on = !on;
        left = Math.round(30 * Math.exp(n.normal()));
      }
      return on ? 1 : 0;
    };
  },
  "works by day": (n) => (t) =>
    Math.floor(t / day) % 7 < 5 && t % day > 90 && t % day < 200 ? n.poisson(5) : 0,
  "rests and moves": (n) => (t) => (Math.floor(t / 500) % 2 === 0 ? 5 : 5 + n.normal()),
};
