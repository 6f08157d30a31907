/**
 * One guard before all that learns. A value that lies absurdly far from what was expected is set aside: it is scored,
 * and for everything that learns it counts as missing, so that an overflow or a sentinel leaves no trace. Values set aside
 * that agree with one another may be a new level: forecasts follow them from the second on, and with the sixth the key
 * moves there as a whole (`moveLevel`), without a trace of the jump. Of a young key nothing is known that could tell which
 * of two values is absurd: later values decide, and the key begins anew without the odd ones. A shift that fewer than six
 * values tell of is taken back with the value that comes back.
 *
 * The two kinds of outliers are those of Fox (Outliers in Time Series, 1972): additive ones and shifts of the level.
 */
import { aside, far, number } from "./layout.js";
import type { KeyRow } from "./row.js";
import { assumeSize, movesOf, settledMoves } from "./scaling.js";

/** A value is absurd beyond this many running sizes of errors and changes, of a young key more … */
const absurd = 14;
const absurdOfYoung = 100;
/** … where changes that are foretold, as those of a trend, count as so many errors at most, but as half of them at least … */
const foretold = 2.5;
/** … and beyond this many times the largest move that was believed, which is forgotten at this rate a value. */
const believed = 2;
const moveDiscount = 0.9995;
/** A value of a young key that is not absurd, but beyond so many sizes, is set aside too until the next one tells. Measured: bench aftermath. */
const doubtful = 10;
/** A value agrees with the one set aside before if it is this much nearer to it than to the level before. */
const near = 0.25;
/** Agreeing values that make a new level: a row of five sentinels does not. */
const newLevel = 6;
/** Values set aside in a row, without agreement, after which the key follows them all the same. */
const longestRow = 12;
/** Discounted number of values set aside from which they are ordinary for their key: 3 % of its last 500 values. */
const discount = 0.998;
const most = 15;
/** One and the same value stays absurd up to 8 % of the key's values, and up to 12 % where it is so many sizes away: a sentinel. */
const farthest = 1000;
const mostRepeated = 40;
const mostFarthest = 60;
/** What became of such values is followed at this rate: forecasts follow one at once where the last one stayed, or most did. */
const stayRate = 0.5;
const usuallyStays = 0.5;
const alwaysStays = 0.98;
/** Where a key came back from the last two rows of such values, further steps go back at once. */
const oftenBack = 0.7;
/** Where the key came back from some values and stayed with others, that is nearer to 0. */
const mixed = 0.45;
/**
 * What the values after the first of a row were, and after its later ones, is followed at this rate: forecasts follow a first one
 * after two rows that went on, a later one after one that did. Measured: bench cases, bursts.
 */
const nextRate = 0.25;
const usualAfterFirst = 0.4;
const usualAfterLater = 0.2;
/** For each so many values set aside of late, one more may agree in a row and come back: two of 1 %, eight of 5 %. */
const oftenByChance = 3;
/** A young key follows the first value set aside at once, and begins anew with the second that agrees. */
const youngest = 5;
/** Up to so many values a row of those set aside may tell more than the key's past. */
const fewest = 3;
/** Values after which a key is no longer young, and how much closer values agree than those that were odd. */
const young = 20;
const closer = 1 / 20;
/** The first moves of a key differ by up to this factor; a second one is believed that is up to so many times the least. */
const firstMoves = 20;
const secondMove = 5;
/** Close changes that decide, of changes other than zero and of repeats. */
const closeMoves = 3;
const closeRepeats = 1;
const decided = 6;

/** What becomes of a value. */
export const verdicts = {
  /** It is ordinary. */
  ordinary: 0,
  /** It is set aside: missing for all that learns. */
  aside: 1,
  /** The key moves to the level of the candidate; then the value is ordinary. */
  level: 2,
  /** The key begins anew at the candidate; then the value is ordinary. */
  anew: 3,
} as const;
export type Verdict = (typeof verdicts)[keyof typeof verdicts];

/** In the place of 1, where the next value alone follows. */
const nextAlone = 2;

const { doubt, row, agreeing, stays, open } = aside;

/** Whether the key's last observed value was set aside. */
export function isAside({ f32, at32, layout }: KeyRow): boolean {
  return f32[at32 + layout.aside + row]! > 0;
}

