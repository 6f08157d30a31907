import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { configSchema } from "../../src/config/schema.js";
import { createForecaster } from "../../src/forecast/objects.js";
import { forecasterSchema } from "../../src/forecast/schema/forecaster.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { createSymbolForecaster } from "../../src/forecast/symbols/objects.js";
import { symbolSchema } from "../../src/forecast/symbols/schema.js";
import { UndercurrentError } from "../../src/errors/errors.js";

/** What a JSON schema says of a number. */
interface Range {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Range>>;
  readonly items?: Range;
}

const rangesOf = (schema: z.ZodType): Readonly<Record<string, Range>> =>
  (z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Range).properties!;

/** The least and the largest value that a range has, and what lies just within. */
function extremesOf({
  type,
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
}: Range): readonly number[] {
  const isWhole = type === "integer";
  const least = minimum ?? (exclusiveMinimum === 0 ? Number.MIN_VALUE : exclusiveMinimum);
  const largest = maximum ?? (exclusiveMaximum === 1 ? 1 - 2 ** -53 : exclusiveMaximum);
  return [
    least ?? (isWhole ? Number.MIN_SAFE_INTEGER : -Number.MAX_VALUE),
    largest ?? (isWhole ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE),
  ];
}

const isNumber = ({ type }: Range): boolean => type === "integer" || type === "number";

/** Settings of which each number is left out or at one of its extremes; what takes memory without end is kept small. */
function settingsAt(
  ranges: Readonly<Record<string, Range>>,
  small: Readonly<Record<string, readonly number[]>>,
): fc.Arbitrary<object> {
  const entries = Object.entries(ranges).flatMap(([name, range]) => {
    const list = range.type === "array" && range.items !== undefined && isNumber(range.items);
    if (!list && !isNumber(range)) return [];
    const values = small[name] ?? extremesOf(list ? range.items : range);
    const one = fc.constantFrom(...values);
    return [[name, list ? fc.tuple(one, one) : one] as const];
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] });
}

const hostile = [0, 1, -1, 1e-300, 1e30, -1e30, 5, 5, NaN];

/** Runs what may be refused with SETTING_INVALID, and must not fail otherwise. */
function orRefused(use: () => void): void {
  try {
    use();
  } catch (error) {
    if (!(error instanceof UndercurrentError) || error.code !== "SETTING_INVALID") throw error;
  }
}

describe("a forecaster at the extremes of its settings", () => {
  const small: Readonly<Record<string, readonly number[]>> = {
    hidden: [4, 64],
    bpttWindows: [1, 256],
    featureCount: [0, 32],
  };

  test.each(Object.entries(rangesOf(forecasterSchema)).filter(([, range]) => isNumber(range) || range.items))(
    "works or is refused: %s",
    (name, range) => {
      for (const value of small[name] ?? extremesOf(range.items ?? range)) {
        for (const cell of ["lstm", "attention"] as const)
          orRefused(() => observe({ cell, stride: 2, bpttSteps: 4, [name]: range.items ? [value] : value }));
      }
    },
  );

  test("works, or is refused, wherever several are at theirs", () => {
    fc.assert(
      fc.property(
        settingsAt(rangesOf(forecasterSchema), small),
        fc.constantFrom("lstm", "rnn", "conv"),
        (settings, cell) => {
          orRefused(() => observe({ ...settings, cell }));
        },
      ),
      { numRuns: 20 },
    );
  });

  function observe(options: ForecasterOptions): void {
    const forecaster = createForecaster({ ...options, onRejected: () => undefined });
    try {
      const { featureCount: features = 0 } = options;
      for (let round = 0; round < 6; round++) {
        const forecasts = forecaster.observe(
          Array.from({ length: 32 }, (_, i) => ({
            key: `k${i % 3}`,
            time: 60_000 * (32 * round + i),
            value: round < 4 ? Math.sin(i) : hostile[i % hostile.length]!,
            features: Array.from({ length: features }, (_, feature) => i * feature),
          })),
        );
        if (round < 4) for (const { yhat } of forecasts.slice(3)) expect(yhat).not.toBeNaN();
      }
    } finally {
      forecaster.dispose();
    }
  }
});

describe("a forecaster of symbols at the extremes of its settings", () => {
  const small = {
    hidden: [4, 64],
    embedding: [4, 64],
    maxSymbols: [4, 256],
    maxNgrams: [1024, 65_536],
    bpttWindows: [1, 64],
  };

  test("works, or is refused", () => {
    fc.assert(
      fc.property(settingsAt(rangesOf(symbolSchema), small), (settings) => {
        orRefused(() => {
          const forecaster = createSymbolForecaster(settings);
          try {
            for (let round = 0; round < 8; round++) {
              const events = Array.from({ length: 64 }, (_, i) => ({
                key: `k${i % 2}`,
                symbol: String((i * i) % 13),
              }));
              forecaster.observe(events);
            }
          } finally {
            forecaster.dispose();
          }
        });
      }),
      { numRuns: 12 },
    );
  });
});

test("every size and time of the Kafka client fits the 32 bits that it has there", () => {
  const { kafka } = rangesOf(configSchema);
  const numbers = Object.entries(kafka!.properties!).filter(([, range]) => isNumber(range));
  expect(numbers.length).toBeGreaterThan(5);
  for (const [name, { minimum = -Infinity, maximum = Infinity }] of numbers) {
    expect([name, minimum > 0, maximum < 2 ** 31]).toEqual([name, true, true]);
  }
});
