/** Programs built by every bundler, as ES module and as CommonJS, for Node and for browsers, and run. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createForecaster } from "../../src/index.js";

/** What a program leaves in the global `forecasts`. */
interface Forecasts {
  readonly piped: readonly number[];
  readonly direct: readonly number[];
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const builds = join(root, "build");
const targets = ["esbuild", "webpack", "rollup", "vite"].flatMap((bundler) =>
  ["esm", "cjs"].flatMap((format) => ["node", "browser"].map((target) => [bundler, format, target] as const)),
);
let folder: string;

beforeAll(() => {
  mkdirSync(builds, { recursive: true });
  folder = mkdtempSync(join(builds, "bundles-"));
  execFileSync(process.execPath, [join(root, "test/bundles/build.mjs"), folder], { cwd: root });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a bundle as Node does, or in a global scope with what browsers have of it and nothing of Node. */
function run(file: string, target: string): Forecasts {
  if (target === "node") {
    createRequire(file)(file);
    return (globalThis as unknown as { forecasts: Forecasts }).forecasts;
  }
  const scope = createContext({ atob, TextEncoder, TextDecoder, performance, setTimeout, clearTimeout });
  runInContext("globalThis.self = globalThis", scope);
  runInContext(readFileSync(file, "utf8"), scope);
  return JSON.parse(runInContext("JSON.stringify(forecasts)", scope) as string) as Forecasts;
}

test.each(targets)("a bundle by %s of an %s program for %s forecasts", (bundler, format, target) => {
  const events = Array.from({ length: 60 }, (_, i) => ({ key: "a", time: i * 1000, value: Math.sin(i) }));
  // The programs load no trained weights, so that they begin with random ones.
  using forecaster = createForecaster({ horizon: 2, initial: "random" });
  const expected = forecaster.observe(events).map(({ yhat }) => yhat);
  const { piped, direct } = run(join(folder, "out", `${bundler}-${format}-${target}.cjs`), target);
  // Browsers have the other kernel, whose last bits differ.
  const same = (value: number, i: number): unknown => expect(value).toBeCloseTo(expected[i]!, 4);
  expect(piped).toHaveLength(60);
  expect(direct).toHaveLength(60);
  piped.forEach(same);
  direct.forEach(same);
});
