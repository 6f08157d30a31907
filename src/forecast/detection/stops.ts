/**
 * Tells that a key has stopped: by no magnitude of a single value is it odd that a square wave stays where it often was, or that a
 * spike that comes each hour does not come. What is odd is how long nothing has moved as the key moves.
 *
 * A move is a change of at least a quarter of the size that moves have, weighed by that size: of a key with spikes the spikes are moves,
 * and the noise between them is rest. The longest rest is remembered, and how long the rest is that a value is part of on average.
 * Of a regular key both are alike, and twice the longest rest is too long. The less regular a key is, the more must a rest exceed
 * it; and rests about as long must have come several times: the nights of a week say nothing of its end.
 *
 * The constants were measured on machines, counts and noise of regular and irregular rests (`bench detection`).
 */
import { f32At } from "./layout.js";
import type { DetectionRow } from "./rows.js";

/** Shares of the usual size of a move from which on a change is a move, … */
const leastMove = 0.25;
/** … and from which on it is so great that former moves will hardly count as such. The usual size learns no more than this at once. */
const farMove = 4;
const farthestMove = 64;
/** Rests of at least half, and at most twice, the longest one before a rest can be too long. */
const leastRests = 8;
const alike = 2;
/** Values over which the longest rest falls to e^-1, and over which rests are averaged at most. */
const memory = 8000;
/** Rests so long, of which a rest must be twice as long to be too long, and as many as are counted. */
const fewRests = 16;
const mostRests = 256;
/** A stop teaches at most so many times the rest that was too long: the key must be known to stop again. */
const stopTeaches = 2;

/** The rest, in values, from which on the key has stopped; without end while too little is known. */
function longestRest({ f32, at32 }: DetectionRow): number {
  if (f32[at32 + f32At.rests]! < leastRests) return Infinity;
  const longest = f32[at32 + f32At.longestRest]!;
  const irregular = Math.max(longest / f32[at32 + f32At.meanRest]!, 1);
  return longest * (1 + irregular * irregular) * (1 + fewRests / f32[at32 + f32At.rests]!);
}

/**
 * Counts how long the key has rested, the event included.
 *
 * @param step Size of the event's change.
 * @returns How much longer than the key ever rests, where that has just become so: more than 1. Else 0.
 */
export function restOf(row: DetectionRow, step: number): number {
  const { f32, at32 } = row;
  const rest = f32[at32 + f32At.rest]! + 1;
  const usual = f32[at32 + f32At.move]!;
  const moves = step > 0 && step >= leastMove * usual;
  f32[at32 + f32At.rest] = moves ? 0 : rest;
  if (moves) {
    endRest(row, rest);
    if (step > farMove * usual) f32[at32 + f32At.rests] = 0;
    return 0;
  }
  const most = longestRest(row);
  return rest > most && rest - 1 <= most ? rest / most : 0;
}

function endRest(row: DetectionRow, rest: number): void {
  const { f32, at32 } = row;
  const learned = Math.min(rest, stopTeaches * longestRest(row));
  const longest = f32[at32 + f32At.longestRest]!;
  if (learned > alike * longest) f32[at32 + f32At.rests] = 0;
  if (learned * alike >= longest) f32[at32 + f32At.rests] = Math.min(f32[at32 + f32At.rests]! + 1, mostRests);
  f32[at32 + f32At.longestRest] = Math.max(longest * (1 - Math.min(learned / memory, 1)), learned);
  const rate = Math.min(learned / Math.min(f32[at32 + f32At.seen]! + 1, memory), 1);
  f32[at32 + f32At.meanRest] = f32[at32 + f32At.meanRest]! + rate * (learned - f32[at32 + f32At.meanRest]!);
}

/** Learns the size of a change that is not none: the mean of the sizes, weighed by themselves. `rate` is that of the mean size. */
export function learnMove({ f32, at32 }: DetectionRow, step: number, rate: number): void {
  const usual = f32[at32 + f32At.move]!;
  const bounded = usual > 0 ? Math.min(step, farthestMove * usual) : step;
  // A change of the least size there is times its rate is none.
  const weight = (rate * bounded) / (f32[at32 + f32At.change]! + rate * bounded) || 0;
  f32[at32 + f32At.move] = usual + weight * (bounded - usual);
}
