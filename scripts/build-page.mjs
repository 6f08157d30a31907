// Bundles the live page into dist/page: one script, one style sheet, the document, the icon, uPlot's licence.
import { build } from "esbuild";
import { copyFile, mkdir, mkdtemp, readdir, rename, rmdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const source = path("../src/adapters/web/page/");
const target = path("../dist/page/");

await mkdir(target, { recursive: true });
const fresh = await mkdtemp(path("../dist/page-"));
await build({
  entryPoints: [
    { in: `${source}main.ts`, out: "page" },
    { in: `${source}page.css`, out: "page" },
  ],
  outdir: fresh,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
});
for (const file of ["index.html", "icon.svg"]) await copyFile(source + file, `${fresh}/${file}`);
// uPlot is inside the bundle, and its licence asks to travel with it.
await copyFile(path("../node_modules/uplot/LICENSE"), `${fresh}/uplot.LICENSE.txt`);
// Moved in one by one: whoever reads the page meanwhile gets whole files.
for (const file of await readdir(fresh)) await rename(`${fresh}/${file}`, target + file);
await rmdir(fresh);
