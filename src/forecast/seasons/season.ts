/**
 * What one key's seasons are: a ring of the key's last values (`ring.ts`), and up to four candidate periods in samples with
 * the losses of their forecasts (`candidates.ts`). Candidates come from the calendar, from a search of the ring, and from
 * absurd values that recur.
 */
import { exponential, logarithm, remainder } from "../elementary.js";
import { day } from "../keys/local-clock.js";
import { Candidates, type ScoredValue } from "./candidates.js";
import { changeClock } from "./clock.js";
import {
  block,
  blockOf,
  candidates,
  firstCapacity,
  longestRow,
  means,
  place,
  seasonNumbers,
  shares,
} from "./layout.js";
import { furthest, Ring } from "./ring.js";
import { longestPeriod, longestWindow, searched, searchPeriods, shortest } from "./search.js";

/** Values before the first search (see `isSearched`). */
const firstSearch = 16;
/** Values of a candidate before it may be replaced. */
const trustedAfter = 12;
/** Loss of the best candidate, relative to that of the last value, below which others are looked for seldom. */
const settledLoss = 0.5;
/** A value that was set aside is like another one if it is this much nearer to that than to what was expected. */
const alike = 0.25;
/** Values without a season that is believed, after which the ring is given back. */
const patience = 3 * longestWindow;

/** What a key's value is scored with. One object is reused for all. */
export interface SeasonEvent extends ScoredValue {
  /** The value or, where it was missing, what stands in for it. */
  value: number;
  /** A value that was set aside as absurd; else NaN. */
  aside: number;
  missing: boolean;
  last: number;
  errorOfMixture: number;
  scale: number;
  /** Typical time between values, milliseconds; 0 while unknown. */
  gap: number;
  /** Local time less time, milliseconds. */
  offset: number;
}

/** What forecasts of the steps after a value are made of; period 0 where there is none. */
export interface SeasonOrigin {
  period: number;
  /** Index of the variant. */
  variant: number;
  /** How far the value lies from the mean of the values before it at the same place of the season. */
  deviation: number;
  /** Share of the deviation that stays, of a variant that leaves it as it is, and logarithm of what the rest keeps from step to step. */
  lasting: number;
  fading: number;
  /** The loss relative to that of the mixture. */
  relativeLoss: number;
}

/** The first variant that leaves deviations as they are. */
const firstWhole = shares.indexOf(1) * means;
/** Above zero, for its logarithm. */
const leastRecursion = 1e-9;

const week = 7 * day;
const proposals = new Float64Array(3);

/** The shares to the power of the step, `[shares, furthest + 1]`. */
const powers = new Float64Array(shares.length * (furthest + 1));
shares.forEach((share, i) => {
  let power = 1;
  for (let step = 0; step <= furthest; step++, power *= share) powers[i * (furthest + 1) + step] = power;
});

export class Season {
  readonly numbers: Float64Array;
  readonly #ring: Ring;
  readonly #candidates: Candidates;

  constructor(numbers = new Float64Array(seasonNumbers), values = new Float32Array(firstCapacity)) {
    this.numbers = numbers;
    this.#ring = new Ring(numbers, values);
    this.#candidates = new Candidates(this.#ring);
  }

  /** Whether arrays are those of one: places in the ring follow from counts and periods. */
  static fits(numbers: Float64Array, values: Float32Array): boolean {
    if (numbers.length !== seasonNumbers) return false;
    const count = numbers[place.count]!;
    if (!Number.isSafeInteger(count) || count < 1) return false;
    for (let c = 0; c < candidates; c++) {
      const period = numbers[blockOf(c) + block.period]!;
      if (period !== 0 && !(Number.isInteger(period) && period > 1 && period <= longestPeriod)) return false;
    }
    return values.length === Ring.lengthOf(count);
  }

  get values(): Float32Array {
    return this.#ring.values;
  }

  get count(): number {
    return this.numbers[place.count]!;
  }

  /** See `Ring.latest`. */
  latest(most: number): number[] {
    return this.#ring.latest(most);
  }

  /** Whether the ring is of no use: no season was found for long. */
  get isIdle(): boolean {
    return this.count >= patience && this.#candidates.best === 0;
  }

  /**
   * The values set aside last were a new level after all: they take the place of what stood in for them, and no candidate is
   * believed until it has told the values of the new level.
   */
  changeLevel(): void {
    const { numbers } = this;
    const inRow = numbers[place.row]!;
    for (let i = 1; i <= Math.min(inRow, longestRow); i++) {
      this.#ring.replace(this.count - i, numbers[place.rowValues + ((inRow - i) % longestRow)]!);
    }
    numbers[place.row] = 0;
    this.#candidates.startAll();
  }

