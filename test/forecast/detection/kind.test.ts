/** Alarms are named by their kinds. */
import { describe, expect, test } from "vitest";
import { injected, injectedKinds } from "../../bench/detection/injections.js";
import { OneKeyDetector } from "../../support/detection.js";

const seeds = 12;

/** The settled kind of the first alarm at or after the fault, and its direction. */
function named(
  kind: (typeof injectedKinds)[number],
  seed: number,
): { kind?: string; direction?: string | undefined } {
  const { times, values, windows } = injected(kind, seed);
  const detector = new OneKeyDetector();
  let found = false;
  for (let t = 0; t < values.length; t++) {
    const score = detector.score(times[t]!, values[t]!);
    found ||= score > 1 && t >= windows[0]![0];
    if (found && detector.kind!.settled) return detector.kind!;
  }
  return {};
}

describe.each(injectedKinds.filter((kind) => kind !== "nothing"))("a %s", (kind) => {
  test("is named so in most cases", () => {
    const names = Array.from({ length: seeds }, (_, seed) => named(kind, 4000 + seed).kind);
    expect(names.filter((name) => name === kind).length).toBeGreaterThanOrEqual(0.7 * seeds);
  });
});

test("a day that comes at other hours is a broken pattern, also where it departs slowly", () => {
  const names = Array.from({ length: 40 }, (_, seed) => named("pattern break", 6000 + seed).kind);
  expect(names.filter((name) => name === "pattern break").length).toBeGreaterThanOrEqual(30);
});

test("a shift upwards is above what was usual, and one downwards below", () => {
  const detector = new OneKeyDetector();
  const directions: (string | undefined)[] = [];
  for (let t = 0; t < 4000; t++) {
    const level = t < 2000 ? 0 : t < 3000 ? 40 : -40;
    detector.score(t * 60_000, level + Math.sin(t * t));
    if (t === 2100 || t === 3100) directions.push(detector.kind?.direction);
  }
  expect(directions).toEqual(["above", "below"]);
});
