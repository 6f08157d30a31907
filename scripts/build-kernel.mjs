// Compiles the AssemblyScript kernel to dist/kernel/cells.wasm.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(new URL("../dist/kernel/", import.meta.url), { recursive: true });

// Binaryen's own optimiser reorders the products so that they no longer fit the registers (measured: 1.5 times slower);
// V8 does all that matters here.
const options = ["-O0", "--noAssert", "--runtime", "stub", "--enable", "simd", "--maximumMemory", "65536"];
const { error } = await asc.main(
  ["src/kernel/index.ts", "--baseDir", root, "--outFile", "dist/kernel/cells.wasm", ...options],
  { stdout: process.stdout, stderr: process.stderr },
);
if (error) {
  console.error(error.message);
  process.exitCode = 1;
}
