import { expect, test } from "vitest";
import { Progress } from "../../../src/pipeline/task/progress.js";

test("the estimate of a replay goes by its own pace, whatever the restore before it took", () => {
  let now = 60_000;
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const progress = new Progress(clock, 0, { from: 100, liveFrom: 500 });
  now += 2000;
  expect(progress.replayed(100, 200)).toBe(true);
  expect(progress.replaying()).toEqual({ offset: 200, liveFrom: 500, secondsLeft: 6 });
  now += 500;
  expect(progress.replayed(50, 250)).toBe(false);
  expect(progress.live()).toEqual({ replayed: 150, seconds: 62.5 });
});
