/**
 * Estimates a percentile of values in bounded memory: a DDSketch (Masson, Rim and Lee, VLDB 2019), whose estimates are within
 * 0.5 % of a value of that rank. Its state depends on the values and their order alone.
 */
import { exponential, logarithm } from "../elementary.js";
import type { ByteReader, ByteWriter } from "../snapshot/bytes.js";

const relativeAccuracy = 0.005;
/** Bins of a sketch: values over a range of 1 to 10^8 keep the accuracy, smaller ones share the lowest bin. */
const binLimit = 2048;

const gamma = (1 + relativeAccuracy) / (1 - relativeAccuracy);
/** Math.log has other last bits in other engines. */
const perLog = 1 / logarithm(gamma);
/** Smaller values count as 0. */
const smallest = 1e-300;

const binOf = (size: number): number => Math.ceil(logarithm(size) * perLog);
const sizeOf = (bin: number): number => exponential(bin / perLog) * (2 / (1 + gamma));

/** Counts sizes by the bin of their logarithm. The lowest bin takes what is smaller than `binLimit` bins reach. */
class Bins {
  #counts: number[] = [];
  /** The bin of the first count. */
  #lowest = 0;
  total = 0;

  add(bin: number): void {
    if (this.total === 0) this.#lowest = bin;
    this.total++;
    this.#raise(bin);
    const lowest = Math.max(bin, this.#lowest + this.#counts.length - binLimit);
    while (this.#lowest > lowest) {
      this.#counts.unshift(0);
      this.#lowest--;
    }
    this.#counts[Math.max(bin - this.#lowest, 0)]!++;
  }

  /** Returns the bin of the value with this rank, from 0 to below the total. */
  at(rank: number): number {
    let seen = 0;
    return this.#lowest + this.#counts.findIndex((count) => (seen += count) > rank);
  }

  write(body: ByteWriter): void {
    body.float(this.#lowest);
    body.f64(Float64Array.from(this.#counts));
  }

  /** Throws RangeError for what no sketch can have written. */
  static read(body: ByteReader): Bins {
    const bins = new Bins();
    bins.#lowest = body.float();
    bins.#counts = Array.from(body.f64());
    if (!Number.isInteger(bins.#lowest) || bins.#counts.length > binLimit) {
      throw new RangeError("the bins of a percentile do not fit");
    }
    bins.total = bins.#counts.reduce((sum, count) => sum + count, 0);
    return bins;
  }

  /** Lets the counts reach up to a bin, and joins the lowest bins beyond the limit. */
  #raise(bin: number): void {
    const counts = this.#counts;
    if (bin - this.#lowest >= counts.length + binLimit) {
      this.#lowest = bin - binLimit + 1;
      this.#counts = [this.total - 1, ...new Array<number>(binLimit - 1).fill(0)];
      return;
    }
    while (this.#lowest + counts.length <= bin) counts.push(0);
    const excess = counts.length - binLimit;
    if (excess <= 0) return;
    for (let i = 0; i < excess; i++) counts[excess]! += counts[i]!;
    counts.splice(0, excess);
    this.#lowest += excess;
  }
}

export class Percentile {
  #above = new Bins();
  #below = new Bins();
  #zeros = 0;
  #min = Infinity;
  #max = -Infinity;

  add(value: number): void {
    if (value > smallest) this.#above.add(binOf(value));
    else if (value < -smallest) this.#below.add(binOf(-value));
    else this.#zeros++;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** Returns the value at a quantile from 0 to 1; NaN without values. */
  at(quantile: number): number {
    return Math.min(this.#max, Math.max(this.#min, this.#estimate(quantile)));
  }

  write(body: ByteWriter): void {
    for (const number of [this.#zeros, this.#min, this.#max]) body.float(number);
    this.#above.write(body);
    this.#below.write(body);
  }

  static read(body: ByteReader): Percentile {
    const percentile = new Percentile();
    percentile.#zeros = body.float();
    percentile.#min = body.float();
    percentile.#max = body.float();
    percentile.#above = Bins.read(body);
    percentile.#below = Bins.read(body);
    return percentile;
  }

  #estimate(quantile: number): number {
    const below = this.#below.total;
    const count = below + this.#zeros + this.#above.total;
    if (count === 0) return NaN;
    const rank = quantile * (count - 1);
    // Among values below 0, the greatest size is the first.
    if (rank < below) return -sizeOf(this.#below.at(Math.ceil(below - rank - 1)));
    return rank < below + this.#zeros ? 0 : sizeOf(this.#above.at(rank - this.#zeros - below));
  }
}
