/** The release that is running. */
import { createRequire } from "node:module";

/** The version of this package, from its package.json. */
export function packageVersion(): string {
  // By the package's own name: sources and bundles lie at different depths.
  const manifest: unknown = createRequire(import.meta.url)("undercurrent-forecast/package.json");
  return (manifest as { readonly version: string }).version;
}
