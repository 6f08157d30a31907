import { describe, expect, test } from "vitest";
import { runFresh, type Event } from "../../support/streams.js";

const own = ["compact", "full"] as const;
type Own = (typeof own)[number];
/** Largest error after a shift of the level; it costs 1.8 and 1.2 where it is left in the past, nothing happening .1. */
const afterShift: Readonly<Record<Own, number>> = { compact: 0.3, full: 0.5 };

const at = 2000;

/** A daily wave by the hour, to which each event's disturbance is added. */
const wave = (disturbance: (i: number) => number): Event[] =>
  Array.from({ length: at + 24 }, (_, i) => ({
    key: "a",
    time: 1e12 + i * 3_600_000,
    value: 20 + 5 * Math.sin((i / 24) * 2 * Math.PI) + 0.2 * Math.sin(i * 12.9898) + disturbance(i),
  }));

const jump = 6;

/** Largest error of the forecasts made from two values and more after the disturbance. */
function worstAfter(readout: Own, events: readonly Event[]): number {
  const { expected } = runFresh({ readout, hidden: 16 }, events);
  return Math.max(...events.slice(at + 2).map(({ value }, i) => Math.abs(expected[at + 2 + i]! - value)));
}

describe.each(own)("with the read-out %s", (readout) => {
  // Left in the past it costs 1 to 4 in one of the forecasts after, by the read-out.
  test("an isolated outlier is forgotten once the next value is back", () => {
    expect(
      worstAfter(
        readout,
        wave((i) => (i === at ? jump : 0)),
      ),
    ).toBeLessThan(0.4);
  });

  test("a shift of the level is gone along with once the next value has stayed", () => {
    expect(
      worstAfter(
        readout,
        wave((i) => (i >= at ? jump : 0)),
      ),
    ).toBeLessThan(afterShift[readout]);
  });

  test("after an outlier whose next value is missing forecasts find back too", () => {
    const events = wave((i) => (i === at ? jump : 0));
    events[at + 1] = { ...events[at + 1]!, value: NaN };
    const { expected } = runFresh({ readout, hidden: 16 }, events);
    for (const row of [at + 12, at + 23]) expect(expected[row]!).toBeCloseTo(events[row]!.value, -0.6);
  });
});