  /** Takes a value and writes what forecasts of the next ones are made of. */
  observe(event: SeasonEvent, origin: SeasonOrigin): void {
    const ring = this.#ring;
    if (this.count === 0) this.numbers[place.anchor] = event.value;
    else this.#followClock(event);
    this.numbers[place.offset] = event.offset;
    const recurs = this.#takeAside(event);
    if (recurs) event.missing = false;
    const value = Math.fround((recurs ? event.aside : event.value) - ring.anchor);
    this.#propose(event.gap);
    this.#candidates.learn(value, event);
    ring.push(value);
    const count = this.count;
    if (isSearched(count) && !this.#isSettled(count)) this.#search(event.scale);
    this.#candidates.turnToBest();
    this.tellOrigin(origin);
  }

  /** See `Ring.mean`. */
  mean(period: number, variant: number, step: number, back: number): number {
    return this.#ring.mean(period, variant, step, back);
  }

  /** Returns what is forecast of the value `step` after the last one. */
  forecast(origin: SeasonOrigin, step: number): number {
    const mean = this.#ring.mean(origin.period, origin.variant, step, 0);
    return mean + this.shareOf(origin, step) * origin.deviation;
  }

  /** The last value, or what stands in for it; NaN where it was set aside as a fault. */
  get lastKept(): number {
    return this.#isLastKept() ? this.#ring.last : NaN;
  }

  /** Whether each of the last seasons had the value `step` after the last one nearer to a forecast of it than to the last value. */
  agrees(period: number, step: number, forecast: number): boolean {
    return 2 * this.#ring.spread(period, step, forecast) < Math.abs(forecast - this.#ring.last);
  }

  /** Whether the last value was not set aside, or recurs (see `#recurs`). */
  #isLastKept(): boolean {
    const { numbers } = this;
    const inRow = numbers[place.row]!;
    if (inRow === 0) return true;
    const aside = numbers[place.rowValues + ((inRow - 1) % longestRow)]!;
    return this.#ring.last === Math.fround(aside - this.#ring.anchor) + this.#ring.anchor;
  }

  /**
   * The share of an origin's deviation that is left after some steps. Of the next value the share of the variant is the best; one that
   * leaves deviations as they are may do so because they last some values, and they need not last until a further step.
   */
  shareOf({ variant, lasting, fading }: SeasonOrigin, step: number): number {
    const share = powers[Math.floor(variant / means) * (furthest + 1) + step]!;
    if (step === 1 || variant < firstWhole || lasting === 1) return share;
    return lasting + (1 - lasting) * exponential(fading * step);
  }

  /** Writes how deviations last of the variant of a period; `origin` says which. */
  tellLasting(origin: SeasonOrigin): void {
    const at = this.#candidates.find(origin.period);
    origin.lasting = at === 0 || origin.variant < firstWhole ? 1 : this.#candidates.lastingShare(at);
    if (origin.lasting < 1) origin.fading = logarithm(this.#candidates.recursion(at) + leastRecursion);
  }

  #followClock({ offset, gap }: SeasonEvent): void {
    const moved = offset - this.numbers[place.offset]!;
    const { best } = this.#candidates;
    if (moved === 0 || best === 0) return;
    changeClock(this.#ring, this.#candidates.periodOf(best), { gap, moved });
  }

  /** Keeps a row of values set aside; true where the value recurs. */
  #takeAside(event: SeasonEvent): boolean {
    const { numbers } = this;
    if (Number.isNaN(event.aside)) {
      numbers[place.row] = 0;
      return false;
    }
    const inRow = numbers[place.row]!;
    const at = place.rowValues + (inRow % longestRow);
    const before = numbers[at]!;
    numbers[at] = event.aside;
    numbers[place.row] = inRow + 1;
    return inRow === 0 ? this.#recurs(event) : this.#goesOn(event, before);
  }

