/** The library in a real browser: on a page with a strict content security policy, in a worker, and in the example page. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createForecaster } from "../../src/index.js";
import { chromiumPath, launchChromium } from "../support/chromium.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = new URL("../../examples/frame-times/", import.meta.url);
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const events = Array.from({ length: 300 }, (_, i) => ({
  key: `k${i % 3}`,
  time: i * 1000,
  value: Math.sin(i),
}));
/** Leaves the last forecasts in the document's title, or posts them to the page. */
const program = `
import { concatMap, from, last } from "rxjs";
import { forecast } from "undercurrent-forecast";
const read = { key: (event) => event.key, time: (event) => event.time, value: (event) => event.value, horizon: 2, initial: "random" };
const isWorker = typeof document === "undefined";
const tell = (yhat) => (isWorker ? postMessage(yhat) : (document.title = yhat));
from(${JSON.stringify(events)}).pipe(forecast(read), last()).subscribe({
  next: ({ yhat }) => tell(String(yhat)),
  error: (error) => tell(String(error)),
});`;
const starter = `
new Worker("/program.js", { type: "module" }).onmessage = ({ data }) => (document.title = data);`;

/** A bundle of a file, or of a text. */
async function bundled(source: { readonly text: string } | { readonly file: URL }): Promise<string> {
  const { outputFiles } = await build({
    ...("text" in source
      ? { stdin: { contents: source.text, resolveDir: root } }
      : { entryPoints: [fileURLToPath(source.file)] }),
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  return outputFiles[0]!.text;
}

const page = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><title></title><script type="module" src="${script}"></script>`;

describe.skipIf(chromiumPath === undefined)("in a browser", () => {
  let browser: Browser;
  let server: Server;
  const complaints: string[] = [];

  beforeAll(async () => {
    const files: Readonly<Record<string, string>> = {
      "/page.html": page("/program.js"),
      "/worker.html": page("/starter.js"),
      "/program.js": await bundled({ text: program }),
      "/starter.js": starter,
      "/example/": readFileSync(new URL("index.html", example), "utf8"),
      "/example/page.js": await bundled({ file: new URL("page.ts", example) }),
    };
    server = createServer(({ url = "" }, response) => {
      const type = url.endsWith(".js") ? "text/javascript" : "text/html";
      response.writeHead(url in files ? 200 : 404, {
        "content-type": type,
        "content-security-policy": policy,
      });
      response.end(files[url]);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await launchChromium();
  });
  afterEach(() => expect(complaints.splice(0)).toEqual([]));
  afterAll(async () => {
    await browser.close();
    server.close();
  });

  async function open(path: string): Promise<Page> {
    const opened = await browser.newPage();
    opened.on("pageerror", (error) => complaints.push(error.message));
    opened.on("console", (message) => {
      // A browser asks for an icon by itself.
      if (message.type() === "error" && !message.location().url.endsWith("favicon.ico"))
        complaints.push(message.text());
    });
    await opened.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    return opened;
  }

  test.each(["/page.html", "/worker.html"])("%s forecasts what Node does", async (path) => {
    using forecaster = createForecaster({ horizon: 2, initial: "random" });
    const expected = forecaster.observe(events).at(-1)!.yhat;
    const opened = await open(path);
    await expect.poll(() => opened.title(), { timeout: 30_000 }).not.toBe("");
    // The other kernel: last bits differ.
    expect(Number(await opened.title())).toBeCloseTo(expected, 4);
  });

  test("the example page forecasts its frame times", async () => {
    const opened = await open("/example/");
    const forecasts = async (): Promise<number> =>
      Number(await opened.getAttribute("canvas", "data-forecasts"));
    await expect.poll(forecasts, { timeout: 30_000 }).toBeGreaterThan(20);
  });
});