/** Whether some of a key's values were absurd, and others that it believed at first proved so: still others may. */
export function hasOddValues({ f32, at32, layout }: KeyRow): boolean {
  const at = at32 + layout.aside;
  return f32[at + doubt]! >= 0.5 && Math.abs(f32[at + stays]!) < mixed;
}

/** Returns the key's last observed value, which may have been set aside. */
export function lastObserved(key: KeyRow): number {
  const { f64, at64 } = key;
  return f64[at64 + (isAside(key) ? number.candidate : number.held)]!;
}

/**
 * Judges an observed value from what was known before it.
 *
 * @param mixesYoung Whether forecasts of young keys are mixed: more than their last value, they have more to lose.
 */
export function judge(key: KeyRow, value: number, mixesYoung = false): Verdict {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.aside;
  if (f32[at + row]! > 0) learnNext(key, value);
  f32[at + doubt] = discount * f32[at + doubt]!;
  if (isBack(key, value)) return takeBack(key);
  const held = f64[at64 + number.held]!;
  const away = Math.abs(value - held);
  const distance = Math.min(away, Math.abs(value - f64[at64 + number.pending]!));
  if (goesOn(key, value, distance)) return setAside(key, value, away, mixesYoung);
  const largest = moveDiscount * f64[at64 + number.largestMove]!;
  if (hasNeverMoved(key)) {
    if (distance === 0) return ordinary(key, value, largest);
    // A move like the least that was set aside lately, and was no new level, is the key's first.
    const isSecond =
      f32[at + row] === 0 ? f32[at + doubt]! >= 0.5 : isCandidateBeyond(key, firstMoves * largest);
    // One that came back from six moves, which is more than absurd values come in a row, has such moves.
    const isUsual = f32[at + row] === 0 && f32[at + stays]! < -alwaysStays;
    if (isUsual || (isSecond && distance <= secondMove * largest)) return ordinary(key, value, distance);
  } else if (!isAbsurd(key, distance) || distance <= believed * largest) {
    if (mixesYoung && isDoubtful(key, distance, largest)) {
      // A second move of its size is no accident.
      f64[at64 + number.largestMove] = distance;
      return setAside(key, value, away, mixesYoung);
    }
    return ordinary(key, value, Math.max(largest, distance));
  }
  // Of a row that usually goes on the first value counts.
  if (f32[at + row] === 0 || !usuallyGoesOn(key)) f32[at + doubt] = f32[at + doubt]! + 1;
  if (f32[at + doubt]! > mostOf(key, value, distance))
    return ordinary(key, value, Math.max(largest, distance));
  return setAside(key, value, away, mixesYoung);
}

/** How many values like this one may be set aside, as a discounted number, before they are ordinary. */
function mostOf(key: KeyRow, value: number, distance: number): number {
  const isSame = value === key.f64[key.at64 + number.candidate]! && !hasNeverMoved(key);
  if (!isSame) return most;
  return distance > farthest * sizeOfMoves(key) ? mostFarthest : mostRepeated;
}

/** Whether the value lies where the key was before a shift that few values have confirmed. */
function isBack({ f64, at64, f32, at32, layout }: KeyRow, value: number): boolean {
  const at = at32 + layout.aside;
  if (f32[at + open] === 0) return false;
  f32[at + open] = f32[at + open]! - 1;
  const former = f64[at64 + number.former]!;
  return Math.abs(value - former) < closer * Math.abs(f64[at64 + number.held]! - former);
}

/** The values of the last shift were absurd after all: the key goes on from the value before them. */
function takeBack({ f64, at64, f32, at32, layout }: KeyRow): Verdict {
  const at = at32 + layout.aside;
  f32[at + row] = f32[at + agreeing] = f32[at + open] = 0;
  f64[at64 + number.candidate] = f64[at64 + number.former]!;
  f64[at64 + number.candidateSquare] = 0;
  learnStay(f32, at, -1);
  return f64[at64 + number.observed]! > settledMoves ? verdicts.level : verdicts.anew;
}

/** Whether the value goes on with a row of those set aside: a trend may bring the level before to within the limit of it. */
function goesOn({ f64, at64, f32, at32, layout }: KeyRow, value: number, distance: number): boolean {
  if (f32[at32 + layout.aside + row] === 0) return false;
  return Math.abs(value - f64[at64 + number.candidate]!) < near * distance;
}

