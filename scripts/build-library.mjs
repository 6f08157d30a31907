// Makes from the compiled modules what programs import: dist/esm, one file for each entry and files of what entries share, which
// Node loads in a third of the time of single modules; dist/command, the same for the command and its worker threads; and dist/cjs,
// the modules for CommonJS with their types.
// The types are made readable for older compilers.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { rollup } from "rollup";
import { minify } from "terser";

/** Makes declarations that compilers from 5.4 on read, also without the optional packages. */
function portable(declarations) {
  return declarations
    .replace(/\b(\w+Array)<ArrayBuffer(?:Like)?>/g, "$1")
    .replace(
      /^import .* from "@tensorflow\/.*";$/gm,
      "// @ts-ignore: without the package its types are any\n$&",
    );
}

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const manifest = JSON.parse(readFileSync(path("package.json"), "utf8"));

/** Entries by the name of their file: "pipeline" for "./dist/esm/pipeline.js". */
const entries = Object.values(manifest.exports).flatMap((conditions) => conditions.import ?? []);
const entryPoints = Object.fromEntries(
  entries.map(({ types, default: file }) => [
    /^\.\/dist\/esm\/(.*)\.js$/.exec(file)[1],
    path(types.replace(/\.d\.ts$/, ".js")),
  ]),
);

/** A key's layout: places by name, and lengths. */
const layout = Object.entries(await import("../dist/forecast/keys/layout.js"));
const places = new Map(layout.filter(([, value]) => typeof value === "object"));

/** Puts the places of a key's numbers where they are read: entries share their file, and terser knows no constant of another file. */
const placesOfNumbers = {
  name: "places of numbers",
  transform(code) {
    const imported = /^import \{(.*)\} from ".*\/layout\.js";$/m.exec(code)?.[1] ?? "";
    const names = imported.split(",").map((name) => name.trim());
    const reads = new RegExp(
      `(?<![\\w$.#])(${names.filter((name) => places.has(name)).join("|") || "(?!)"})\\.(\\w+)\\b`,
      "g",
    );
    return { code: code.replace(reads, (read, name, member) => places.get(name)[member] ?? read), map: null };
  },
};

/**
 * Writes entries to a folder, and what they share beside them. A `const` stays one: esbuild writes `var`, which V8 reads anew each time,
 * and an event takes 8 % longer.
 */
async function bundle(input, folder, output) {
  rmSync(path(folder), { recursive: true, force: true });
  const bundled = await rollup({
    input,
    // Bundlers choose the kernel by their own conditions.
    external: (id) => !/^[./]/.test(id),
    treeshake: { moduleSideEffects: false },
    plugins: [placesOfNumbers],
  });
  const options = {
    dir: path(folder),
    format: "es",
    minifyInternalExports: false,
    hoistTransitiveImports: false,
  };
  return (await bundled.write({ ...options, ...output })).output;
}

const library = await bundle(entryPoints, "dist/esm", { chunkFileNames: "shared/[hash].js" });
const importsOf = new Map(library.map(({ fileName, imports }) => [fileName, imports]));

// Memory layouts are objects of constants, `{ loss: 3 }`. In the files of the main entry each constant stands where it is read:
// 3.7 kB of a gzipped bundle, which bundlers' own minifiers leave. Nothing else is rewritten, so that traces stay readable.
const filesOfMain = new Set(["index.js"]);
for (const name of filesOfMain) {
  const file = path(`dist/esm/${name}`);
  const { code } = await minify(readFileSync(file, "utf8"), {
    module: true,
    compress: {
      defaults: false,
      evaluate: true,
      hoist_props: true,
      passes: 3,
      reduce_vars: true,
      unused: true,
    },
    mangle: false,
    format: { beautify: true, comments: true },
  });
  writeFileSync(file, code);
  for (const imported of importsOf.get(name)) if (importsOf.has(imported)) filesOfMain.add(imported);
}

// The command, by itself: in common with the library it would split what the main entry loads. Its numerical parts are one file,
// because V8 knows no constant of another file. A file finds the program of worker threads beside itself.
const numerical =
  /\/dist\/(?:engine\/(?!tfjs\/)|forecast\/(?!symbols\/|schema\/|learning\/initial\/|(?:.*\/)?(?:schema|options)\.js))/;
await bundle(
  { main: path("dist/cli/main.js"), "worker-thread": path("dist/cli/service/worker-thread.js") },
  "dist/command",
  {
    chunkFileNames: "[name]-[hash].js",
    manualChunks: (id) => (numerical.test(id) ? "forecaster" : undefined),
  },
);
const command = path("dist/cli.js");
writeFileSync(command, readFileSync(command, "utf8").replace('"./cli/main.js"', '"./command/main.js"'));

// `#rxjs` is rxjs, and in Node the modules of rxjs that the main entry uses. They hold the same objects, and Node loads 30 files
// in place of 230.
const main = path("dist/esm/index.js");
const code = readFileSync(main, "utf8").replaceAll(/^(import \{.*\} from) "rxjs";$/gm, '$1 "#rxjs";');
writeFileSync(main, code);
const rxjsNames = [...code.matchAll(/^import \{(.*)\} from "#rxjs";$/gm)].flatMap(([, names]) =>
  names.split(",").map((name) => name.trim().split(" ")[0]),
);
const rxjsIndex = readFileSync(path("node_modules/rxjs/dist/esm/index.js"), "utf8");
const rxjsModules = [...rxjsIndex.matchAll(/^export \{ (.*) \} from '\.\/(internal\/.*)';$/gm)];
const rxjsModuleOf = (name) => rxjsModules.find(([, names]) => names.split(", ").includes(name))[2];
const used = [...new Set(rxjsNames)].sort();
writeFileSync(path("dist/rxjs.js"), `export { ${used.join(", ")} } from "rxjs";\n`);
writeFileSync(
  path("dist/rxjs-node.js"),
  used.map((name) => `export { ${name} } from "rxjs/${rxjsModuleOf(name)}";\n`).join(""),
);

const cjs = path("dist/cjs");
rmSync(cjs, { recursive: true, force: true });
const rooms =
  /^(?:kernel\/[^/]*|(?:index|pretrained|web|tfjs)\.|(?:errors|engine|forecast|operators|pipeline|adapters\/(?:kafka|schemas))\/)/;
const files = readdirSync(path("dist"), { recursive: true }).map((name) => name.replaceAll("\\", "/"));
/** The address of a module, which CommonJS has as a path. */
const banner = 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;';
for (const name of files.filter((name) => rooms.test(name) && /\.(?:js|d\.ts)$/.test(name))) {
  mkdirSync(dirname(`${cjs}/${name}`), { recursive: true });
  const source = readFileSync(path(`dist/${name}`), "utf8");
  if (name.endsWith(".d.ts")) {
    // A second run finds its own work.
    const declarations = source.includes("@ts-ignore") ? source : portable(source);
    for (const folder of [path("dist"), cjs]) writeFileSync(`${folder}/${name}`, declarations);
    continue;
  }
  const { code } = await transform(source, {
    format: "cjs",
    platform: "node",
    target: "es2022",
    ...(source.includes("import.meta.url") && { define: { "import.meta.url": "importMetaUrl" }, banner }),
  });
  writeFileSync(`${cjs}/${name}`, code);
}
const inCjs = (conditions) => JSON.parse(JSON.stringify(conditions).replaceAll("./dist/", "./"));
writeFileSync(`${cjs}/package.json`, JSON.stringify({ type: "commonjs", imports: inCjs(manifest.imports) }));
