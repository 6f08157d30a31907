// What `npm run mutation` runs of the tests: those that need no broker and take seconds, the quickest of them first.
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** A mutant dies of the first test that fails, so what is quick goes first; the runner's own order is the opposite. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).reverse();
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests of the simulator itself, and of statistics: they take half a minute, and the digests of test/forecast/bits see what they see.
    exclude: [
      "test/simulate/sabotage.test.ts",
      "test/forecast/{alarms,coverage,features,horizons,irregular,models}.test.ts",
      "test/pipeline/model-record.test.ts",
    ],
    setupFiles: ["test/support/mutation-setup.ts"],
    // One seed of the simulator more than the ten that are always shown.
    env: { SEED: "11" },
    sequence: { sequencer: QuickestFirst },
    // Modules are loaded once: what is mutated at their load is left out anyway.
    isolate: false,
    testTimeout: 60_000,
  },
});
