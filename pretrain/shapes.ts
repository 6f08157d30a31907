/** Shapes that repeat: over a period of any length, over the day, and over the week. All have about mean 0 and variance 1. */
import { exponential } from "../src/forecast/elementary.js";
import { power, sine, type Source } from "./source.js";

export const day = 86_400_000;

/** A function of a phase from 0 to 1, or of an epoch time. */
export type Shape = (at: number) => number;

const places = 288;

/** A table over one turn, read between its places. */
function tabulated(table: Float64Array): Shape {
  let mean = 0;
  for (const value of table) mean += value / places;
  let variance = 0;
  for (const value of table) variance += ((value - mean) * (value - mean)) / places;
  const size = Math.sqrt(variance + 1e-9);
  for (let i = 0; i < places; i++) table[i] = (table[i]! - mean) / size;
  return (phase) => {
    const place = (phase - Math.floor(phase)) * places;
    const before = Math.floor(place) % places;
    const share = place - Math.floor(place);
    return table[before]! * (1 - share) + table[(before + 1) % places]! * share;
  };
}

/** A sum of up to `most` harmonics, the higher the smaller. */
export function harmonicShape(source: Source, most: number): Shape {
  const table = new Float64Array(places);
  const decay = source.between(0.5, 2.5);
  const count = source.integer(1, most);
  for (let k = 1; k <= count; k++) {
    let size = source.normal() * power(k, -decay);
    const turn = source.next();
    if (k === 1) size += Math.sign(size) * source.next();
    for (let i = 0; i < places; i++) table[i] = table[i]! + size * sine((k * i) / places + turn);
  }
  return tabulated(table);
}

/** Distance of two phases on the circle, -.5 to .5. */
function distance(phase: number, from: number): number {
  const apart = phase - from;
  return apart - Math.round(apart);
}

/** A day: waves, working hours, the sun, or a few peaks. Most have their height in the afternoon, as people and weather do. */
export function dayShape(source: Source): Shape {
  const kind = source.next();
  const peak = source.chance(0.6) ? (14.5 + 2.5 * source.normal()) / 24 : source.next();
  const table = new Float64Array(places);
  const fill = (value: (phase: number) => number): void => {
    for (let i = 0; i < places; i++) table[i] = table[i]! + value(i / places);
  };
  if (kind < 0.45) {
    const waves = harmonicShape(source, 6);
    const afternoon = source.chance(0.6) ? source.between(0, 2) : 0;
    fill((phase) => waves(phase) + afternoon * sine(phase - peak + 0.25));
  } else if (kind < 0.65) {
    const [before, after] = [source.between(0.12, 0.25), source.between(0.1, 0.3)];
    const width = source.between(0.005, 0.06);
    const step = (x: number): number => 1 / (1 + exponential(-x / width));
    fill((phase) => {
      const x = distance(phase, peak + (after - before) / 2);
      const half = (before + after) / 2;
      return step(x + half) - step(x - half);
    });
  } else if (kind < 0.82) {
    const half = source.between(0.2, 0.3);
    const exponent = source.between(0.7, 2);
    fill((phase) => {
      const x = Math.abs(distance(phase, peak));
      return x < half ? power(sine(0.25 - x / half / 4), exponent) : 0;
    });
  } else {
    const count = source.integer(1, 4);
    for (let j = 0; j < count; j++) {
      const [at, width, height] = [source.next(), source.scale(0.01, 0.12), source.between(0.3, 1)];
      fill((phase) => height * exponential((-distance(phase, at) * distance(phase, at)) / 2 / width / width));
    }
  }
  const shape = tabulated(table);
  return (time) => shape(time / day);
}

/** A level for each day of the week: most often two days off that are lower. */
export function weekShape(source: Source): Shape {
  const levels = new Float64Array(7);
  if (source.chance(0.7)) {
    const lower = -source.between(0.5, 2);
    // 1970-01-01 was a Thursday: the third day is a Saturday.
    const off = source.pick([2, 2, 2, 3, 1]);
    for (let i = 0; i < 7; i++) levels[i] = 0.15 * source.normal();
    levels[off] = levels[off]! + lower;
    levels[off + 1] = levels[off + 1]! + lower * source.between(0.4, 1.2);
  } else {
    for (let i = 0; i < 7; i++) levels[i] = source.normal();
  }
  return (time) => levels[Math.floor(time / day) % 7]!;
}
