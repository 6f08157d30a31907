// What `npm run mutation` runs of the tests: those that take seconds.
import { defineConfig } from "vitest/config";
import { BaseSequencer, type Reporter, type TestSpecification } from "vitest/node";

/** What each file of tests found of the last mutants, and the milliseconds it took: what is longer ago counts ever less. */
const records = new Map<string, { found: number; spent: number }>();
const kept = 0.9;

const recorder: Reporter = {
  onTestModuleEnd(module) {
    if (module.children.size === 0) return; // it was not loaded
    const [failed] = module.children.allTests("failed");
    const { duration, collectDuration } = module.diagnostic();
    const { found, spent } = records.get(module.moduleId) ?? { found: 0, spent: 0 };
    records.set(module.moduleId, {
      found: kept * found + (failed === undefined ? 0 : 1),
      spent: kept * spent + duration + collectDuration,
    });
  },
};

/** A mutant dies of the first test that fails: first goes what lately found most for its time, and at the start what is quickest. */
class LikeliestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => worth(b) - worth(a)));
  }
}

function worth({ moduleId }: TestSpecification): number {
  const { found, spent } = records.get(moduleId) ?? { found: 0, spent: 0 };
  return (found + 0.1) / (spent + 10);
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // The broker, for tests that ask for one.
    globalSetup: ["test/support/global-setup.ts"],
    // Tests of the simulator itself, and of statistics: they take half a minute, and the digests of test/forecast/bits see what they see.
    exclude: [
      "test/simulate/sabotage.test.ts",
      "test/forecast/{horizon/features,horizon/horizons,irregular,models,uncertainty/alarms,uncertainty/coverage}.test.ts",
      "test/pipeline/state/model-record.test.ts",
    ],
    setupFiles: ["test/support/mutation-setup.ts"],
    // One seed of the simulator more than the ten that are always shown.
    env: { SEED: "11" },
    reporters: [recorder],
    sequence: { sequencer: LikeliestFirst },
    // Modules are loaded once: what is mutated at their load is left out anyway.
    isolate: false,
    // That two states differ is enough: to print where would take a hundred times as long as to find it.
    diff: { truncateThreshold: 10, maxDepth: 1 },
    // For what waits for ever without working; whoever is niced on a busy machine may need a minute for a second's work.
    testTimeout: 180_000,
  },
});
