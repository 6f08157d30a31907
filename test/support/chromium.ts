/** The browser for tests and benches that need one, where there is one. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

/** Where Chromium is; says loudly, once, when it is nowhere. */
export const chromiumPath = ((): string | undefined => {
  const found = findChromium();
  if (found === undefined) {
    console.warn(
      "SKIPPED: what needs a browser. Install Debian's `chromium`, or set CHROMIUM_PATH to a Chromium.",
    );
  }
  return found;
})();

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

function findChromium(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined) return named === "" ? undefined : named;
  if (existsSync("/usr/bin/chromium")) return "/usr/bin/chromium";
  try {
    return execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}
