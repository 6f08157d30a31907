// What `npm run mutation` runs of the tests: those that take seconds, the quickest of them first.
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
    // Not the one that sabotages the simulator: it is no test of the source.
    exclude: ["test/simulate/sabotage.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/mutation-setup.ts"],
    env: { SEEDS: "60" },
    sequence: { sequencer: QuickestFirst },
    testTimeout: 60_000,
  },
});
