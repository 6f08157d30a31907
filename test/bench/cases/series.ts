/** What a generated series is made of, and how its values come from a seed. */
import { uniform } from "../../../src/engine/random.js";
import type { ForecasterOptions } from "../../../src/forecast/settings.js";
import { drawNormal } from "../../support/random.js";

export const minute = 60_000;
export const hour = 3_600_000;

/** Seeded random numbers of several laws. */
export class Source {
  readonly uniform: () => number;

  constructor(seed: number) {
    this.uniform = uniform(seed);
  }

  normal(): number {
    return drawNormal(this.uniform);
  }

  exponential(): number {
    return -Math.log(1 - this.uniform());
  }

  poisson(rate: number): number {
    // Sums of independent counts are Poisson too; exp(-rate) of a large rate would lose digits.
    if (rate > 20) return this.poisson(rate / 2) + this.poisson(rate / 2);
    const limit = Math.exp(-rate);
    let count = -1;
    for (let product = 1; product > limit; product *= this.uniform()) count++;
    return count;
  }

  /** Student's t with three degrees of freedom. */
  studentT(): number {
    const squares = this.normal() ** 2 + this.normal() ** 2 + this.normal() ** 2;
    return this.normal() / Math.sqrt(squares / 3);
  }
}

/** The value of index `i`; called in order of `i`. */
export type Law = (i: number) => number;

/** One kind of series, of which each seed makes one. */
export interface Case {
  readonly name: string;
  readonly count: number;
  readonly law: (source: Source) => Law;
  /** Time between two values. Default: a minute. */
  readonly stepMs?: number;
  /** Time of the first value. Default: 5 January 2026, a Monday. */
  readonly startMs?: number;
  /** Values of a season, for the seasonal naive rule. */
  readonly period?: number;
  /** Whether the forecast 24 steps ahead is scored too. */
  readonly ahead?: boolean;
  readonly options?: ForecasterOptions;
  /** The reading that replaces the value of index `i`, if any. Such a reading is not scored itself. */
  readonly absurd?: (source: Source) => (i: number) => number | undefined;
  /** Rows of the table, each for the indices that belong to it. Default: one row for all. */
  readonly parts?: Readonly<Record<string, (i: number) => boolean>>;
}

/** The values of one seed. */
export interface Generated {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The values without the absurd readings. */
  readonly clean: Float64Array;
  /** 1 where a reading is absurd. */
  readonly absurd: Uint8Array;
}

export const timeOf = ({ startMs = Date.UTC(2026, 0, 5), stepMs = minute }: Case, i: number): number =>
  startMs + i * stepMs;

export function generate(series: Case, seed: number): Generated {
  const law = series.law(new Source(seed));
  const clean = Float64Array.from({ length: series.count }, (_, i) => law(i));
  const times = Float64Array.from(clean, (_, i) => timeOf(series, i));
  const absurd = new Uint8Array(series.count);
  const replace = series.absurd?.(new Source(seed + 1000));
  const values = clean.map((value, i) => {
    const reading = replace?.(i);
    if (reading !== undefined) absurd[i] = 1;
    return reading ?? value;
  });
  return { times, values, clean, absurd };
}

export const sine = (i: number, period: number): number => Math.sin((2 * Math.PI * i) / period);
