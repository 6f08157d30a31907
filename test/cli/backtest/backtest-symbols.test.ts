/** `backtest --kind symbol`: its scores are those of the rows that it writes, and wrong options are told. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { afterAll, describe, expect, it } from "vitest";
import { walks } from "../../forecast/symbols/streams.js";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
function run(args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const events = walks(11, 3000, 4, 12);
const clicks = file(
  "clicks.csv",
  `visitor,page\n${events.map(({ key, symbol }) => `${key},${symbol}`).join("\n")}\n`,
);
const columns = [
  "--kind",
  "symbol",
  "--key",
  "visitor",
  "--symbol",
  "page",
  "--max-symbols",
  "32",
  "--hidden",
  "16",
];

interface Scores {
  readonly events: number;
  readonly scored: number;
  readonly bits: number;
  readonly perplexity: number;
  readonly baselines: {
    readonly ngrams: { readonly bits: number };
    readonly unigram: { readonly bits: number };
  };
}

describe("backtest --kind symbol", () => {
  it("prints the scores of the forecasts that it writes", () => {
    const out = join(folder, "out.csv");
    const { status, out: text } = run(["backtest", clicks, ...columns, "--out", out, "--json"]);
    expect(status).toBe(0);
    const { overall, keys, symbols } = JSON.parse(text) as {
      overall: Scores;
      keys: Scores[];
      symbols: number;
    };
    const rows = parse<Record<string, string>>(readFileSync(out), { columns: true });
    expect(rows.map(({ key, symbol }) => ({ key, symbol }))).toEqual(events);
    const scored = rows.filter(({ probability }) => probability !== "");
    const bits = (column: string): number =>
      scored.reduce((sum, row) => sum - Math.log2(Number(row[column])), 0) / scored.length;
    expect(overall).toMatchObject({ events: 3000, scored: scored.length });
    expect(scored).toHaveLength(3000 - 4);
    expect(overall.bits).toBeCloseTo(bits("probability"), 9);
    expect(overall.perplexity).toBeCloseTo(2 ** bits("probability"), 9);
    expect(overall.baselines.ngrams.bits).toBeCloseTo(bits("ngrams"), 9);
    // Three in ten steps are to any of twelve symbols; the rest is as good as certain.
    expect(overall.bits).toBeLessThan(overall.baselines.unigram.bits - 1);
    expect(keys.map(({ events }) => events).reduce((a, b) => a + b)).toBe(3000);
    expect(symbols).toBe(31);
  });

  it("reads the characters of a text, and says so in tables", () => {
    const text = file("text.txt", "the cat sat on the mat. ".repeat(60));
    const { status, out } = run([
      "backtest",
      text,
      "--kind",
      "symbol",
      "--tokens",
      "characters",
      "--max-symbols",
      "32",
    ]);
    expect(status).toBe(0);
    expect(out).toMatch(/^key +events +scored +bits +perplexity/);
    expect(out).toMatch(/\ntext +1,440 +1,439/);
    expect(out).toMatch(/n-grams \(Kneser-Ney, order 5\)/);
  });

  it("names the option that --symbols is called now", () => {
    const { status, err } = run(["backtest", clicks, ...columns, "--symbols", "32"]);
    expect(status).toBe(2);
    expect(err).toContain("is called --max-symbols now");
    expect(run(["backtest", "--help"]).out).not.toContain("--symbols");
  });

  it("refuses options of the other kind, cells without a memory and files without symbols", () => {
    const code = (args: readonly string[]): string =>
      /^error (\w+)/m.exec(run(["backtest", ...args]).err)![1]!;
    expect(code([clicks, ...columns, "--wide"])).toBe("SETTING_INVALID");
    expect(code([clicks, "--tokens", "words"])).toBe("SETTING_INVALID");
    expect(code([clicks, "--max-symbols", "32"])).toBe("SETTING_INVALID");
    expect(code([clicks, ...columns, "--cell", "conv"])).toBe("SETTING_INVALID");
    expect(code([clicks, ...columns, "--out", clicks])).toBe("SETTING_INVALID");
    expect(code([file("empty.csv", ""), ...columns])).toBe("INPUT_EMPTY");
  });
});
