/**
 * Forgetting histograms of log magnitudes, and the tail of the kernel estimate over them.
 *
 * A past magnitude counts 1 where it is at least as large as the one in question, and (past / x)^(1/h) where it is
 * smaller: a Pareto tail of index 1/h that goes beyond the record. The bins are equally wide in the logarithm, so the
 * kernel falls by one factor from bin to bin, and the sum is one exponential and Horner's rule.
 *
 * Bin 0 is the topmost. What is added to a bin grows from value to value in place of all bins shrinking; once it has
 * doubled, all bins are halved.
 */
import { exponential } from "../elementary.js";
import { bins, f32At, magnitudes, u16At, type DetectionLayout } from "./layout.js";
import type { DetectionRow } from "./rows.js";

/** Width of a bin in the logarithm: magnitudes within 10 % are alike. */
export const width = 0.1;

/** What a value adds to a bin at first: 8 times 8,000 remembered values fit into 16 bits. */
export const firstUnit = 4;

/** Values in resolved bins that must stay resolved when the top bin moves up for a new record. */
const resolved = 4;

/** Values beyond the top bin for which it moves up whatever is lost below. */
const crowd = 16;

/** The numbers of bins are signed; the row holds them from here on. */
const zero = 32768;

/** The histograms of one key at a time. */
export class Histograms {
  readonly #layout: DetectionLayout;
  #row: DetectionRow | undefined;
  #h = 0;
  /** Factor of the kernel from bin to bin. */
  #decay = 0;
  /** Of each magnitude that `above` was asked for: the mass, the first bin below it, and how far it lies beyond bin 0. */
  readonly #masses = new Float64Array(magnitudes.length);
  readonly #nexts = new Int32Array(magnitudes.length);
  readonly #beyonds = new Float64Array(magnitudes.length);

  constructor(layout: DetectionLayout) {
    this.#layout = layout;
  }

  /** Turns to a key's histograms. */
  point(row: DetectionRow): this {
    this.#row = row;
    return this;
  }

  /** Sets the index of the kernel's tail. */
  widen(h: number): void {
    this.#h = h;
    this.#decay = exponential(-width / h);
  }

  /** Sets the top of every histogram for the first magnitudes, whose logarithms are `logs`. */
  start(logs: Float64Array): void {
    const { u16, at16 } = this.#row!;
    for (let j = 0; j < this.#layout.histograms; j++) {
      u16[at16 + u16At.tops + j] = zero + Math.floor(logs[j]! / width);
    }
  }

  /** Returns the mass of magnitude `j` at or above the logarithm `log`, in the units of `f32At.total`: its tail is no less. */
  above(j: number, log: number): number {
    const { u16, at16 } = this.#row!;
    // How far the magnitude lies beyond the upper edge of bin 0, in bins.
    const beyond = log / width - (u16[at16 + u16At.tops + j]! - zero) - 1;
    const next = beyond <= 0 ? Math.min(Math.floor(-beyond) + 1, bins) : 1;
    this.#beyonds[j] = beyond;
    this.#nexts[j] = next;
    return (this.#masses[j] = beyond <= 0 ? this.#massOf(j, next) : this.#massBeyond(j, beyond));
  }

  /** The mass of the first bins. */
  #massOf(j: number, count: number): number {
    const { u16, at16, f32, at32 } = this.#row!;
    if (count === bins) return f32[at32 + f32At.total]!;
    const begin = at16 + this.#layout.bins + j * bins;
    let mass = 0;
    for (let b = 0; b < count; b++) mass += u16[begin + b]!;
    return mass;
  }

