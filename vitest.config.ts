import { createRequire } from "node:module";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { seedOfProperties } from "./test/support/seed.js";
import { SlowestFiles } from "./test/support/slowest-files.js";

/** A folder whose node_modules hold @tensorflow/tfjs-node, which is too heavy to be a development dependency. */
const native = process.env["UNDERCURRENT_TFJS_NODE"];
const tfjsNode = "@tensorflow/tfjs-node";
const resolve = {
  alias:
    native === undefined ? {} : { [tfjsNode]: createRequire(join(native, "package.json")).resolve(tfjsNode) },
};

/** A file for the results, for CI. */
const report = process.env["UNDERCURRENT_TEST_REPORT"];
const json = (outputFile: string): ["json", { outputFile: string }] => ["json", { outputFile }];

/** Simulations, statistics over long streams, and slow engines. */
const longAlone = [
  "test/engine/tfjs/{tfjs-engine,tfjs-native,tfjs-oracle}.test.ts",
  "test/examples/delayed-echo.test.ts",
  "test/{fuzz/fuzz,fuzz/hostile-work,soak/soak}.test.ts",
  "test/simulate/{sabotage,seeds}.test.ts",
  "test/forecast/{horizon/features,horizon/horizons,irregular,models,uncertainty/alarms,uncertainty/coverage}.test.ts",
  "test/pipeline/state/model-record.test.ts",
];
/** Runs against a broker that take minutes. */
const longWithBroker = [
  "test/{chaos/chaos,chaos/shapes,soak/broker-soak}.test.ts",
  "test/integration/connect/{flink,jdbc-sink,opensearch-sink}.test.ts",
  "test/integration/kafka/{owners,inputs,oauth,many-partitions,quiet-log,hostile,second-client}.test.ts",
];
const long = [...longAlone, ...longWithBroker];
/** Quick tests of what a process has once: its kernel, its weights, the tensors and timers that they count. */
const alone = [
  "test/forecast/{bits,layers-model,learning/initial-missing}.test.ts",
  "test/{pretrain/pretrain,engine/wasm/kernel,engine/wasm/use-kernel}.test.ts",
  "test/{engine/tfjs/tfjs,engine/tfjs/tfjs-layers,adapters/host/metrics}.test.ts",
];
/** Tests of a whole system: brokers, browsers, servers of others. */
const integration = ["test/integration/**/*.test.ts"];

/** Measures the memory of its process. */
const measured = ["test/integration/kafka/pipeline.test.ts"];
/** Tests that mostly wait for a broker follow the others, more of them at once than there are cores. */
const waiting = { maxWorkers: 4, sequence: { groupOrder: 1 } };

const common = {
  env: { UNDERCURRENT_TEST_SEED: seedOfProperties() },
  setupFiles: ["test/support/seed-setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // Two cores is what CI has.
  maxWorkers: 2,
  maxConcurrency: 2,
  // A worker loads modules once: to load them for each file would take half of the time of the quick tests.
  isolate: false,
};
const project = (name: string, include: string[], rest: object = {}) => ({
  resolve,
  test: { ...common, name, include, ...rest },
});

export default defineConfig({
  test: {
    ...common,
    // One broker for all projects.
    globalSetup: ["test/support/global-setup.ts"],
    reporters: ["default", new SlowestFiles(), ...(report === undefined ? [] : [json(report)])],
    projects: [
      project("quick", ["test/**/*.test.ts"], { exclude: [...integration, ...long, ...alone] }),
      project("quick-alone", alone, { isolate: true }),
      project("integration", integration, { ...waiting, exclude: [...long, ...measured] }),
      project("integration-alone", measured, { ...waiting, isolate: true }),
      project("long", longAlone, { isolate: true }),
      project("long-broker", longWithBroker, { ...waiting, isolate: true }),
    ],
  },
});
