// Compiles the AssemblyScript kernel to dist/kernel, twice: simd for every engine, fma for those with relaxed SIMD.
// Then writes modules that hold its bytes as text, which bundlers and browsers load as any other.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

// The compiler's own optimiser is off: at every level it makes the kernel no faster (measured on Node 20), and it may
// reorder products that are written to fit the registers. V8 optimises what matters.
const options = ["-O0", "--noAssert", "--runtime", "stub", "--enable", "simd", "--maximumMemory", "65536"];
const entries = {
  cells: "cells/index.ts",
  regression: "regression/regression.ts",
  horizons: "regression/horizons.ts",
  text: "text/text.ts",
};
const kernels = {
  simd: { entries, options },
  fma: { entries: { ...entries, fused: "fused.ts" }, options: [...options, "--enable", "relaxed-simd"] },
};
for (const [kernel, { entries, options }] of Object.entries(kernels)) {
  mkdirSync(new URL(`../dist/kernel/${kernel}/`, import.meta.url), { recursive: true });
  for (const [name, entry] of Object.entries(entries)) {
    const { error } = await asc.main(
      [
        `src/kernel/${entry}`,
        "--baseDir",
        root,
        "--outFile",
        `dist/kernel/${kernel}/${name}.wasm`,
        ...options,
      ],
      { stdout: process.stdout, stderr: process.stderr },
    );
    if (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}

const folder = new URL("../dist/kernel/", import.meta.url);
const textOf = (file) => readFileSync(new URL(file, folder)).toString("base64");
const textsOf = (kernel, names) =>
  Object.fromEntries(names.map((name) => [name, textOf(`${kernel}/${name}.wasm`)]));

function writeModule(name, declaration, value, type) {
  writeFileSync(
    new URL(`${name}.js`, folder),
    `/** Made by scripts/build-kernel.mjs. */\nexport const ${declaration} = ${JSON.stringify(value)};\n`,
  );
  writeFileSync(new URL(`${name}.d.ts`, folder), `export declare const ${declaration}: ${type};\n`);
}

const names = ["cells", "regression", "horizons"];
const type = `{
  readonly simd: Readonly<Record<"cells" | "regression" | "horizons", string>>;
  readonly fma?: Readonly<Record<"cells" | "regression" | "horizons" | "fused", string>>;
}`;
const simd = textsOf("simd", names);
writeModule("kernels", "kernels", { simd, fma: textsOf("fma", [...names, "fused"]) }, type);
// A download counts in a browser: there the build is enough that runs everywhere.
writeModule("kernels-browser", "kernels", { simd }, type);
writeModule("text", "text", textOf("simd/text.wasm"), "string");
