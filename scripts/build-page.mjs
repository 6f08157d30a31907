// Bundles the pages into dist/page. The live page: one script, one style sheet, the document, the icon. The report of a
// backtest: one document with both inside it and a place for its data. And uPlot's licence.
import { build } from "esbuild";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rmdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const source = path("../src/adapters/web/page/");
const target = path("../dist/page/");

await mkdir(target, { recursive: true });
const fresh = await mkdtemp(path("../dist/page-"));
const bundle = { bundle: true, target: "es2022", minify: true };
await build({
  ...bundle,
  format: "esm",
  entryPoints: [
    { in: `${source}main.ts`, out: "page" },
    { in: `${source}page.css`, out: "page" },
  ],
  outdir: fresh,
});
for (const file of ["index.html", "icon.svg"]) await copyFile(source + file, `${fresh}/${file}`);
// uPlot is inside the bundle, and its licence asks to travel with it.
const licence = path("../node_modules/uplot/LICENSE");
await copyFile(licence, `${fresh}/uplot.LICENSE.txt`);
await writeFile(`${fresh}/report.html`, await report());
// Moved in one by one: whoever reads the page meanwhile gets whole files.
for (const file of await readdir(fresh)) await rename(`${fresh}/${file}`, target + file);
await rmdir(fresh);

async function report() {
  const { outputFiles } = await build({
    ...bundle,
    format: "iife",
    entryPoints: [`${source}report/main.ts`, `${source}report/report.css`],
    outdir: fresh,
    write: false,
  });
  const text = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
  const parts = {
    licence: `<!-- uPlot, which draws the charts, comes with this licence:\n${await readFile(licence, "utf8")}-->`,
    style: `<style>${text(".css")}</style>`,
    script: `<script>${text(".js")}</script>`,
  };
  const template = await readFile(`${source}report/report.html`, "utf8");
  // By a function, for a bundle may hold what a replacement text would give a meaning, such as "$&".
  return template.replace(/<!--(licence|style|script)-->/g, (_, part) => parts[part]);
}
