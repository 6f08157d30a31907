import { createRequire } from "node:module";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** A folder whose node_modules hold @tensorflow/tfjs-node, which is too heavy to be a development dependency. */
const native = process.env["UNDERCURRENT_TFJS_NODE"];
const tfjsNode = "@tensorflow/tfjs-node";

export default defineConfig({
  resolve: {
    alias:
      native === undefined
        ? {}
        : { [tfjsNode]: createRequire(join(native, "package.json")).resolve(tfjsNode) },
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores is what CI has; more workers only make the timed waits of the integration tests flaky.
    maxWorkers: 2,
  },
});
