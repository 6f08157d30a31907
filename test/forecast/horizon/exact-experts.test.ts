/** Of an expert without an error the far steps have the whole forecast soon, although its rivals are asked too. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { quick, runFresh, type Event } from "../../support/streams.js";

const horizon = 24;

/** Mean error of the last step over the values from `from` on, as a share of the mean error of the last value. */
function shareOfError(period: number, stepMs: number, [from, count]: readonly [number, number]): number {
  const next = uniform(3);
  const pattern = Array.from({ length: period }, () => 100 * next());
  const events = Array.from({ length: count }, (_, i): Event => ({
    key: "a",
    time: 1.7e12 + i * stepMs,
    value: pattern[i % period]!,
  }));
  const { steps } = runFresh({ ...quick, horizon }, events);
  let model = 0;
  let last = 0;
  for (let i = from; i < count; i++) {
    const yhat = steps.yhat[(i - horizon) * (horizon - 1) + horizon - 2]!;
    model += Math.abs(yhat - events[i]!.value);
    last += Math.abs(events[i - horizon]!.value - events[i]!.value);
  }
  return model / last;
}

test.each([
  [7, 86_400_000, 150, 400],
  [7, 86_400_000, 400, 2000],
  [168, 3_600_000, 1680, 2500],
])("a season of %d at every %d ms, from value %d to %d", (period, stepMs, from, count) => {
  expect(shareOfError(period, stepMs, [from, count])).toBeLessThan(0.001);
});