/** Whether a key that has more than one value has no size of its moves yet: its first move is set aside. */
function hasNeverMoved({ f64, at64 }: KeyRow): boolean {
  if (f64[at64 + number.observed]! < 2) return false;
  return f64[at64 + number.squaredError] === 0 && f64[at64 + number.squaredChange] === 0;
}

/** Whether a young key that has never moved, but for an odd value before, may do so with the value set aside just now. */
export function isFirstMove(key: KeyRow): boolean {
  const { f64, at64, f32, at32, layout } = key;
  if (f32[at32 + layout.aside + doubt]! < 1.5) return false;
  return hasNeverMoved(key) && f64[at64 + number.observed]! <= young;
}

/** Whether a value is the first move of a key, and far smaller than what it was set aside for before: that was none of its moves. */
export function isFarSmallerMove(key: KeyRow, value: number): boolean {
  const { f64, at64 } = key;
  const away = Math.abs(value - f64[at64 + number.held]!);
  return away > 0 && farthest * away < f64[at64 + number.largestMove]! && hasNeverMoved(key);
}

/**
 * Whether a value is odd among those of a row that agree: farther from them than they are from the level before. The row goes
 * on without it. A row longer than a key's past may be right against that.
 */
function isOddInRow(key: KeyRow, value: number, away: number): boolean {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.aside;
  if (f32[at + row] === 0 || f32[at + row]! >= longestRow || f32[at + agreeing]! < 2) return false;
  if (f64[at64 + number.observed]! <= fewest) return false;
  const change = Math.abs(value - f64[at64 + number.candidate]!);
  return change >= near * away && !isCandidateBeyond(key, near * change);
}

function isCandidateBeyond({ f64, at64 }: KeyRow, distance: number): boolean {
  return Math.abs(f64[at64 + number.candidate]! - f64[at64 + number.held]!) > distance;
}

function isAbsurd(key: KeyRow, distance: number): boolean {
  const { f64, at64 } = key;
  // The first change of a key has nothing to be measured by.
  if (f64[at64 + number.observed]! < 2) return false;
  return distance > limitOf(key);
}

/** Whether a value that is not absurd is set aside until the next one tells: of a young key it would spoil all averages. */
function isDoubtful(key: KeyRow, distance: number, largest: number): boolean {
  const { f64, at64, f32, at32, layout } = key;
  const observed = f64[at64 + number.observed]!;
  if (observed < 2 || observed > young || f32[at32 + layout.aside + row]! > 0) return false;
  return distance > Math.max(doubtful * sizeOfMoves(key), believed * largest);
}

/** Whether the one value that is set aside is no more than doubtful. */
function isDoubted(key: KeyRow): boolean {
  const { f32, at32, layout } = key;
  if (f32[at32 + layout.aside + row] !== 1 || hasNeverMoved(key)) return false;
  return !isCandidateBeyond(key, limitOf(key));
}

/** So many running sizes of errors and changes. */
function limitOf(key: KeyRow): number {
  return (absurd + absurdOfYoung / movesOf(key)) * sizeOfMoves(key);
}

/** The larger of the running sizes of errors and changes, but for changes that are foretold. */
function sizeOfMoves(key: KeyRow): number {
  const { f64, at64 } = key;
  const error = Math.sqrt(f64[at64 + number.squaredError]!);
  const change = Math.sqrt(f64[at64 + number.squaredChange]!);
  const usual = movesOf(key) > young ? Math.min(change, Math.max(foretold * error, change / 2)) : change;
  return Math.max(error, usual);
}

/** An ordinary value ends a row of those set aside. Of a young key it may show that an earlier one was odd. */
function ordinary(key: KeyRow, value: number, largestMove: number): Verdict {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.aside;
  const inRow = f32[at + row]!;
  if (inRow > 0) {
    f32[at + row] = f32[at + agreeing] = 0;
    learnStay(f32, at, -1);
  }
  f64[at64 + number.follows] = 0;
  f64[at64 + number.largestMove] = largestMove;
  const observed = f64[at64 + number.observed]!;
  if (observed < 2 || observed > young || (observed === 2 && inRow > 0)) return verdicts.ordinary;
  // A key that has begun anew six times has such jumps: another one shows nothing.
  if (f32[at + stays]! > alwaysStays) return verdicts.ordinary;
  f64[at64 + number.candidateSquare] = 0;
  const verdict = judgeByHindsight(key, value, observed);
  if (verdict === verdicts.anew) learnStay(f32, at, 1);
  return verdict;
}

