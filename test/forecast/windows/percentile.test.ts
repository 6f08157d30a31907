import { LogCollapsingLowestDenseDDSketch } from "@datadog/sketches-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exponential, logarithm } from "../../../src/forecast/elementary.js";
import { ByteReader, ByteWriter } from "../../../src/forecast/snapshot/bytes.js";
import { Percentile } from "../../../src/forecast/windows/percentile.js";

/** The published library, with the logarithm that has the same bits everywhere. */
function published(values: readonly number[]): (quantile: number) => number {
  const relativeAccuracy = 0.005;
  const sketch = new LogCollapsingLowestDenseDDSketch({ relativeAccuracy, binLimit: 2048 });
  const gamma = (1 + relativeAccuracy) / (1 - relativeAccuracy);
  const perLog = 1 / logarithm(gamma);
  sketch.mapping = {
    relativeAccuracy,
    gamma,
    minPossible: 1e-300,
    maxPossible: 1e300,
    key: (value) => Math.ceil(logarithm(value) * perLog),
    value: (key) => exponential(key / perLog) * (2 / (1 + gamma)),
    toProto: () => expect.unreachable(),
  };
  for (const value of values) sketch.accept(value);
  return (quantile) => Math.min(sketch.max, Math.max(sketch.min, sketch.getValueAtQuantile(quantile)));
}

function restored(percentile: Percentile): Percentile {
  const writer = new ByteWriter();
  percentile.write(writer);
  return Percentile.read(new ByteReader(writer.bytes()));
}

/** Sizes of one magnitude, of a few, and of any. */
const size = fc.oneof(
  fc.double({ min: 0.5, max: 2, noNaN: true }),
  fc.double({ min: -8, max: 8, noNaN: true }).map((power) => 10 ** power),
  fc.double({ min: -290, max: 29, noNaN: true }).map((power) => 10 ** power),
);
const value = fc.oneof(
  { weight: 6, arbitrary: size },
  { weight: 3, arbitrary: size.map((n) => -n) },
  fc.constant(0),
);

test("estimates are those of the published sketch, also after a restore", () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 60 }),
      fc.nat(60),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (values, cut, quantile) => {
        const expected = published(values)(quantile);
        let percentile = new Percentile();
        for (const [i, each] of values.entries()) {
          if (i === cut) percentile = restored(percentile);
          percentile.add(each);
        }
        expect(percentile.at(quantile)).toBe(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test("without values a percentile is NaN", () => {
  expect(new Percentile().at(0.5)).toBeNaN();
});
