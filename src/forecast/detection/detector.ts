/**
 * Rates how novel a key's value is: of several magnitudes, how many as large has the key had? The score is the rarity of
 * the rarest one against the stated alarm rate, on a log scale: above 1 is an alarm.
 *
 * - Novelty: the tail of a kernel estimate over all past magnitudes (`histogram.ts`). Equal magnitudes count as
 *   ordinary, so the score is that of a tail probability with ties.
 * - Together: the smallest probability (Tippett, The Methods of Statistics, 1931), that of calm being charged.
 * - Caution: the past of a young key holds few hours, bursts and days. Probabilities are raised the more the fewer values
 *   it has, and its episodes last longer.
 * - Budget: where a key has had more episodes than a third of its alarm rate, probabilities are raised, whatever the
 *   distribution (after Gibbs and Candès, Adaptive Conformal Inference, 2021); where it has had nearly all of them, steeply.
 * - Growth: what is remembered moves up with a key whose movement grows without end (`growth.ts`).
 * - Episodes: after an alarm, only what exceeds the rest of its peak is an alarm again, and what is left of the peak falls
 *   to nothing over 100 values (after Smirnov, Contextual Anomaly Detector, 2016).
 * - The key's most frequent value never is an alarm, unless a key that has moved regularly stops at it (`stops.ts`).
 * - Quiet: in a quiet time a value that would be an alarm teaches the histograms nothing, and costs no budget.
 *
 * All constants were measured with `bench detection`.
 */
import { exponential, logarithm } from "../elementary.js";
import { isMostFrequent } from "./common-value.js";
import { followGrowth } from "./growth.js";
import { firstUnit, Histograms } from "./histogram.js";
import { noteKind } from "./kind.js";
import { f32At, magnitude, magnitudes, rested, u16At, type DetectionLayout } from "./layout.js";
import { Magnitudes } from "./magnitudes.js";
import type { DetectionRow } from "./rows.js";
import { restOf } from "./stops.js";

/** Values before the histograms begin, and before scores are trusted. */
const learnedAfter = 20;
export const scoredAfter = 100;
/** Values that the histograms remember, and at most as many are taken for known: old keys still alarm. */
const memory = 8000;
const span = 4000;
/** Index of the kernel's tail, and the age at which it is half as sure: what few values say of a tail is little. */
const kernelIndex = 0.05;
const youngKernel = 500;
/**
 * What raises the probabilities of a young key: values that come in bursts tell less of a tail than independent ones, of
 * which so many would be needed; and below the second number, hours and days are still to come that the key has not had.
 */
const youngCharge = 1500;
const youngestCharge = 800;
/** Factor on the probability of calm: e^4. A quiet hour is no fault. */
const calmCharge = exponential(4);
/** Calm is learned as the calmest of so many values: a slow magnitude would learn its own slow growth. */
const calmSpan = 32;
/** What a value that alarms teaches, of an ordinary one's. */
const alarmTeaches = 0.5;
/** The budget: share of the alarm rate, episodes on credit, and power of its correction. */
const budgetShare = 0.33;
const credit = 16;
const budgetForgets = 2e-5;
/**
 * Episodes, in those that the alarm rate allows, and beside them, beyond which a key has all but no more: each percent that there
 * are too many raises probabilities by 35 %. Values that grow without end break every record without end.
 */
const mostShare = 0.8;
const mostOnCredit = 5;
const barring = 30;
/** Factor of the budget from which on a key that stops does not alarm. */
const spentForStops = 2;
/** Episodes, in those that the alarm rate allows, up to which recurring faults do not become ordinary. */
const recurrences = 2;
/** Values over which the rest of a peak falls to nothing, and the level that holds it up. */
const rest = 100;
/** Age at which that takes twice as long: the first weekend of a key is one episode. */
const youngRest = 1500;
const heldFrom = 0.8;

export interface DetectorSettings {
  readonly alarmRate: number;
  /** Whether the forecast's error is a magnitude too, whose alarms teach nothing while they are few: faults that recur alarm again. */
  readonly recurring: boolean;
  /** Returns the local time of a time, for the hours of the day; UTC where it is left out. */
  readonly localOf?: (time: number) => number;
  /** Returns whether a time is a quiet one, in which nothing odd is learned; none is where it is left out. */
  readonly isQuiet?: ((time: number) => boolean) | undefined;
}

/** An observed value of a key. */
export interface ScoredValue {
  /** Epoch milliseconds. */
  time: number;
  value: number;
  /** What had been forecast, NaN where nothing was. */
  expected: number;
  /** Whether neither the value nor the one before was set aside by the guard. */
  moves: boolean;
}