function judgeByHindsight(key: KeyRow, value: number, observed: number): Verdict {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.aside;
  const held = f64[at64 + number.held]!;
  const change = Math.abs(value - held);
  const size = Math.sqrt(f64[at64 + number.squaredChange]!);
  if (observed === 2) {
    // The candidate is still the key's first value.
    if (Math.abs(value - f64[at64 + number.candidate]!) < closer * size) return verdicts.anew;
    f64[at64 + number.candidate] = held;
    return change < closer * size ? verdicts.anew : verdicts.ordinary;
  }
  f64[at64 + number.candidate] = held;
  const isClose = change < closer * size;
  const close = isClose ? f32[at + agreeing]! + (change > 0 ? closeMoves : closeRepeats) : 0;
  f32[at + agreeing] = close < decided ? close : 0;
  return close < decided ? verdicts.ordinary : verdicts.anew;
}

function setAside(key: KeyRow, value: number, away: number, mixesYoung: boolean): Verdict {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.aside;
  const observed = f64[at64 + number.observed]!;
  if (mixesYoung && isOddInRow(key, value, away)) {
    f32[at + row] = f32[at + row]! + 1;
    return verdicts.aside;
  }
  // The least of the moves of a key that has never moved is the most likely one.
  const hasMoved = observed >= 2 && !hasNeverMoved(key);
  if (!hasMoved && observed >= 2) {
    // One that none has followed for long is forgotten, as those are that were set aside lately.
    const isForgotten = f32[at + row] === 0 && f32[at + doubt]! < 1.5;
    const least = isForgotten ? 0 : f64[at64 + number.largestMove]!;
    f64[at64 + number.largestMove] = least > 0 ? Math.min(least, away) : away;
    // A row of moves ends with a value many times as far away: they were the first ordinary ones.
    if (f32[at + row]! > 0 && !isCandidateBeyond(key, away / firstMoves)) {
      f32[at + doubt] = Math.max(1, f32[at + doubt]! - f32[at + row]!);
      f32[at + row] = f32[at + agreeing] = 0;
    }
  }
  // A row is that of absurd values: one that was only doubtful does not count.
  if (mixesYoung && isDoubted(key) && !goesOn(key, value, away)) f32[at + row] = f32[at + agreeing] = 0;
  const inRow = f32[at + row]! + 1;
  const change = inRow > 1 ? value - f64[at64 + number.candidate]! : 0;
  const agrees = inRow > 1 && Math.abs(change) < near * away;
  const agreed = agrees ? f32[at + agreeing]! + 1 : 1;
  // Of a key that has moved more is known than fewer values can tell.
  const enough = hasMoved ? newLevel : Math.min(newLevel, Math.max(2, observed));
  const isLevel = agreed >= enough;
  if (isLevel || inRow > Math.min(longestRow, Math.max(hasMoved ? newLevel : 3, observed))) {
    f32[at + row] = f32[at + agreeing] = 0;
    // The values before were set aside without a fault of theirs.
    f32[at + doubt] = Math.max(0, f32[at + doubt]! - inRow);
    // What stays once or twice may show that the values before were odd; what stays again is a level of the key.
    const stayed = f32[at + stays]! > usuallyStays;
    learnStay(f32, at, 1);
    f64[at64 + number.former] = f64[at64 + number.held]!;
    f32[at + open] = Math.max(0, newLevel - (isLevel ? agreed : inRow));
    const isMove = observed > settledMoves || stayed || (hasMoved && observed >= newLevel);
    return isLevel && isMove ? verdicts.level : verdicts.anew;
  }
  f32[at + row] = inRow;
  f32[at + agreeing] = agreed;
  const square = inRow > 2 ? f64[at64 + number.candidateSquare]! : 0;
  f64[at64 + number.candidateSquare] = inRow > 1 ? square + (change * change - square) / (inRow - 1) : 0;
  f64[at64 + number.candidate] = value;
  return verdicts.aside;
}

