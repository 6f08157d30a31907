/** A runtime that forbids compiling, as edge runtimes and pages with a strict policy do. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { createForecaster } from "../../src/index.js";

declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

const root = fileURLToPath(new URL("../..", import.meta.url));
let program: string;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from "undercurrent-forecast"; export * from "undercurrent-forecast/web";`,
      resolveDir: root,
    },
    bundle: true,
    format: "iife",
    globalName: "undercurrent",
    platform: "browser",
    write: false,
  });
  program = outputFiles[0]!.text;
});

/** A global scope of its own in which neither texts nor WebAssembly can be compiled. */
function runIn(scope: object, code: string): unknown {
  const context = createContext(
    { TextEncoder, TextDecoder, ...scope },
    { codeGeneration: { strings: false, wasm: false } },
  );
  runInContext(program, context);
  return runInContext(code, context);
}

const events = Array.from({ length: 60 }, (_, i) => ({ key: "a", time: i * 1000, value: Math.sin(i) }));
const observe = `
const forecaster = undercurrent.createForecaster({ horizon: 2, initial: "random" });
forecaster.observe(JSON.parse(events)).at(-1).yhat;`;

test("without modules of the kernel the first forecaster says what to do", () => {
  const error = runIn({ events: "[]" }, `try {${observe}} catch (error) { error }`) as Record<
    string,
    unknown
  >;
  expect(error).toMatchObject({ code: "KERNEL_REFUSED" });
  expect(error["action"]).toContain("useKernel of undercurrent-forecast/web");
});

test("with compiled modules it forecasts, and evaluates no text", () => {
  const modules = Object.fromEntries(
    ["cells", "regression", "horizons", "gates"].map((name) => [
      name,
      new WebAssembly.Module(readFileSync(new URL(`../../dist/kernel/simd/${name}.wasm`, import.meta.url))),
    ]),
  );
  using forecaster = createForecaster({ horizon: 2, initial: "random" });
  const expected = forecaster.observe(events).at(-1)!.yhat;
  const yhat = runIn(
    { modules, events: JSON.stringify(events) },
    `undercurrent.useKernel({ modules }); ${observe}`,
  );
  expect(yhat).toBeCloseTo(expected, 4);
});
