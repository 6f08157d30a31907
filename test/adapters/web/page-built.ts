/** Builds the live page once before the tests that serve it. */
import { execFileSync } from "node:child_process";

export function buildPage(): void {
  execFileSync(process.execPath, ["scripts/build-page.mjs"], { stdio: "inherit" });
}