export class Detector {
  readonly #layout: DetectionLayout;
  readonly #alarmRate: number;
  readonly #recurring: boolean;
  readonly #isQuiet: DetectorSettings["isQuiet"];
  /** -ln of the alarm rate. */
  readonly #depth: number;
  readonly #now: Magnitudes;
  readonly #histograms: Histograms;
  readonly #rare = new Float64Array(magnitudes.length);
  /** Of the event under way, the least of them so far, and whose it is. */
  #least = 1;
  #which = 0;

  constructor({ alarmRate, recurring, localOf, isQuiet }: DetectorSettings, layout: DetectionLayout) {
    this.#isQuiet = isQuiet;
    this.#now = new Magnitudes(localOf);
    this.#layout = layout;
    this.#histograms = new Histograms(layout);
    this.#alarmRate = alarmRate;
    this.#recurring = recurring;
    this.#depth = -logarithm(alarmRate);
  }

  /** Takes an observed value of the key and returns its score from what was known before: NaN among the key's first 100. */
  score(row: DetectionRow, { time, value, expected, moves }: ScoredValue): number {
    const { f32, at32 } = row;
    const now = this.#now;
    now.measure(row, time, value, expected);
    const seen = f32[at32 + f32At.seen]!;
    const scored = seen >= scoredAfter;
    const spent = this.#spent(row);
    const novel = scored ? this.#alarmRate / spent : -1;
    const rarest = scored ? this.#judge(row, seen, novel) : 1;
    const usual = isMostFrequent(row, value);
    const rest = restOf(row, Math.abs(now.change));
    f32[at32 + f32At.seen] = seen + 1;
    let level = scored ? -logarithm(rarest * spent) / this.#depth : 0;
    const stopped = scored && rest > Math.max(usual ? 0 : level, 1) && spent < spentForStops;
    if (stopped) level = this.#stop(row, rest);
    const teaches = !(level >= 1 && this.#isQuiet?.(time) === true);
    if (seen + 1 > learnedAfter && teaches) this.#learn(row, novel);
    const score = this.#episode(row, level, usual && level >= 1 && !stopped, teaches);
    noteKind(row, now, score > 1 ? this.rarest(row) : -1);
    now.learn(row, moves);
    followGrowth(row, this.#histograms.point(row));
    return scored ? score : NaN;
  }

  /** Index of the magnitude by which the last value was rarest; -1 while none is judged. */
  rarest({ u16, at16 }: DetectionRow): number {
    return u16[at16 + u16At.which]! - 1;
  }

  /** Notes that a key has rested for longer than it does, and returns the level of that. */
  #stop({ f32, at32, u16, at16 }: DetectionRow, rest: number): number {
    u16[at16 + u16At.which] = 1 + rested;
    f32[at32 + f32At.rarity] = rest * this.#depth;
    return rest;
  }

  /** Factor by which the budget raises probabilities. */
  #spent({ f32, at32 }: DetectionRow): number {
    const expected = budgetShare * this.#alarmRate * f32[at32 + f32At.values]!;
    const episodes = f32[at32 + f32At.episodes]!;
    const ratio = (episodes + credit) / (expected + credit);
    if (ratio <= 1) return 1;
    const allowed = mostShare * this.#alarmRate * f32[at32 + f32At.values]! + mostOnCredit;
    const over = this.#recurring ? 0 : Math.max(episodes / allowed - 1, 0);
    return ratio * ratio * exponential(barring * over);
  }

