/** What an event of the operator `forecast` costs in Chromium beside Node: one bundle, in turn in both. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { chromiumPath, launchChromium } from "../support/chromium.js";
import type { Figure } from "./figures.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const events = 20_000;
const rounds = 9;

/** Forecasts all events once; the events are those of the bench `operators`. */
const program = `
import { count, from, lastValueFrom } from "rxjs";
import { forecast } from "undercurrent-forecast";
const read = { key: (e) => e.key, time: (e) => e.time, value: (e) => e.value };
const events = Array.from({ length: ${events} }, (_, i) => ({
  key: "key " + (i % 100),
  time: 1.7e12 + Math.floor(i / 100) * 1000,
  value: 10 * Math.sin(i / 500) + ((i * 7919) % 13),
}));
globalThis.run = () => lastValueFrom(from(events).pipe(forecast(read), count()));`;

/**
 * Measures least CPU times over the rounds. In Chromium it is the time of the page's process.
 *
 * @returns No figure where no Chromium is installed.
 */
export async function benchChromium(): Promise<Figure[]> {
  if (chromiumPath === undefined) return [];
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    write: false,
  });
  const code = outputFiles[0]!.text;
  const folder = mkdtempSync(join(tmpdir(), "undercurrent-bench-"));
  const browser = await launchChromium();
  try {
    writeFileSync(join(folder, "program.mjs"), code);
    await import(pathToFileURL(join(folder, "program.mjs")).href);
    const { run } = globalThis as unknown as { readonly run: () => Promise<number> };

    const page = await browser.newPage();
    await page.addScriptTag({ type: "module", content: code });
    await page.waitForFunction("globalThis.run !== undefined");
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const processSeconds = async (): Promise<number> =>
      (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ProcessTime")!
        .value;

    const least = { node: Infinity, chromium: Infinity };
    for (let round = 0; round < rounds; round++) {
      const begin = process.cpuUsage();
      if ((await run()) !== events) throw new TypeError("Node did not forecast each event");
      const { user, system } = process.cpuUsage(begin);
      least.node = Math.min(least.node, (user + system) / events);

      const pageBegin = await processSeconds();
      if ((await page.evaluate("run()")) !== events)
        throw new TypeError("Chromium did not forecast each event");
      least.chromium = Math.min(least.chromium, ((await processSeconds()) - pageBegin) * (1e6 / events));
    }
    return Object.entries(least).map(([name, value]) => ({
      name: `forecast, a browser's bundle in ${name === "node" ? "Node" : "Chromium"}`,
      value,
      unit: "µs an event",
      peer: "the bundle in Node",
      ratio: least.node / value,
    }));
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}
