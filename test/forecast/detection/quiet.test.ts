/** Quiet times: what is odd in them is scored, and teaches nothing. */
import { expect, test } from "vitest";
import { noiseOf } from "../../bench/detection/ordinary.js";
import { OneKeyDetector } from "../../support/detection.js";

const minute = 60_000;
const from = 1000;
const to = 1100;

/** Scores of noise with a fault of `size` in each third minute of the span, and in minute 1400. */
function scoresOf(isQuiet: ((time: number) => boolean) | undefined, size: number): number[] {
  const noise = noiseOf(5);
  const detector = new OneKeyDetector({ isQuiet });
  return Array.from({ length: 1500 }, (_, i) => {
    const isFault = (i >= from && i < to && i % 3 === 0) || i === 1400;
    return detector.score(i * minute, noise.normal() + (isFault ? size : 0));
  });
}

const isWork = (time: number): boolean => time >= from * minute && time < to * minute;

test("a fault that came often in a quiet time is as odd as ever behind it", () => {
  const noisy = scoresOf(undefined, 12);
  const quiet = scoresOf(isWork, 12);
  const first = noisy.findIndex((score, i) => i >= from && score > 1);
  expect(first).toBeLessThan(from + 10);
  expect(quiet.slice(0, first + 1)).toEqual(noisy.slice(0, first + 1));
  expect(quiet[1400]).toBeGreaterThan(1.5 * noisy[1400]!);
});

test("without anything odd, quiet times change nothing", () => {
  const ordinary = scoresOf(undefined, 0);
  const firstAlarm = ordinary.findIndex((score) => score > 1);
  const until = firstAlarm < 0 ? ordinary.length : firstAlarm + 1;
  expect(scoresOf(() => true, 0).slice(0, until)).toEqual(ordinary.slice(0, until));
});
