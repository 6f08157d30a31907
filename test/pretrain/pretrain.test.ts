/** Initial weights and their corpus: from a seed, the same bits on every machine. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { corpusSeries } from "../../pretrain/corpus.js";
import { collectExamples } from "../../pretrain/examples.js";
import { trainGate } from "../../pretrain/gate.js";
import { signedHalf } from "../../pretrain/half.js";
import { processes } from "../../pretrain/processes.js";
import { train } from "../../pretrain/train.js";
import { moduleOf, packed } from "../../pretrain/write-file.js";
import { usePretrainedWeights } from "../../src/forecast/learning/initial/use-pretrained.js";
import { fromHalf, readHalves } from "../../src/forecast/encoding/halves.js";

// The kernel that every machine has: the other one rounds otherwise.
vi.stubEnv("UNDERCURRENT_KERNEL", "simd");

function digestOf(...arrays: readonly ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex").slice(0, 16);
}

test("series of the corpus have the bits that they always had", () => {
  const series = Array.from({ length: 60 }, (_, index) => corpusSeries(7, index));
  expect(digestOf(...series.flatMap(({ times, values }) => [times, values]))).toBe("8b5087b64c74aa15");
});

test("series of the corpus are what a forecaster can read", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 100_000 }), (seed, index) => {
      const { times, values } = corpusSeries(seed, index);
      expect(values).toHaveLength(times.length);
      expect(values[0]).not.toBeNaN();
      expect(values.every((value) => Number.isNaN(value) || Math.abs(value) < 1e30)).toBe(true);
      expect(
        times.every((time, i) => Number.isInteger(time) && (i === 0 || time >= times[0]! - 86_400_000)),
      ).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("the shares of the processes are the whole corpus", () => {
  expect(processes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
});

test("a short training gives the bits that it always gave", () => {
  const weights = train({ cell: "lstm", hidden: 8, seed: 7, events: 40_000 });
  expect(digestOf(weights)).toBe("4b222adb5fbe1d76");
});

test("a short training of a gate gives the bits that it always gave, and finds the better expert", () => {
  usePretrainedWeights();
  const examples = collectExamples({ cell: "lstm", hidden: 32 }, 7, 4000);
  const gate = trainGate(examples, 60, 1);
  expect(digestOf(gate)).toBe("5eb678cac4acfe77");
  const { members, inputs } = examples;
  expect(gate).toHaveLength(members * (inputs + 1));
  // The first member is always right, and the others are off by one.
  const forecasts = Float32Array.from(examples.forecasts, (_, i) => (i % members === 0 ? 0 : 1));
  const easy = trainGate({ ...examples, forecasts, targets: examples.targets.slice().fill(0) }, 300, 1);
  const scores = Array.from({ length: members }, (_, m) =>
    examples.x
      .subarray(0, inputs)
      .reduce((sum, each, j) => sum + each * easy[m * (inputs + 1) + j]!, easy[m * (inputs + 1) + inputs]!),
  );
  expect(Math.max(...scores)).toBe(scores[0]);
});

test("16-bit floats are read as they were written, and are the nearest", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (half) => {
      fc.pre(((half >> 10) & 31) !== 31 && half !== 0x8000);
      expect(signedHalf(fromHalf(half))).toBe(half);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: -60_000, max: 60_000, noNaN: true }), (value) => {
      const error = Math.abs(fromHalf(signedHalf(value)) - value);
      expect(error).toBeLessThanOrEqual(Math.max(Math.abs(value) / 2048, 2 ** -25));
    }),
  );
});

test("numbers that have no 16-bit float are refused", () => {
  for (const value of [NaN, Infinity, 65_505]) expect(() => signedHalf(value)).toThrow(RangeError);
});

test("a module holds the weights in lines, and damage is found", () => {
  const halves = packed(Float32Array.from({ length: 200 }, (_, i) => i / 8));
  const source = moduleOf(halves, { name: "some", type: "Halves", from: "./some.js" });
  const lines = [...source.matchAll(/^ {4}"(.*)",$/gm)].map(([, line]) => line!);
  expect(lines.length).toBeGreaterThan(1);
  expect(readHalves({ ...halves, weights: lines.join("") })[199]).toBe(199 / 8);
  expect(() => readHalves({ ...halves, checksum: halves.checksum + 1 })).toThrow("checksum");
});
