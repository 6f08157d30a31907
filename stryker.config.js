// How mutants are made and run: see scripts/mutation.mjs, which says of what and prints the scores.
export default {
  testRunner: "vitest-bounded",
  plugins: ["@stryker-mutator/vitest-runner", "./scripts/mutation-runner.mjs"],
  coverageAnalysis: "perTest",
  // Texts of errors and warnings are for people: tests hold the codes, and of the texts what an operator acts on.
  mutator: { excludedMutations: ["StringLiteral"] },
  // A module's tables are mutated once at its load, for which every test would have to run.
  ignoreStatic: true,
  incremental: true,
  ignorePatterns: ["build", "docs", "monitoring", "examples", "config"],
  reporters: ["clear-text", "progress-append-only", "html"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  // Vitest checks no types.
  disableTypeChecks: false,
  // The last resort: loops without end are found by counting, or by the processor time that scripts/mutation-runner.mjs bounds.
  timeoutMS: 300_000,
};
