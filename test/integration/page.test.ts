/** The live page in a real browser: it moves, it heals, it fits, and it keeps to its content security policy. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LiveView, serve, type LiveServer } from "../../src/adapters/web/index.js";
import { buildPage } from "../adapters/web/page-built.js";
import { chromiumPath, launchChromium } from "../support/chromium.js";
import { demoLikeSeries, SyntheticForecasts, type SyntheticSeries } from "../adapters/web/synthetic.js";

const hostileKey = '<img src=x onerror="document.title=1">\n__proto__ \ud800 \u202e';

/** A served view that is fed a step of every series every 20 ms. */
class Feed {
  readonly server: LiveServer;
  readonly #timer: NodeJS.Timeout;

  private constructor(server: LiveServer, timer: NodeJS.Timeout) {
    this.server = server;
    this.#timer = timer;
  }

  static async start(series: readonly SyntheticSeries[] = demoLikeSeries, port = 0): Promise<Feed> {
    const view = new LiveView({ model: "gru32", level: 0.9 });
    const forecasts = new SyntheticForecasts(series);
    let version = 0;
    const step = (): void => {
      version++;
      view.forecasts(forecasts.batch(1));
      view.update({ version, loss: 0.1 + 1 / version, gradientNorm: 1, windows: 32 });
    };
    for (let i = 0; i < 150; i++) step();
    const server = await serve({ view, registry: new Registry(), port, title: "Weather and this host" });
    return new Feed(server, setInterval(step, 20));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.server.close();
  }
}

