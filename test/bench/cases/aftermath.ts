/**
 * What one to five odd readings cost the forecasts after them, on ordinary series of several kinds: from the second ordinary
 * value on, for a few values, the error by the error on the same series where they are missing; for the next value and for
 * the furthest step. Readings are so many usual changes away from the value in whose place they stand, or are numbers of
 * sensors that overflow. What comes before the readings is learned once for all of them.
 */
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { run, type Event } from "../../support/streams.js";
import { hour, sine, Source, type Law } from "./series.js";

/** The readings of one kind and place that cost most. */
export interface AftermathRow {
  readonly kind: string;
  /** Index of the first odd reading. */
  readonly place: number;
  readonly next: number;
  readonly worstNext: string;
  readonly ahead: number;
  readonly worstAhead: string;
  /** Of all readings and run lengths, those beyond the limit, for the next value and ahead. */
  readonly beyond: number;
  readonly of: number;
}

const horizon = 24;
const compared = 12;
const runLengths = [1, 2, 5];
const places = [0, 1, 2, 4, 9, 15, 50, 400];
const limit = 1.5;

/** Keys of a series, and the size of its usual changes. */
interface Kind {
  readonly size: number;
  readonly law: (source: Source) => Law;
}

const kinds: Readonly<Record<string, Kind>> = {
  level: { size: 2, law: (source) => () => 100 + 2 * source.normal() },
  "random walk": {
    size: 1,
    law: (source) => {
      let value = -50;
      return () => (value += source.normal());
    },
  },
  trend: { size: 3, law: (source) => (i) => 3 * i + source.normal() },
  meter: {
    size: 6,
    law: (source) => {
      let count = 439_534;
      return () => (count += 3 + source.poisson(3));
    },
  },
  "daily wave": { size: 1, law: (source) => (i) => 20 + 5 * sine(i, 24) + 0.3 * source.normal() },
  counts: { size: 2, law: (source) => () => source.poisson(3) },
  "sparse counts": { size: 1, law: (source) => () => source.poisson(0.2) },
  "coarse sensor": { size: 0.5, law: (source) => () => Math.round((21 + 0.3 * source.normal()) * 2) / 2 },
  "set-point": {
    size: 1,
    law: (source) => {
      let value = 21;
      return () => (source.uniform() < 0.05 ? (value = 18 + Math.floor(7 * source.uniform()) / 2) : value);
    },
  },
  price: {
    size: 1,
    law: (source) => {
      let value = 100;
      return () => (value *= Math.exp(0.01 * source.studentT()));
    },
  },
};

/** Odd readings by name: what stands in the place of an ordinary value. */
const readings: Readonly<Record<string, (value: number, size: number) => number>> = {
  ...Object.fromEntries(
    [15, 30, 100, 1000].flatMap((times) =>
      [times, -times].map((signed) => [
        `${signed} sizes`,
        (value: number, size: number) => value + signed * size,
      ]),
    ),
  ),
  "0": () => 0,
  "-9999": () => -9999,
  "2^32 - 1": () => 2 ** 32 - 1,
};

/** A row for each kind and place, as they come, or one JSON object. */
export function printAftermath(rows: Iterable<AftermathRow>, json: boolean): void {
  const all: AftermathRow[] = [];
  for (const row of rows) {
    all.push(row);
    if (json) continue;
    const figures = [`at ${row.place}`, `${row.beyond} of ${row.of}`, row.next.toFixed(2), row.worstNext];
    printLine([row.kind, ...figures, row.ahead.toFixed(2), row.worstAhead]);
  }
  const beyond = all.reduce((sum, row) => sum + row.beyond, 0);
  const of = all.reduce((sum, row) => sum + row.of, 0);
  if (json) process.stdout.write(`${JSON.stringify({ aftermath: all, beyond, of }, undefined, 2)}\n`);
  else process.stdout.write(`${beyond} of ${of} beyond ${limit}\n`);
}

function printLine(cells: readonly string[]): void {
  const widths = [14, 7, 9, 6, 22, 6];
  const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  process.stdout.write(`${padded.join(" ").trimEnd()}\n`);
}

/** A row for each kind and place, of so many series each. */
export function* benchAftermath(
  options: ForecasterOptions,
  keys: number,
  only = "",
): Generator<AftermathRow> {
  for (const [name, kind] of Object.entries(kinds)) {
    if (!name.includes(only)) continue;
    for (const place of places) yield rowOf(name, kind, new Aftermath(kind, place, keys, options));
  }
}

function rowOf(name: string, { size }: Kind, aftermath: Aftermath): AftermathRow {
  const row = { next: 0, worstNext: "", ahead: 0, worstAhead: "", beyond: 0, of: 0 };
  for (const length of runLengths) {
    const without = aftermath.costOf(() => NaN, size, length);
    for (const [what, reading] of Object.entries(readings)) {
      const cost = aftermath.costOf(reading, size, length);
      const label = length === 1 ? what : `${what}, ${length} times`;
      const [next, ahead] = [cost.next / without.next, cost.ahead / without.ahead];
      for (const ratio of [next, ahead]) if (!(ratio <= limit)) row.beyond++;
      row.of += 2;
      if (!(next <= row.next)) [row.next, row.worstNext] = [next, label];
      if (!(ahead <= row.ahead)) [row.ahead, row.worstAhead] = [ahead, label];
    }
  }
  return { kind: name, place: aftermath.place, ...row };
}

/** Series of one kind, and a forecaster that knows what comes before a place in them. */
class Aftermath {
  readonly place: number;
  readonly #series: readonly Float64Array[];
  readonly #options: ForecasterOptions;
  readonly #before: Uint8Array;

  constructor(kind: Kind, place: number, keys: number, options: ForecasterOptions) {
    this.place = place;
    this.#options = { ...options, horizon };
    const length = place + Math.max(...runLengths) + compared + horizon;
    this.#series = Array.from({ length: keys }, (_, key) => {
      const law = kind.law(new Source(100 + key));
      return Float64Array.from({ length }, (_, i) => law(i));
    });
    const forecaster = new Forecaster(forecasterSettings(this.#options));
    run(forecaster, this.#events(0, place));
    this.#before = forecaster.snapshot();
    forecaster.dispose();
  }

  costOf(
    reading: (value: number, size: number) => number,
    size: number,
    length: number,
  ): { next: number; ahead: number } {
    const after = this.place + length;
    const forecaster = new Forecaster(forecasterSettings(this.#options));
    forecaster.restore(this.#before);
    const odd = (value: number, i: number): number => (i < after ? reading(value, size) : value);
    const { expected, steps } = run(forecaster, this.#events(this.place, after + compared, odd));
    forecaster.dispose();
    const cost = { next: 0, ahead: 0 };
    for (let i = after + 1; i < after + compared; i++) {
      this.#series.forEach((values, key) => {
        const row = (i - this.place) * this.#series.length + key;
        cost.next += Math.abs(expected[row]! - values[i]!);
        cost.ahead += Math.abs(steps.yhat[row * (horizon - 1) + horizon - 2]! - values[i + horizon]!);
      });
    }
    return cost;
  }

  #events(begin: number, end: number, odd: (value: number, i: number) => number = same): Event[] {
    const keys = this.#series.length;
    return Array.from({ length: (end - begin) * keys }, (_, row): Event => {
      const [key, i] = [row % keys, begin + Math.floor(row / keys)];
      return { key: `key-${key}`, time: 1e12 + i * hour, value: odd(this.#series[key]![i]!, i) };
    });
  }
}

const same = (value: number): number => value;
