// Builds one program with every bundler, as ES module and as CommonJS, for Node and for browsers: node build.mjs FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";

const folder = process.argv[2];
const use = `
const read = { key: (event) => event.key, time: (event) => event.time, value: (event) => event.value };
const events = Array.from({ length: 60 }, (_, i) => ({ key: "a", time: i * 1000, value: Math.sin(i) }));
const piped = [];
from(events).pipe(forecast(read)).subscribe(({ yhat }) => piped.push(yhat));
const direct = createForecaster({ horizon: 2 }).observe(events).map(({ yhat }) => yhat);
globalThis.forecasts = { piped, direct };
`;
const sources = {
  esm: `import { createForecaster, forecast } from "undercurrent-forecast";\nimport { from } from "rxjs";\n${use}`,
  cjs: `const { createForecaster, forecast } = require("undercurrent-forecast");\nconst { from } = require("rxjs");\n${use}`,
};

/** Builds the file `entry` into the file `output`; a bundle of its own, a script. */
const bundlers = {
  esbuild: ({ entry, output, target }) =>
    esbuild.build({
      entryPoints: [entry],
      outfile: output,
      bundle: true,
      format: target === "node" ? "cjs" : "iife",
      platform: target,
      minify: true,
      logLevel: "error",
    }),

  webpack: ({ entry, output, target }) =>
    new Promise((resolve, reject) => {
      const options = {
        entry,
        mode: "development",
        devtool: false,
        target: target === "node" ? "node20" : "web",
        output: { path: dirname(output), filename: basename(output) },
      };
      webpack(options, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString("errors-only")));
        else resolve();
      });
    }),

  async rollup({ entry, output, target }) {
    const bundle = await rollup({
      input: entry,
      // What is unused stays: the time of the test counts, not the size of this bundle.
      treeshake: false,
      plugins: [nodeResolve({ browser: target === "browser", preferBuiltins: true }), commonjs()],
      onwarn: (warning) => {
        throw new Error(warning.message);
      },
    });
    await bundle.write({ file: output, format: target === "node" ? "cjs" : "iife", name: "program" });
  },

  vite: ({ entry, output, target }) =>
    vite.build({
      configFile: false,
      root: folder,
      logLevel: "error",
      ssr: { noExternal: true },
      build: {
        ssr: target === "node",
        outDir: dirname(output),
        emptyOutDir: false,
        minify: false,
        lib: {
          entry,
          formats: [target === "node" ? "cjs" : "iife"],
          name: "program",
          fileName: () => basename(output),
        },
        rolldownOptions: { output: { entryFileNames: basename(output) } },
      },
    }),
};

for (const [format, source] of Object.entries(sources)) {
  const entry = join(folder, `program-${format}.${format === "esm" ? "mjs" : "cjs"}`);
  writeFileSync(entry, source);
  for (const target of ["node", "browser"]) {
    for (const [name, bundle] of Object.entries(bundlers)) {
      const output = join(folder, "out", `${name}-${format}-${target}.cjs`);
      mkdirSync(join(folder, "out"), { recursive: true });
      await bundle({ entry, output, target });
    }
  }
}