  /**
   * Takes the first value of a row of those set aside. True where one like it came as long before as another one before that:
   * such a value is no fault, but the season of a key that is still in between, and the key is to expect it. Where such values
   * have come at unequal intervals before, or come at short ones, chance may repeat one: each asks for one more equal interval.
   */
  #recurs({ aside, value, last, scale }: SeasonEvent): boolean {
    const { numbers, count } = this;
    const before = numbers[place.aside]!;
    const isAlike = numbers[place.asideAt]! > 0 && areAlike(aside, before, value);
    const interval = isAlike ? count - numbers[place.asideAt]! : 0;
    const known = numbers[place.asideInterval]!;
    const isEqual = interval >= shortest && interval <= longestPeriod && interval === Math.floor(known);
    const repeats = isEqual ? Math.min(repeatsOf(known) + 1, mostRepeats) : 0;
    const isUnequal = hasUnequal(known) || (!isEqual && known !== 0);
    numbers[place.asideInterval] = interval + repeats * ofRepeat + (isUnequal ? unequal : 0);
    numbers[place.asideAt] = count;
    numbers[place.aside] = aside;
    if (!areRecurring(interval, repeats, isUnequal)) return false;
    this.#replaceBefore(interval, repeats, before);
    let at = this.#candidates.find(interval);
    if (at === 0) {
      at = this.#candidates.worstSearched(0);
      this.#candidates.start(at, interval);
      this.#candidates.age(at);
    }
    this.#candidates.believe(at, Math.abs(aside - last) / scale);
    return true;
  }

  /** Takes a further value of a row. True where the first one recurs and `before`, in the same place of the last row, was like it. */
  #goesOn({ aside, value }: SeasonEvent, before: number): boolean {
    const { numbers } = this;
    const known = numbers[place.asideInterval]!;
    const interval = Math.floor(known);
    const repeats = repeatsOf(known);
    if (numbers[place.row]! > longestRow || !areRecurring(interval, repeats, hasUnequal(known))) return false;
    if (!areAlike(aside, before, value)) return false;
    this.#replaceBefore(interval, repeats, before);
    return true;
  }

  /** What stood in for values set aside in the place of one that recurs becomes what they were like. */
  #replaceBefore(interval: number, repeats: number, value: number): void {
    for (let i = 1; i <= repeats + 1; i++) this.#ring.replace(this.count - i * interval, value);
  }

  /** The candidates by the calendar follow the gap between values, until their losses tell that they are right. */
  #propose(gap: number): void {
    if (gap <= 0 || remainder(this.count, firstSearch) !== 0) return;
    this.#setCalendar(0, Math.round(day / gap));
    this.#setCalendar(1, Math.round(week / gap));
  }

  #setCalendar(candidate: number, period: number): void {
    const at = blockOf(candidate);
    const isPeriod = period > 2 && period <= longestPeriod;
    const known = isPeriod ? this.#candidates.find(period) : 0;
    const next = isPeriod && (known === 0 || known === at) ? period : 0;
    if (next !== this.#candidates.periodOf(at) && !this.#candidates.isBelieved(at)) {
      this.#candidates.start(at, next);
    }
  }

  #search(scale: number): void {
    const { values } = this;
    const count = this.count;
    const window = Math.min(count, longestWindow);
    const oldest = count - window;
    for (let i = 0; i < window; i++) searched[i] = values[remainder(oldest + i, values.length)]!;
    const last = searched[window - 1]!;
    this.#ring.moveAnchor(last);
    this.#candidates.moveAnchor(last);
    const found = searchPeriods(window, proposals);
    for (let i = 0; i < found; i++) {
      if (this.#candidates.find(proposals[i]!) !== 0) continue;
      // The deepest dip always has a place; the others take those that had their time.
      const at = this.#candidates.worstSearched(i === 0 ? 0 : trustedAfter);
      if (at < 0) continue;
      this.#candidates.start(at, proposals[i]!);
      this.#candidates.credit(at, scale);
    }
  }

  /** Writes what forecasts of the values after the last one are made of; those of further steps also need `tellLasting`. */
  tellOrigin(origin: SeasonOrigin): void {
    const ring = this.#ring;
    const { best } = this.#candidates;
    origin.period = 0;
    if (best === 0) return;
    origin.period = this.#candidates.periodOf(best);
    origin.variant = this.#candidates.variantOf(best);
    origin.deviation = ring.last - ring.mean(origin.period, origin.variant, 0, 1);
    origin.relativeLoss = this.#candidates.lossByMixture(best);
  }

  /** Writes what forecasts of values far behind the last one are made of, where none of the next one is: the foremost candidate. */
  tellAhead(origin: SeasonOrigin): void {
    const at = this.#candidates.foremost();
    origin.period = 0;
    if (at === 0) return;
    origin.period = this.#candidates.periodOf(at);
    origin.variant = this.#candidates.plainVariantOf(at);
    origin.deviation = 0;
    origin.lasting = 1;
    origin.relativeLoss = Infinity;
  }

  /** Whether a season tells so much that another one is looked for seldom. */
  #isSettled(count: number): boolean {
    const { best } = this.#candidates;
    if (best === 0 || count <= longestWindow || count % (4 * longestWindow) === 0) return false;
    return this.#candidates.relativeLoss(best) < settledLoss;
  }
}

/** Whether a value set aside is like an earlier one, and not like what was expected. */
function areAlike(value: number, before: number, expected: number): boolean {
  return Math.abs(value - before) < alike * Math.abs(value - expected);
}

/** Intervals from which on chance hardly repeats the first one: of 5 % of the values it does so once in 400 keys. */
const unlikely = 24;
/** Parts of an interval that tell that unequal ones came before, and how often it was repeated. */
const unequal = 0.5;
const ofRepeat = 0.125;
const mostRepeats = 3;

/** Whether values recur that came at an interval, which was repeated so often, and at others before. */
function areRecurring(interval: number, repeats: number, isUnequal: boolean): boolean {
  return repeats >= 1 + (isUnequal ? 1 : 0) + (interval < unlikely ? 1 : 0);
}

function hasUnequal(known: number): boolean {
  return remainder(known, 1) >= unequal;
}

function repeatsOf(known: number): number {
  return remainder(known, unequal) / ofRepeat;
}

/** Whether the series is searched when it has so many values: at 2^k and 3 2^k up to 96, at 2^k, then every window. */
function isSearched(count: number): boolean {
  if (count >= longestWindow) return remainder(count, longestWindow) === 0;
  if (count < firstSearch) return false;
  const odd = count / (count & -count);
  return odd === 1 || (odd === 3 && count < 128);
}