describe.skipIf(chromiumPath === undefined)("the live page", () => {
  let browser: Browser;
  let feed: Feed;
  const complaints: string[] = [];

  beforeAll(async () => {
    buildPage();
    browser = await launchChromium();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await feed.stop();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());

  async function open(
    options: BrowserContextOptions = {},
    series?: readonly SyntheticSeries[],
  ): Promise<Page> {
    feed = await Feed.start(series);
    const page = await browser.newPage(options);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(feed.server.url)) complaints.push(`asked for ${request.url()}`);
    });
    await page.addInitScript(
      'document.addEventListener("securitypolicyviolation", (event) => console.error(event.violatedDirective))',
    );
    await page.goto(feed.server.url);
    await live(page);
    return page;
  }

  const live = (page: Page): Promise<void> => page.locator('#connection[data-state="live"]').waitFor();
  const text = async (page: Page, selector: string): Promise<string> =>
    (await page.locator(selector).first().textContent()) ?? "";
  const events = async (page: Page): Promise<number> =>
    Number((await text(page, "#events")).replace(/\D/g, ""));
  /** What a chart shows, as the browser painted it. */
  const pixels = async (page: Page, selector: string): Promise<string> => {
    // Charts are made in the first frame after the connection.
    await page.locator(`${selector} canvas`).first().waitFor();
    return page.evaluate(`document.querySelector("${selector} canvas").toDataURL()`);
  };

  it("moves: points, figures and charts go on without a touch", async () => {
    const page = await open();
    const before = await events(page);
    const chart = await pixels(page, "#chart");
    const card = await pixels(page, ".card");
    const loss = await pixels(page, "#loss");
    await expect.poll(() => events(page), { timeout: 10_000 }).toBeGreaterThan(before + 100);
    // Each is drawn in a frame of its own, after the figures.
    await expect.poll(() => pixels(page, "#chart")).not.toBe(chart);
    await expect.poll(() => pixels(page, ".card")).not.toBe(card);
    await expect.poll(() => pixels(page, "#loss")).not.toBe(loss);
    expect(await text(page, "#verdict")).toMatch(
      /\d+.% closer than repeating the last value: mean absolute error/,
    );
    expect(await text(page, "#coverage")).toMatch(/^\d\d\.\d.%$/);
    expect(await page.title()).toBe("Weather and this host · Undercurrent");
    expect(await page.locator(".card").count()).toBe(demoLikeSeries.length);
  });

  it("shows the experts' shares in the forecast of the series that is looked at", async () => {
    const page = await open();
    const legend = async (): Promise<string> => (await text(page, "#experts ul")).replaceAll("\u202f", " ");
    await expect.poll(legend).toBe("persistence 50 %recurrent 50 %");
    await page.locator(".card").nth(2).click();
    await expect.poll(legend).toBe("persistence 25 %recurrent 75 %");
    expect(await page.locator("#experts .share-bar").getAttribute("aria-label")).toContain("recurrent");
    const width = (nth: number): Promise<number> =>
      page.evaluate(`document.querySelectorAll("#experts .share-bar span")[${nth}].clientWidth`);
    expect((await width(1)) / (await width(0))).toBeCloseTo(3, 1);
  });

  it("comes back by itself after the server was restarted, with the series that was chosen", async () => {
    const page = await open();
    await page.getByRole("button", { name: "host cpu" }).first().click();
    await expect.poll(() => text(page, "#detail-key")).toBe("host cpu");
    const port = Number(new URL(feed.server.url).port);
    await feed.stop();
    await page.locator('#connection[data-state="lost"]').waitFor();
    expect(await text(page, "#connection")).toBe("Connection lost, trying again");
    // The browser itself reports each refused connection; that is all there may be.
    expect(complaints.splice(0).filter((complaint) => !complaint.includes("net::ERR_"))).toEqual([]);
    feed = await Feed.start([...demoLikeSeries].reverse(), port);
    await live(page);
    expect(complaints.splice(0).filter((complaint) => !complaint.includes("net::ERR_"))).toEqual([]);
    await expect.poll(() => text(page, "#detail-key")).toBe("host cpu");
    await expect.poll(() => page.locator('.card[aria-pressed="true"] .key').textContent()).toBe("host cpu");
    expect(await text(page, ".card .key")).toBe(demoLikeSeries.at(-1)!.key);
    const before = await events(page);
    await expect.poll(() => events(page)).toBeGreaterThan(before);
  });

  it.each([400, 768, 1280])("fits a screen of %i px without scrolling sideways", async (width) => {
    const long = { ...demoLikeSeries[0]!, key: "k".repeat(1024) };
    const page = await open({ viewport: { width, height: 800 } }, [long, ...demoLikeSeries]);
    await expect.poll(() => text(page, "#detail-key")).toBe(long.key);
    const overflow = (): Promise<number> =>
      page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(await overflow()).toBe(0);
    await page.setViewportSize({ width: 400, height: 800 });
    await expect.poll(overflow).toBe(0);
  });

  it("follows the reader's colour scheme, charts included", async () => {
    const page = await open({ colorScheme: "dark" });
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await ground();
    /** Pixels of the chart that have about the colour that forecasts have in one of the schemes. */
    const inked = (red: number, green: number, blue: number): Promise<number> =>
      page.evaluate(`(() => {
        const canvas = document.querySelector("#chart canvas");
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
        const near = (i, channel) => Math.abs(data[i] - channel) < 16;
        let found = 0;
        for (let i = 0; i < data.length; i += 4) {
          if (data[i + 3] > 240 && near(i, ${red}) && near(i + 1, ${green}) && near(i + 2, ${blue})) found++;
        }
        return found;
      })()`);
    const forecast = { dark: [86, 180, 233], light: [11, 130, 197] } as const;
    await expect.poll(() => inked(...forecast.dark)).toBeGreaterThan(100);
    expect(await inked(...forecast.light)).toBeLessThan(20);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await ground()).not.toBe(dark);
    await expect.poll(() => inked(...forecast.light)).toBeGreaterThan(100);
    expect(await inked(...forecast.dark)).toBeLessThan(20);
  });

  it("shows hostile keys as text, and finds a series by name when there are many", async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({ ...demoLikeSeries[i % 8]!, key: `pump-${i}` }));
    const page = await open({}, [{ ...demoLikeSeries[0]!, key: hostileKey }, ...many]);
    await expect.poll(() => text(page, "#detail-key")).toContain('<img src=x onerror="document.title=1">');
    expect(await page.locator("main img").count()).toBe(0);
    await page.getByLabel("Find a series").fill("PUMP-5");
    await expect.poll(() => page.locator(".card:visible").count()).toBe(11);
    expect(await text(page, "#series-note")).toBe("11 of 61 series");
    await page.locator(".card:visible").nth(3).click();
    await expect.poll(() => text(page, "#detail-key")).toBe("pump-52");
  });

  it("can be used with the keyboard alone", async () => {
    const page = await open();
    await page.locator("#chart").focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    const shown = await text(page, "#at-time");
    const before = await events(page);
    await expect.poll(() => events(page)).toBeGreaterThan(before);
    expect(await text(page, "#at-time")).toBe(shown);
    await page.keyboard.press("ArrowLeft");
    expect((await text(page, "#at-time")) < shown).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(async () => (await text(page, "#at-time")) > shown).toBe(true);
    await page.locator(".card").nth(2).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => text(page, "#detail-key")).toBe(demoLikeSeries[2]!.key);
    await page.locator('input[name="range"]:checked').focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator('input[name="range"]:checked').inputValue()).toBe("600");
  });
});
