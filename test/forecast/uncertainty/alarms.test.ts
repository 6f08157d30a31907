/** False alarms come at most as often as the alarm rate says, on data without anomalies, whatever its noise and its shape. */
import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { quick, runFresh, type Event } from "../../support/streams.js";
import { drawNormal } from "../../support/random.js";

const keys = 4;
const count = 80_000;
/** Events of all keys that are left out: the threshold of a young key is still finding its place. */
const settled = 8000;

/** One value after the other of a series without anomalies; `t` counts them. */
type Process = (t: number) => number;

const next = uniform(11);
const normal = (): number => drawNormal(next);
/** Student's t with 3 degrees of freedom: a normal over the root of a chi-squared by its degrees. */
const heavyTailed = (): number => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);

const processes: Readonly<Record<string, () => Process>> = {
  "independent normal values": () => normal,
  "independent values with the tails of t3": () => heavyTailed,
  "an autoregressive series": () => {
    let value = 0;
    return () => (value = 0.8 * value + normal());
  },
  "a random walk with the tails of t3": () => {
    let value = 0;
    return () => (value += heavyTailed());
  },
  "a season with noise": () => (t) => 5 * Math.sin((2 * Math.PI * t) / 24) + normal(),
};

function events(make: () => Process): Event[] {
  const series = Array.from({ length: keys }, make);
  return Array.from({ length: count }, (_, i) => {
    const [key, t] = [i % keys, Math.floor(i / keys)];
    return { key: `key-${key}`, time: t * 3_600_000, value: series[key]!(t) };
  });
}

describe.each([0.001, 0.01])("at an alarm rate of %f", (alarmRate) => {
  test.each(Object.entries(processes))("%s raise alarms at most at that rate", (_, make) => {
    const { anomalyScore } = runFresh({ ...quick, alarmRate }, events(make));
    const alarms = anomalyScore.subarray(settled, count).filter((score) => score > 1).length;
    const scored = count - settled;
    // Four standard deviations of a binomial count: one run in 16,000 would fail by chance, and the seed is fixed.
    const tolerance = 4 * Math.sqrt(scored * alarmRate * (1 - alarmRate));
    expect(alarms).toBeLessThan(scored * alarmRate + tolerance);
  });
});
