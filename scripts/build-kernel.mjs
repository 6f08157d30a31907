// Compiles the AssemblyScript kernel to dist/kernel: cells.wasm, regression.wasm and horizons.wasm.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(new URL("../dist/kernel/", import.meta.url), { recursive: true });

// The compiler's own optimiser is off: at every level it makes the kernel no faster (measured on Node 20), and it may
// reorder products that are written to fit the registers. V8 optimises what matters.
const options = ["-O0", "--noAssert", "--runtime", "stub", "--enable", "simd", "--maximumMemory", "65536"];
for (const [entry, file] of [
  ["index.ts", "cells.wasm"],
  ["regression.ts", "regression.wasm"],
  ["horizons.ts", "horizons.wasm"],
]) {
  const { error } = await asc.main(
    [`src/kernel/${entry}`, "--baseDir", root, "--outFile", `dist/kernel/${file}`, ...options],
    { stdout: process.stdout, stderr: process.stderr },
  );
  if (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