  /**
   * Fills in how rare each magnitude is, and returns the least, the charges included. Of a magnitude that is neither the
   * rarest nor rarer than `novel`, only a lower bound is filled in.
   */
  #judge(row: DetectionRow, seen: number, novel: number): number {
    const { f32, at32, u16, at16 } = row;
    const { beyond, logs } = this.#now;
    const histograms = this.#histograms.point(row);
    histograms.widen(kernelIndex * (1 + youngKernel / (seen + 1)));
    const unit = f32[at32 + f32At.unit]!;
    const known = Math.min(f32[at32 + f32At.total]! + unit, span * unit);
    const rare = this.#rare;
    this.#least = 1;
    this.#which = 0;
    if (beyond) {
      // Such values are a class of their own: they would hide lesser faults among the magnitudes.
      rare.fill(1);
      this.#found(magnitude.value, u16[at16 + u16At.beyondMass]! / known);
    } else {
      const count = this.#layout.histograms;
      let first = 0;
      for (let j = 0; j < count; j++) {
        rare[j] = (histograms.above(j, logs[j]!) / known) * chargeOf(j);
        if (rare[j]! < rare[first]!) first = j;
      }
      // The kernel takes most of the time, and only adds: where the first one is the rarest, the others need none.
      const rarest = (histograms.withKernel(first) / known) * chargeOf(first);
      this.#found(first, rarest);
      for (let j = 0; j < count; j++) {
        if (j === first || (rare[j]! > this.#least && rare[j]! > novel)) continue;
        this.#found(j, (histograms.withKernel(j) / known) * chargeOf(j));
      }
    }
    const youngest = youngestCharge / (seen + 1);
    const charge = 1 + youngCharge / (seen + 1) + youngest * youngest;
    const least = Math.max(this.#least * charge, 1e-30);
    u16[at16 + u16At.which] = 1 + this.#which;
    f32[at32 + f32At.rarity] = -logarithm(least);
    return least;
  }

  /** Notes how rare a magnitude is. Of several that are alike the first one is the rarest. */
  #found(j: number, rare: number): void {
    this.#rare[j] = rare;
    if (rare > this.#least || (rare === this.#least && j >= this.#which)) return;
    this.#least = rare;
    this.#which = j;
  }

  /** The histograms take the magnitudes; those rarer than `novel` count less. */
  #learn(row: DetectionRow, novel: number): void {
    const { f32, at32, u16, at16 } = row;
    const histograms = this.#histograms.point(row);
    const { logs, beyond } = this.#now;
    const seen = f32[at32 + f32At.seen]!;
    if (seen === learnedAfter + 1) {
      f32[at32 + f32At.unit] = firstUnit;
      histograms.start(logs);
    }
    const unit = f32[at32 + f32At.unit]! * (1 + 1 / Math.min(4 * seen + 100, memory));
    f32[at32 + f32At.unit] = unit;
    if (unit >= 2 * firstUnit) histograms.halve();
    const whole = f32[at32 + f32At.unit]!;
    for (let j = 0; j < this.#layout.histograms; j++) {
      if (beyond) continue;
      const alarming = this.#rare[j]! <= novel;
      if (j === magnitude.calm) this.#learnCalm(row, alarming ? alarmTeaches : 1);
      else if (j === magnitude.error && alarming && this.#mayRecur(row)) continue;
      else histograms.remember(j, logs[j]!, Math.round(whole * (alarming ? alarmTeaches : 1)));
    }
    if (beyond)
      u16[at16 + u16At.beyondMass] = Math.min(u16[at16 + u16At.beyondMass]! + Math.round(whole), 65535);
    f32[at32 + f32At.total] = f32[at32 + f32At.total]! + Math.round(whole);
  }

  /** Whether the key's faults are few enough to be kept from becoming ordinary. */
  #mayRecur({ f32, at32 }: DetectionRow): boolean {
    const allowed = recurrences * this.#alarmRate * f32[at32 + f32At.values]!;
    return f32[at32 + f32At.episodes]! < allowed + credit;
  }

  #learnCalm(row: DetectionRow, teaches: number): void {
    const { f32, at32, u16, at16 } = row;
    const log = this.#now.logs[magnitude.calm]!;
    const values = u16[at16 + u16At.calmValues]!;
    const calmest = values === 0 ? log : Math.max(f32[at32 + f32At.calmest]!, log);
    f32[at32 + f32At.calmest] = calmest;
    u16[at16 + u16At.calmValues] = (values + 1) % calmSpan;
    if (values + 1 < calmSpan) return;
    const weight = Math.round(calmSpan * f32[at32 + f32At.unit]! * teaches);
    this.#histograms.remember(magnitude.calm, calmest, weight);
  }

  /** The score of a level, which belongs to an episode or opens one: not that of the most frequent value, if that would alarm. */
  #episode({ f32, at32, u16, at16 }: DetectionRow, level: number, usual: boolean, costs: boolean): number {
    const peak = f32[at32 + f32At.peak]!;
    const whole = Math.round(rest * (1 + youngRest / f32[at32 + f32At.seen]!));
    const since = Math.min(u16[at16 + u16At.since]! + 1, whole);
    const left = peak * (1 - since / whole);
    let score: number;
    if (level > left && level > 0 && !usual) {
      score = level;
      if (level >= 1 && costs && (left < 1 || this.#recurring))
        f32[at32 + f32At.episodes] = f32[at32 + f32At.episodes]! + 1;
      f32[at32 + f32At.peak] = level;
      u16[at16 + u16At.since] = 0;
    } else {
      score = Math.min(Math.max(level, 0), 1) / 2;
      u16[at16 + u16At.since] = level >= heldFrom ? since - 1 : since;
    }
    f32[at32 + f32At.episodes] = f32[at32 + f32At.episodes]! * (1 - budgetForgets);
    f32[at32 + f32At.values] = f32[at32 + f32At.values]! * (1 - budgetForgets) + 1;
    return score;
  }
}

/** Factor on the probability of a magnitude. */
function chargeOf(j: number): number {
  return j === magnitude.calm ? calmCharge : 1;
}
