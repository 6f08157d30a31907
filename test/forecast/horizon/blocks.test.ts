import fc from "fast-check";
import { expect, test } from "vitest";
import {
  entryOf,
  firstDue,
  lastDue,
  originOf,
  sampledStep,
  sampleOf,
  stepBlocks,
} from "../../../src/forecast/horizon/blocks.js";
import { horizonLayout } from "../../../src/forecast/horizon/layout.js";
import { StepSizes } from "../../../src/forecast/horizon/sizes.js";

const horizons = fc.integer({ min: 2, max: 96 });

test("blocks, and the bands of each, hold every further step once, in order", () => {
  const stepsOf = (ranges: readonly { readonly first: number; readonly last: number }[]): number[] =>
    ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  fc.assert(
    fc.property(horizons, (horizon) => {
      const blocks = stepBlocks(horizon);
      expect(stepsOf(blocks)).toEqual(Array.from({ length: horizon - 1 }, (_, i) => i + 2));
      for (const block of blocks) expect(stepsOf(block.bands)).toEqual(stepsOf([block]));
      const { bands } = horizonLayout(horizon);
      expect(bands.map(({ index }) => index)).toEqual([...bands.keys()]);
    }),
  );
  expect(stepBlocks(96).map(({ last }) => last)).toEqual([2, 4, 8, 16, 32, 64, 96]);
  expect(horizonLayout(96).bands.map(({ last }) => last)).toEqual([
    2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96,
  ]);
});

test("every sample is due once, at the event of its step, and none takes the place of one that waits", () => {
  fc.assert(
    fc.property(horizons, (horizon) => {
      for (const block of stepBlocks(horizon)) {
        const waiting = new Map<number, number>();
        const steps = new Set<number>();
        const wrong: string[] = [];
        for (let event = 0; event < 600; event++) {
          for (let sample = firstDue(block, event); sample <= lastDue(block, event); sample++) {
            if (originOf(block, sample) + sampledStep(block, sample) !== event) continue;
            if (waiting.get(entryOf(block, sample)) !== sample) wrong.push(`${sample} is due at ${event}`);
            waiting.delete(entryOf(block, sample));
            steps.add(sampledStep(block, sample));
          }
          const sample = sampleOf(block, event);
          if (sample < 0) continue;
          if (originOf(block, sample) !== event) wrong.push(`${sample} is of ${event}`);
          if (waiting.has(entryOf(block, sample))) wrong.push(`${sample} has no place`);
          waiting.set(entryOf(block, sample), sample);
        }
        expect(wrong).toEqual([]);
        expect(steps.size).toBe(block.last - block.first + 1);
        // All that still wait were made within the last steps.
        for (const sample of waiting.values())
          expect(originOf(block, sample)).toBeGreaterThan(599 - block.last);
      }
    }),
    { numRuns: 20 },
  );
});

test("samples meet every hour of the day and every day of the week alike", () => {
  for (const block of stepBlocks(96).filter(({ stride }) => stride > 1)) {
    for (const period of [5, 7, 24, 168]) {
      const met = new Map<number, number>();
      for (let sample = 0; sample < 20 * period; sample++) {
        const phase = originOf(block, sample) % period;
        met.set(phase, (met.get(phase) ?? 0) + 1);
      }
      expect(met.size).toBe(period);
      expect(Math.max(...met.values())).toBeLessThanOrEqual(24);
    }
  }
});

test("samples of every step meet every hour of the day alike", () => {
  for (const block of stepBlocks(64)) {
    const met = new Map<string, number>();
    const rounds = 240;
    for (let sample = 0; sample < rounds * (block.last - block.first + 1); sample++) {
      const of = `step ${sampledStep(block, sample)} from hour ${originOf(block, sample) % 24}`;
      met.set(of, (met.get(of) ?? 0) + 1);
    }
    expect(met.size).toBe(24 * (block.last - block.first + 1));
    expect(Math.max(...met.values())).toBeLessThan((3 * rounds) / 24);
  }
});

test("each band has its share of the samples, and two of them by the event that its intervals begin with", () => {
  for (let horizon = 2; horizon <= 96; horizon++) {
    for (const block of stepBlocks(horizon)) {
      for (const { first, last, stride } of block.bands) {
        const origins = Array.from({ length: 400 }, (_, sample) => sample)
          .filter((sample) => first <= sampledStep(block, sample) && sampledStep(block, sample) <= last)
          .map((sample) => originOf(block, sample));
        // The first two events of a key do not count.
        expect(origins.filter((origin) => origin >= 2)[1]).toBeLessThanOrEqual(5 * stride);
        expect(origins.at(-1)! / origins.length / stride).toBeCloseTo(1, 0);
        expect(Math.abs(origins.length - (400 * block.stride) / stride)).toBeLessThan(10);
      }
    }
  }
});

test("sizes between bands lie between theirs, and are exact where errors grow like those of a random walk", () => {
  for (const horizon of [2, 3, 7, 24, 50, 96]) {
    const { bands } = horizonLayout(horizon);
    const sizes = new StepSizes(bands);
    const walk = new Float64Array(bands.length).fill(4);
    // Errors of the same size at every step.
    const flat = Float64Array.from(bands, ({ first, last }) => 4 / Math.sqrt(first * last));
    for (let step = 2; step <= horizon; step++) {
      expect(sizes.squareOf(step, walk, 0)).toBeCloseTo(4 * step, 6);
      expect(sizes.squareOf(step, flat, 0)).toBeGreaterThan(3.4);
      expect(sizes.squareOf(step, flat, 0)).toBeLessThan(4.7);
    }
  }
});

test("what a key keeps for further steps grows no faster than the horizon", () => {
  const bytes = [24, 48, 96].map((horizon) => {
    const { f64, f32 } = horizonLayout(horizon);
    return 8 * f64.size + 4 * f32.size;
  });
  expect(bytes[2]! - bytes[1]!).toBeLessThan(2.1 * (bytes[1]! - bytes[0]!));
});
