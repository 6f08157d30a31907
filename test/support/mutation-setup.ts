// How tests run for `npm run mutation`: properties with few cases, or all of them, the same in every run, for whether a mutant is noticed must
// not depend on luck; and nothing more once a test has failed.
import type * as FastCheck from "fast-check";
import { afterEach, vi } from "vitest";

/** Some for each property, and more of those that are quick, and so ask for many; all where the tests of a part are few. */
const fewer = (runs: number): number =>
  process.env["UNDERCURRENT_MUTATION_CASES"] === "all"
    ? runs
    : Math.max(Math.min(runs, 5), Math.ceil(runs / 20));

vi.mock("fast-check", async (original) => {
  const library = await original<typeof FastCheck>();
  // Synchronous properties come this way too: only the types tell them apart.
  const assert = (property: FastCheck.IAsyncProperty<void>, parameters: FastCheck.Parameters = {}): unknown =>
    library.assert(property, {
      ...parameters,
      seed: 1,
      numRuns: fewer(parameters.numRuns ?? 100),
      // That it fails is enough.
      endOnFailure: true,
    });
  return { ...library, default: { ...library.default, assert } };
});

// Vitest runs no test after the first that fails, but would load the files of all others.
const run = globalThis as { someTestFailed?: boolean };
if (run.someTestFailed === true) throw new Error("not loaded: the mutant is noticed already");
afterEach(({ task }) => {
  if (task.result?.state === "fail") run.someTestFailed = true;
});
