// Bundles the live page into dist/page: one script, one style sheet, the document and the icon.
import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../src/adapters/web/page/", import.meta.url));
const target = fileURLToPath(new URL("../dist/page/", import.meta.url));

await mkdir(target, { recursive: true });
await build({
  entryPoints: { page: `${source}main.ts` },
  outdir: target,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "inline",
});
await build({
  entryPoints: { page: `${source}page.css` },
  outdir: target,
  bundle: true,
  minify: true,
  legalComments: "inline",
});
for (const file of ["index.html", "icon.svg"]) await copyFile(source + file, target + file);
// The licence of uPlot, which is inside the bundle, asks to travel with it.
await copyFile(
  fileURLToPath(new URL("../node_modules/uplot/LICENSE", import.meta.url)),
  `${target}uplot.LICENSE.txt`,
);