  /** The mass of the top bin, so far beyond it. */
  #massBeyond(j: number, beyond: number): number {
    const { u16, at16 } = this.#row!;
    const top = u16[at16 + this.#layout.bins + j * bins]!;
    if (top === 0) return 0;
    const over = beyond - u16[at16 + this.#layout.records + j]!;
    return over <= 0 ? top : top * exponential((-over * width) / this.#h);
  }

  /** The mass that `above` returned of magnitude `j` last, and what the kernel gives to it of the bins below. */
  withKernel(j: number): number {
    const { u16, at16 } = this.#row!;
    const begin = at16 + this.#layout.bins + j * bins;
    const next = this.#nexts[j]!;
    const decay = this.#decay;
    let rest = 0;
    for (let b = bins - 1; b >= next; b--) rest = rest * decay + u16[begin + b]!;
    const mass = this.#masses[j]!;
    return rest === 0 ? mass : mass + rest * exponential((-(this.#beyonds[j]! + next) * width) / this.#h);
  }

  /** Moves all magnitudes `j` that are remembered up by so many bins. */
  move(j: number, rise: number): void {
    const { u16, at16 } = this.#row!;
    u16[at16 + u16At.tops + j] = u16[at16 + u16At.tops + j]! + rise;
  }

  /** Adds `weight` to the bin of the logarithm `log` of magnitude `j`. */
  remember(j: number, log: number, weight: number): void {
    const { u16, at16 } = this.#row!;
    const begin = at16 + this.#layout.bins + j * bins;
    const position = Math.floor(log / width) + zero;
    const rise = position - u16[at16 + u16At.tops + j]!;
    if (rise > 0) {
      if (this.#mayRise(begin, rise)) this.#raiseTop(j, rise);
      else this.#noteBeyond(j, rise);
    }
    const at = begin + Math.min(Math.max(-rise, 0), bins - 1);
    u16[at] = Math.min(u16[at]! + weight, 65535);
  }

  /** Halves all bins and the unit. Halves are rounded to even, so that small counts fade without a bias. */
  halve(): void {
    const { u16, at16, f32, at32 } = this.#row!;
    const end = at16 + this.#layout.bins + this.#layout.histograms * bins;
    for (let at = at16 + this.#layout.bins; at < end; at++) {
      const count = u16[at]!;
      u16[at] = (count >> 1) + ((count & 3) === 3 ? 1 : 0);
    }
    u16[at16 + u16At.beyondMass] = u16[at16 + u16At.beyondMass]! >> 1;
    f32[at32 + f32At.unit] = f32[at32 + f32At.unit]! / 2;
    f32[at32 + f32At.total] = f32[at32 + f32At.total]! / 2;
  }

  /**
   * Whether the top bin may move up by `rise`: bins that fall off the lower end become one, and one absurd value must not
   * cost the resolution among ordinary ones.
   */
  #mayRise(begin: number, rise: number): boolean {
    const { u16, f32, at32 } = this.#row!;
    const unit = f32[at32 + f32At.unit]!;
    if (u16[begin]! > crowd * unit) return true;
    if (rise >= bins) return false;
    if (u16[begin]! > resolved * unit) return true;
    let kept = 0;
    for (let b = 0; b < bins - 1 - rise; b++) kept += u16[begin + b]!;
    return kept >= resolved * unit || kept >= f32[at32 + f32At.total]! / 2;
  }

  /** Bin 0 takes what lies beyond it, and nothing else: where it holds resolved values, all bins move down by one. */
  #noteBeyond(j: number, rise: number): void {
    const { u16, at16 } = this.#row!;
    const record = at16 + this.#layout.records + j;
    if (u16[record] === 0) {
      this.#raiseTop(j, 1);
      u16[record] = Math.max(rise - 1, 1);
    } else u16[record] = Math.max(u16[record]!, rise);
  }

  #raiseTop(j: number, rise: number): void {
    const { u16, at16 } = this.#row!;
    const begin = at16 + this.#layout.bins + j * bins;
    const record = u16[at16 + this.#layout.records + j]!;
    // The values beyond the old top lie where their record is: in the new top bin, or below it.
    const ofTop = Math.min(Math.max(rise - record, 0), bins - 1);
    const top = u16[begin]!;
    u16[begin] = 0;
    let bottom = 0;
    for (let b = bins - 1; b > 0; b--) {
      const count = u16[begin + b]!;
      u16[begin + b] = 0;
      if (b + rise >= bins - 1) bottom += count;
      else u16[begin + b + rise] = count;
    }
    u16[begin + bins - 1] = Math.min(u16[begin + bins - 1]! + bottom, 65535);
    u16[begin + ofTop] = Math.min(u16[begin + ofTop]! + top, 65535);
    u16[at16 + this.#layout.records + j] = Math.max(record - rise, 0);
    u16[at16 + u16At.tops + j] = u16[at16 + u16At.tops + j]! + rise;
  }
}
