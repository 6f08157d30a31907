/** The report of a backtest in a real browser: a file that needs nothing else, shows its charts and sorts its table. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../support/chromium.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const hostileKey = '</script><img src=x onerror="document.title=1"><!--data-->$&__proto__';

describe.skipIf(chromiumPath === undefined)("the report of a backtest", () => {
  const folder = mkdtempSync(join(tmpdir(), "undercurrent-report-"));
  const complaints: string[] = [];
  let browser: Browser;

  /** Makes a report of a CSV file and returns its path. */
  function report(name: string, csv: string, ...options: readonly string[]): string {
    const [input, output] = [join(folder, `${name}.csv`), join(folder, `${name}.html`)];
    writeFileSync(input, csv);
    const args = [cli, "backtest", input, "--hidden", "8", "--report", output, ...options];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    return output;
  }

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage(options);
    const url = pathToFileURL(path).href;
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
    });
    await page.addInitScript(
      'document.addEventListener("securitypolicyviolation", (event) => console.error(event.violatedDirective))',
    );
    await page.goto(url);
    expect(complaints).toEqual([]);
    await page.locator(".keys tbody tr").first().waitFor();
    return page;
  }

  /** Keys of waves of different size and noise; the first has a hostile name, and one jumps. */
  const waves = (keys: number, steps: number): string => {
    const names = Array.from({ length: keys }, (_, key) => (key === 0 ? hostileKey : `pump-${key}`));
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(",");
    const rows = Array.from({ length: steps }, (_, i) => {
      const time = new Date(Date.UTC(2026, 0, 1) + i * 600_000).toISOString();
      const value = (key: number): number =>
        (key + 1) * (Math.sin(i / 9) + (key / keys) * Math.sin(i * i * 0.7)) +
        (i === steps - 50 && key < 3 ? 40 : 0);
      return [time, ...names.map((_, key) => value(key).toFixed(3))].join(",");
    });
    return `time,${quoted}\n${rows.join("\n")}\n`;
  };
  let small = "";
  let large = "";

  beforeAll(async () => {
    browser = await launchChromium();
    small = report("waves", waves(5, 1500), "--wide");
    large = report("many", waves(3000, 12), "--wide");
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  const column = (page: Page, nth: number): Promise<string[]> =>
    page.locator(`.keys tbody tr > :nth-child(${nth})`).allTextContents();

  it("shows tables, sentences and painted charts, and asks for nothing", async () => {
    const page = await open(small);
    expect(await page.title()).toBe("Backtest of waves.csv · Undercurrent");
    expect(await page.locator("#baselines tbody tr").count()).toBe(4);
    for (const part of ["baselines", "error", "coverage", "experts", "featured", "keys", "method"]) {
      expect((await page.locator(`#${part}-prose`).textContent())!.length).toBeGreaterThan(40);
    }
    // Error, coverage, weights, and for three keys the last values and the whole run.
    expect(await page.locator("canvas:visible").count()).toBe(9);
    const blank = await page.evaluate(`[...document.querySelectorAll("canvas")].filter((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return !data.some((channel) => channel > 0);
    }).length`);
    expect(blank).toBe(0);
    for (const box of await page.locator(".chart").all()) {
      expect((await box.getAttribute("aria-label"))!.length).toBeGreaterThan(20);
    }
  });

  it("sorts the keys by click and by keyboard, and says so", async () => {
    const page = await open(small);
    const skills = async (): Promise<number[]> =>
      (await column(page, 2)).map((text) => Number(text.replace("−", "-")));
    const descending = await skills();
    expect(descending).toEqual([...descending].sort((a, b) => b - a));
    const head = page.locator(".keys th", { hasText: "Skill" });
    expect(await head.getAttribute("aria-sort")).toBe("descending");
    await head.locator("button").click();
    expect(await skills()).toEqual([...descending].reverse());
    expect(await head.getAttribute("aria-sort")).toBe("ascending");
    await page.locator(".keys th button", { hasText: "Key" }).focus();
    await page.keyboard.press("Enter");
    expect(await column(page, 1)).toEqual([hostileKey, "pump-1", "pump-2", "pump-3", "pump-4"]);
    expect(await head.getAttribute("aria-sort")).toBeNull();
  });

  it("shows hostile keys as text", async () => {
    const page = await open(small);
    expect(await page.locator("img").count()).toBe(0);
    expect((await column(page, 1)).filter((key) => key === hostileKey)).toHaveLength(1);
    expect(readFileSync(small, "utf8")).not.toContain("<img");
  });

  it("reads out the values of a chart, by pointer and by keyboard", async () => {
    const page = await open(small);
    const at = page.locator(".at").first();
    expect(await at.textContent()).toContain("arrow keys");
    await page.locator(".featured .chart").first().focus();
    await page.keyboard.press("ArrowLeft");
    await expect
      .poll(() => at.textContent())
      .toMatch(/^2026-01-\d\d .* value .* forecast .* interval .* to /);
  });

  it("turns the pages of thousands of keys, and finds one by name", async () => {
    expect(statSync(large).size).toBeLessThan(1_000_000);
    const page = await open(large);
    const note = page.locator(".table-bar .note");
    expect(await page.locator(".keys tbody tr").count()).toBe(25);
    expect(await note.textContent()).toBe("1 to 25 of 3,000 keys");
    await page.getByRole("button", { name: "Next" }).click();
    expect(await note.textContent()).toBe("26 to 50 of 3,000 keys");
    await page.getByLabel("Find a key").fill("PUMP-299");
    expect(await note.textContent()).toBe("1 to 11 of 11 keys");
    await page.locator(".keys th button", { hasText: "Key" }).click();
    expect((await column(page, 1)).slice(0, 2)).toEqual(["pump-299", "pump-2990"]);
  });

  it.each([360, 768, 901, 1280])("fits a screen of %i px without scrolling sideways", async (width) => {
    const page = await open(small, { viewport: { width, height: 800 }, colorScheme: "dark" });
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(overflow)).toBe(0);
  });

  it("draws the error by steps ahead where more than the next value was forecast", async () => {
    const page = await open(report("ahead", waves(2, 300), "--wide", "--horizon", "6"));
    expect(await page.locator("#horizon-prose").textContent()).toMatch(
      /^Mean absolute error .* 1 to 6 steps ahead/,
    );
    expect(await page.locator("#horizon canvas").isVisible()).toBe(true);
    expect(await (await open(small)).locator("#horizon-section").isVisible()).toBe(false);
  });

  it("shows what there is of a key with a single value", async () => {
    const page = await open(report("one", "time,a\n2026-01-01,5\n", "--wide"));
    expect(await column(page, 1)).toEqual(["a"]);
    expect(await column(page, 2)).toEqual(["–"]);
  });
});
