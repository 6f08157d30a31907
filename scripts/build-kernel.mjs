// Compiles the AssemblyScript kernel to dist/kernel, twice: simd for every engine, fma for those with relaxed SIMD.
// Then writes modules that hold its bytes as text, which bundlers and browsers load as any other.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { frequentBytes, textOfBytes, textOfFrequent } from "./wasm-text.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

// The compiler's levels of optimisation are off: they make the kernel no faster (measured on Node 20), and may reorder products
// that are written to fit the registers. V8 optimises what matters. These passes only merge and drop locals, which inlining
// leaves by the hundred: half of the gzipped bytes; and the blocks and jumps that inlined returns leave, a tenth of all bytes.
const passes = [
  "remove-unused-names",
  "remove-unused-brs",
  "simplify-locals-nostructure",
  "coalesce-locals",
  "reorder-locals",
  "vacuum",
];
const options = ["-O0", "--runPasses", passes.join(","), "--noAssert", "--runtime", "stub"];
options.push("--enable", "simd", "--maximumMemory", "65536");
const entries = {
  cells: "cells/index.ts",
  regression: "regression/regression.ts",
  horizons: "regression/horizons.ts",
  gates: "gates/gates.ts",
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
const bytesOf = (kernel, name) => readFileSync(new URL(`${kernel}/${name}.wasm`, folder));
const names = ["cells", "regression", "horizons", "gates"];
const all = names.flatMap((name) => [...bytesOf("simd", name)]);

function writeModule(name, declaration, value, type) {
  writeFileSync(
    new URL(`${name}.js`, folder),
    `/** Made by scripts/build-kernel.mjs. */\nexport const ${declaration} = ${JSON.stringify(value)};\n`,
  );
  writeFileSync(new URL(`${name}.d.ts`, folder), `export declare const ${declaration}: ${type};\n`);
}

const type = `{
  readonly frequent: string;
  readonly simd: Readonly<Record<"cells" | "regression" | "horizons" | "gates", string>>;
  readonly fma?: Readonly<Record<"cells" | "regression" | "horizons" | "gates" | "fused", string>>;
}`;
const frequent = frequentBytes(all);
const textsOf = (kernel, names) =>
  Object.fromEntries(names.map((name) => [name, textOfBytes(bytesOf(kernel, name), frequent)]));
const texts = { frequent: textOfFrequent(frequent), simd: textsOf("simd", names) };
writeModule("kernels", "kernels", { ...texts, fma: textsOf("fma", [...names, "fused"]) }, type);
// A download counts in a browser: there the build is enough that runs everywhere.
writeModule("kernels-browser", "kernels", texts, type);

const text = bytesOf("simd", "text");
const frequentOfText = frequentBytes(text);
writeModule(
  "text",
  "text",
  { frequent: textOfFrequent(frequentOfText), bytes: textOfBytes(text, frequentOfText) },
  "{ readonly frequent: string; readonly bytes: string }",
);
