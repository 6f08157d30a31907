/** The shapes that options are checked by, against the schemas that they are made from. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { z } from "zod";
import { likeliestForm } from "../../src/config/issues.js";
import { forecasterShape } from "../../src/forecast/options.js";
import { forecasterSchema } from "../../src/forecast/schema/forecaster.js";
import { check, type Shape } from "../../src/forecast/schema/shape.js";
import { symbolShape } from "../../src/forecast/symbols/options.js";
import { symbolSchema } from "../../src/forecast/symbols/schema.js";

const wrong = fc.constantFrom<unknown>(
  ...[null, undefined, NaN, Infinity, -1, 0, 0.5, 4, 2 ** 60, "", "x", "(", "10s", "22:00", "24:00"],
  ...["2026-05-01", "2026-05-02T10:00Z", "Europe/Berlin", "p99", true, [], ["a"], [1, 1], {}, { path: "a" }],
  ...[{ feature: 1 }, { feature: 40, more: 1 }, { from: "22:00", to: "22:00" }, [{ from: "1", to: "2" }]],
  ...[{ from: "2026-05-02", to: "2026-05-01" }, { days: ["sat"], from: "22:00", to: "24:00" }, { count: 3 }],
);

/** Values of a shape, most of them right. */
function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  const right = rightOf(shape);
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

function rightOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case "number": {
      const { min = shape.above ?? -10, max = shape.below ?? 1000 } = shape;
      return shape.isWhole === true
        ? fc.integer({ min: Math.ceil(min), max }).map((n) => n - (n % (shape.multipleOf ?? 1)))
        : fc.double({ min, max, noNaN: true });
    }
    case "boolean":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...shape.values);
    case "text":
      return fc.constantFrom(
        "a",
        "10s",
        "1h",
        "0s",
        "22:00",
        "06:00",
        "UTC",
        "p99",
        "2026-05-01",
        "2026-05-02",
      );
    case "list":
      return fc.array(valuesOf(shape.items), { maxLength: 3 });
    case "object": {
      const members = Object.entries(shape.members).map(([name, member]) => [name, valuesOf(member)]);
      const record = fc.record(Object.fromEntries(members) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: [],
      });
      return fc.oneof(
        { weight: 20, arbitrary: record },
        record.map((given) => ({ ...given, more: 1 })),
      );
    }
    case "union":
      return fc.oneof(...shape.forms.map(valuesOf));
  }
}

/** What a schema says: the settings as text, or where the first issue is and what it says beside the range. */
function said(schema: z.ZodType, options: unknown): unknown {
  const result = schema.safeParse(options);
  if (result.success) return JSON.stringify(result.data);
  const [issue, path] = first(result.error.issues);
  return {
    path: path.map(String),
    ...(issue.code === "custom" && { message: issue.message }),
    ...(issue.code === "unrecognized_keys" && { unknown: issue.keys[0] }),
  };
}

/** The first issue and its path: in a union, that of the form which was likely meant. */
function first([issue]: readonly z.core.$ZodIssue[]): readonly [z.core.$ZodIssue, readonly PropertyKey[]] {
  const form = issue!.code === "invalid_union" ? likeliestForm(issue!.errors) : undefined;
  if (form === undefined) return [issue!, issue!.path];
  const [inner, path] = first(form);
  return [inner, [...issue!.path, ...path]];
}

/** Options of a few settings, so that most are right but for one. */
const fewOf = (shape: Shape): fc.Arbitrary<unknown> =>
  shape.type !== "object"
    ? fc.constant({})
    : fc
        .subarray(Object.entries(shape.members), { minLength: 1, maxLength: 3 })
        .chain((members) => valuesOf({ type: "object", members: Object.fromEntries(members) }));

/** Quiet times whose faults are of both forms. */
const quietTimes: readonly object[] = [
  { days: [], from: "2026-05-02", to: "2026-05-02" },
  { days: ["sat"], from: "2026-05-01", to: "2026-05-02" },
  { days: 5, from: "2026-05-01", to: "2026-05-02" },
  { days: [], from: "10:00", to: "10:00" },
  { from: "2026-05-01", to: "2026-05-02", more: 1 },
  { from: "22:00", to: "06:00", more: 1 },
  { from: "22:00", to: "2026-05-02" },
  { from: "a", more: 1 },
];
const unions = quietTimes.map((quiet): [unknown] => [{ detection: { quiet: [quiet], more: 1 } }]);

test.each<[string, Shape, z.ZodType]>([
  ["a forecaster", forecasterShape, forecasterSchema],
  ["a symbol forecaster", symbolShape, symbolSchema],
])("settings of %s are those of the schema, and so is the first that is wrong", (_, shape, schema) => {
  fc.assert(
    fc.property(fc.oneof(fewOf(shape), valuesOf(shape)), (options) => {
      const { value, issue } = check(shape, options);
      const { isFatal: _isFatal, expected: _expected, ...told } = issue ?? { isFatal: false };
      expect(issue === undefined ? JSON.stringify(value) : told).toEqual(said(schema, options));
    }),
    { numRuns: 1000, examples: unions },
  );
});
