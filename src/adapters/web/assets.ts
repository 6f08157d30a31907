/** The files of the pages as the build left them in `dist/page`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UndercurrentError } from "../../errors/errors.js";

export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** Path under which the server answers, and the file it answers with. */
const files = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/assets/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/assets/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
  "/assets/icon.svg": { file: "icon.svg", type: "image/svg+xml" },
} as const;

/** The package's folder: sources and build lie at different depths below it. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** A file that the build made. Throws PAGE_MISSING where the page has not been built. */
export function readPageFile(name: string): string {
  const path = join(packageFolder(), "dist", "page", name);
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UndercurrentError("PAGE_MISSING", `cannot read ${path}`, { cause });
  }
}

/** Every asset by its path on the server. Throws PAGE_MISSING where the page has not been built. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  return new Map(
    Object.entries(files).map(([path, { file, type }]) => [path, { type, body: readPageFile(file) }]),
  );
}
