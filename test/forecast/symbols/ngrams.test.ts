/** The counts of n-grams against interpolated Kneser-Ney written down naively, and their bounds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ngrams, type Context } from "../../../src/forecast/symbols/ngrams.js";

const contextOf = (past: readonly number[]): Context => ({
  length: past.length,
  // As identities, not numbers: any integers will do.
  at: (age) => 1000 + past[past.length - 1 - age]!,
});

/** Numbers that always stand for the same. */
const same = (): number => 1;

function learnAll(ngrams: Ngrams, sequence: readonly number[]): void {
  sequence.forEach((symbol, i) => ngrams.learn(contextOf(sequence.slice(0, i)), symbol));
}

function distribution(ngrams: Ngrams, past: readonly number[], known: number): number[] {
  const into = new Float32Array(known + 2).fill(7);
  ngrams.distribution(contextOf(past), known, into, 1);
  expect([into[0], into[known + 1]]).toEqual([7, 7]);
  return [...into.slice(1, known + 1)];
}

/**
 * The counts by their definition, from the whole sequence: in its longest context a symbol counts as often as it came;
 * in a shorter one, once for each context one symbol longer that it came in.
 */
function countsOf(sequence: readonly number[], order: number): Map<string, Map<number, number>>[] {
  const contexts = Array.from({ length: order + 1 }, () => new Map<string, Map<number, number>>());
  const add = (length: number, context: readonly number[], symbol: number): void => {
    const counts = contexts[length]!.get(context.join()) ?? new Map<number, number>();
    contexts[length]!.set(context.join(), counts.set(symbol, (counts.get(symbol) ?? 0) + 1));
  };
  for (let length = order; length >= 0; length--) {
    const longer = new Set<string>();
    sequence.forEach((symbol, i) => {
      const longest = Math.min(order, i);
      if (length > longest) return;
      const context = sequence.slice(i - length, i);
      if (length === longest) add(length, context, symbol);
      else {
        const wider = [...sequence.slice(i - length - 1, i), symbol].join();
        if (!longer.has(wider)) add(length, context, symbol);
        longer.add(wider);
      }
    });
  }
  return contexts;
}

function oracle(sequence: readonly number[], order: number, known: number): number[] {
  const contexts = countsOf(sequence, order);
  let lower = Array.from({ length: known }, () => 1 / known);
  for (let length = 0; length <= Math.min(order, sequence.length); length++) {
    const counts = contexts[length]!.get(sequence.slice(sequence.length - length).join());
    if (counts === undefined) continue;
    const all = [...contexts[length]!.values()].flatMap((of) => [...of.values()]);
    const [once, twice] = [1, 2].map((n) => 1 + all.filter((count) => count === n).length);
    const discount = once! / (once! + 2 * twice!);
    const total = [...counts.values()].reduce((a, b) => a + b, 0);
    lower = lower.map(
      (probability, symbol) =>
        (Math.max(0, (counts.get(symbol) ?? 0) - discount) + discount * counts.size * probability) / total,
    );
  }
  return lower;
}

const sequences = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 80 });

describe("the counts of n-grams", () => {
  it("give interpolated Kneser-Ney's distribution", () => {
    fc.assert(
      fc.property(sequences, fc.integer({ min: 0, max: 4 }), (sequence, order) => {
        const ngrams = new Ngrams(order, 1024, same);
        learnAll(ngrams, sequence);
        const actual = distribution(ngrams, sequence, 6);
        for (const [symbol, expected] of oracle(sequence, order, 6).entries()) {
          expect(actual[symbol]).toBeCloseTo(expected, 5);
        }
      }),
    );
  });

  it("are no more than there is room for, and stay a distribution", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 400, maxLength: 600 }),
        (sequence) => {
          const ngrams = new Ngrams(3, 100, same);
          for (const [i, symbol] of sequence.entries()) {
            ngrams.learn(contextOf(sequence.slice(Math.max(0, i - 9), i)), symbol);
            expect(ngrams.size).toBeLessThanOrEqual(100);
          }
          const shares = distribution(ngrams, sequence, 10);
          expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
          for (const share of shares) expect(share).toBeGreaterThan(0);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("keep what is frequent when they are halved", () => {
    const ngrams = new Ngrams(1, 40, same);
    const often = Array.from({ length: 400 }, (_, i) => i % 2);
    learnAll(ngrams, often);
    for (let i = 0; i < 200; i++) ngrams.learn(contextOf([2 + i]), 5);
    expect(distribution(ngrams, [0], 6)[1]).toBeGreaterThan(0.75);
  });

  it("give a number that stands for another symbol nothing of what was counted of the one before", () => {
    fc.assert(
      fc.property(sequences, sequences, (first, second) => {
        let stamp = 1;
        const ngrams = new Ngrams(2, 1024, (symbol) => (symbol === 3 ? stamp : 1));
        const before = [3, ...first, 3];
        learnAll(ngrams, before);
        stamp = 2;
        const shares = distribution(ngrams, before, 6);
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        // As likely as a number that never was counted.
        expect(shares[3]).toBe(shares[5]);
        learnAll(ngrams, [...second, 3, 3, 3, 3, 3, 3, 3, 3]);
        expect(distribution(ngrams, [3, 3], 6)[3]).toBeGreaterThan(0.3);
      }),
    );
  });

  it("go on from what they were written to", () => {
    fc.assert(
      fc.property(sequences, sequences, (first, second) => {
        const [whole, part] = [new Ngrams(3, 64, same), new Ngrams(3, 64, same)];
        learnAll(whole, first);
        part.write(whole.read());
        learnAll(whole, second);
        learnAll(part, second);
        expect(distribution(part, second, 6)).toEqual(distribution(whole, second, 6));
      }),
    );
  });
});
