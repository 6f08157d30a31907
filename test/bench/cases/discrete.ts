/** Discrete, flat and resting series: a false alarm or a collapsed interval shows here. */
import type { Case, Law, Source } from "./series.js";
import { sine } from "./series.js";

const count = 20_000;

/** A value that is held for a random time and then drawn again. */
function held(source: Source, holds: number, draw: (last: number) => number): Law {
  let value = draw(0);
  return () => {
    if (source.uniform() < 1 / holds) value = draw(value);
    return value;
  };
}

const laws: Readonly<Record<string, (source: Source) => Law>> = {
  constant: () => () => 42,
  "constant, once another value": () => (i) => (i === 500 ? 43 : 42),
  "constant of no exact binary fraction": () => () => 0.1,
  "on 1 % of the values, else 0": (source) => () => (source.uniform() < 0.01 ? 1 : 0),
  "set-points held and changed": (source) =>
    held(source, 400, () => 20 + 5 * Math.floor(12 * source.uniform())),
  "set-points of two values": (source) => held(source, 100, (last) => (last === 20 ? 24 : 20)),
  "sensor with fine steps": (source) => (i) =>
    Math.round((20 + 5 * sine(i, 1440) + 0.3 * source.normal()) * 10) / 10,
  "sensor with coarse steps": (source) => (i) =>
    Math.round((20 + 2 * sine(i, 1440) + 0.1 * source.normal()) * 2) / 2,
  "noise far below the sensor's step": (source) => () => Math.round(20.1 + 0.12 * source.normal()),
  "resting and moving in turn": (source) => {
    let value = 50;
    return (i) => {
      if (i % 600 >= 500) value = 50 + 0.8 * (value - 50) + source.normal();
      return value;
    };
  },
  "machine on and off": (source) => {
    const state = held(source, 120, (last) => 1 - last);
    return (i) => (state(i) === 1 ? 50 + 2 * source.normal() : 0);
  },
};

const periodic: Readonly<Record<string, readonly [period: number, law: Law]>> = {
  "square wave": [40, (i) => (i % 40 < 20 ? 0 : 1)],
  sawtooth: [50, (i) => i % 50],
  "cron spikes": [60, (i) => (i % 60 === 0 ? 30 : 0)],
};

export const discrete: readonly Case[] = [
  ...[0.001, 0.02, 0.2, 1, 5, 20, 100].map((rate) => ({
    name: `Poisson ${rate}`,
    count,
    law: (source: Source) => () => source.poisson(rate),
  })),
  ...Object.entries(laws).map(([name, law]) => ({ name, count, law })),
  ...Object.entries(periodic).map(([name, [period, law]]) => ({ name, count, period, law: () => law })),
];
