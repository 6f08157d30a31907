/** What a browser's bundle of the main entry holds, and its size. */
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A minified program for browsers that imports these names, without rxjs, which it has anyway. */
async function bundleOf(
  names: string,
): Promise<{ readonly gzipped: number; readonly inputs: string[]; readonly code: string }> {
  const { outputFiles, metafile, warnings } = await build({
    stdin: { contents: `export { ${names} } from "undercurrent-forecast";`, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    external: ["rxjs"],
    metafile: true,
    write: false,
  });
  expect(warnings).toEqual([]);
  const code = outputFiles[0]!.text;
  return { code, gzipped: gzipSync(code).length, inputs: Object.keys(metafile.inputs) };
}

test("the main entry brings nothing but this package and rxjs, for a browser", async () => {
  const { code, inputs } = await bundleOf(
    "createForecaster, createSymbolForecaster, forecast, forecastSymbols, anomalies",
  );
  expect(inputs.filter((path) => path.includes("node_modules"))).toEqual([]);
  expect(inputs.filter((path) => path.startsWith("dist/kernel/"))).toEqual([
    "dist/kernel/kernels-browser.js",
  ]);
  // Neither the trained weights nor the pipeline.
  expect(code).not.toContain("pretrained-2");
  expect(code).not.toContain("everyEvents");
});

// The kernel is 12 kB of it.
test.each([
  ["forecast", 87_800],
  ["createForecaster", 86_900],
  ["createForecaster, createSymbolForecaster, forecast, forecastSymbols, anomalies", 91_900],
])("a program with %s is at most %d bytes gzipped", async (names, most) => {
  const { gzipped } = await bundleOf(names);
  expect(gzipped).toBeLessThan(most);
});