/** What became of the values set aside: 1 where the key stayed there, as a counter does that begins anew, -1 where it came back. */
function learnStay(f32: Float32Array, at: number, outcome: number): void {
  f32[at + stays] = f32[at + stays]! + stayRate * (outcome - f32[at + stays]!);
}

/** Learns what comes after a value that was set aside: `value` is like that one, or as it was expected without it. */
function learnNext({ f64, at64, f32, at32, layout }: KeyRow, value: number): void {
  const after = at32 + layout.far + (f32[at32 + layout.aside + row] === 1 ? far.afterFirst : far.afterLater);
  const isLike =
    Math.abs(value - f64[at64 + number.candidate]!) < Math.abs(value - f64[at64 + number.pending]!);
  f32[after] = f32[after]! + nextRate * ((isLike ? 1 : -1) - f32[after]!);
}

/** Whether the next value is usually like the one that was set aside just now. */
function usuallyGoesOn({ f32, at32, layout }: KeyRow): boolean {
  const at = at32 + layout.far;
  if (f32[at32 + layout.aside + row] === 1) return f32[at + far.afterFirst]! > usualAfterFirst;
  return f32[at + far.afterLater]! > usualAfterLater;
}

/** Decides whether forecasts follow the value that was set aside just now. */
export function followCandidate(key: KeyRow): void {
  const { f64, at64, f32, at32, layout } = key;
  const at = at32 + layout.aside;
  const byChance = f32[at + doubt]! / oftenByChance;
  const isLonger = f32[at + agreeing]! > Math.max(1, byChance);
  const isToStay = f32[at + stays]! >= usuallyStays || usuallyGoesOn(key);
  f64[at64 + number.follows] = isToStay || isLonger || f64[at64 + number.observed]! <= youngest ? 1 : 0;
}

/** The forecast of the next value alone follows the value that was set aside just now. */
export function followNext({ f64, at64 }: KeyRow): void {
  f64[at64 + number.follows] = nextAlone;
}

/**
 * Returns the step up to which forecasts follow the value that was set aside just now: where such values came back before, and the
 * first of a row anyway, they last as long again as they have lasted.
 */
export function lastFollowed(key: KeyRow): number {
  const { f64, at64, f32, at32, layout } = key;
  const follows = f64[at64 + number.follows]!;
  if (follows === 0 || follows === nextAlone) return follows === 0 ? 0 : 1;
  const at = at32 + layout.aside;
  const isFirst = f32[at + row] === 1 && f32[at + stays]! < usuallyStays;
  const comesBack = isFirst || f32[at + stays]! < -oftenBack;
  return comesBack && f64[at64 + number.observed]! > young ? f32[at + agreeing]! : Infinity;
}

/** A forecast that was made from the base, moved to the candidate where forecasts follow that. */
export function followed({ f64, at64 }: KeyRow, forecast: number): number {
  if (f64[at64 + number.follows] === 0) return forecast;
  return f64[at64 + number.candidate]! + (forecast - f64[at64 + number.base]!);
}

/**
 * Moves a key as a whole to the level of the candidate, and returns how far. Where the values there differ among one another
 * by far more or less than the key's did, their size is taken over too.
 */
export function moveLevel(key: KeyRow): number {
  const { f64, at64 } = key;
  const jump = f64[at64 + number.candidate]! - f64[at64 + number.base]!;
  const from = Math.abs(f64[at64 + number.candidate]! - f64[at64 + number.held]!);
  f64[at64 + number.mean] = f64[at64 + number.mean]! + jump;
  f64[at64 + number.base] = f64[at64 + number.candidate]!;
  f64[at64 + number.held] = f64[at64 + number.undisturbed] = f64[at64 + number.base]!;
  f64[at64 + number.mode] = f64[at64 + number.base]!;
  f64[at64 + number.follows] = 0;
  f64[at64 + number.largestMove] = Math.max(f64[at64 + number.largestMove]!, from);
  const square = f64[at64 + number.candidateSquare]!;
  const known = f64[at64 + number.squaredChange]!;
  // Of a key that never moved before, the jump is all that is known of its moves.
  if (known === 0) assumeSize(key, from * from);
  else if (square > sizeChange * known || (square > 0 && square < known / sizeChange))
    assumeSize(key, square);
  return jump;
}

/** A squared size that is this many times as large as before, or as small, is another one. */
const sizeChange = 25;
