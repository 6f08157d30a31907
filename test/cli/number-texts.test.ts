/** Texts that are numbers, on JSON lines: the options and settings that read them, and errors that name these. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-texts-"));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (value: unknown): string => JSON.stringify({ key: "a", time: 1_780_000_000_000, value });

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Piped {
  readonly values: readonly unknown[];
  readonly messages: readonly string[];
}

function pipe(values: readonly unknown[], ...args: readonly string[]): Piped {
  const given = ["pipe", "--hidden", "8", ...args];
  const input = values.map(line).join("\n");
  const { stdout, stderr } = spawnSync(process.execPath, [cli, ...given], { input, encoding: "utf8" });
  const linesOf = (text: string): Record<string, unknown>[] =>
    text
      .split("\n")
      .flatMap((one) => (one.startsWith("{") ? [JSON.parse(one) as Record<string, unknown>] : []));
  return {
    values: linesOf(stdout).map(({ value }) => value),
    messages: linesOf(stderr).flatMap(({ message }) => (typeof message === "string" ? [message] : [])),
  };
}

describe("a text where a number belongs", () => {
  test("is refused with the option that reads it", () => {
    const texts = ["unavailable", "12.5", "12.5 %", "12,5", "€3", "1,234.5", "on the way"];
    expect(pipe(texts).messages).toEqual([
      'the value is the text "unavailable"; if it stands for a missing value, --missing unavailable reads it',
      'the value is the text "12.5"; --numbers-in-text reads numbers in texts',
      'the value is the text "12.5 %"; --value-unit "%" leaves out the unit',
      'the value is the text "12,5"; a decimal comma needs --decimal ,',
      'the value is the text "€3"; --value-unit "€" leaves out the unit',
      'the value is the text "1,234.5"; separators of thousands must be removed',
      'the value is the text "on the way"',
    ]);
  });

  test("is refused with the setting that reads it where settings say how lines are read", () => {
    const config = file("decode.yaml", "decode: {value: value, time: time, absent: missing}\n");
    expect(pipe(["unavailable", "12.5", "12.5 %", "12,5"], "-c", config).messages).toEqual([
      'the value is the text "unavailable"; if it stands for a missing value, decode.missing: [unavailable] reads it',
      'the value is the text "12.5"; decode.numbersInText: true reads numbers in texts',
      'the value is the text "12.5 %"; decode.valueUnit: ["%"] leaves out the unit',
      'the value is the text "12,5"; a decimal comma needs decode.decimal: ","',
    ]);
  });

  test("is read by the option", () => {
    expect(pipe(["12.5", 3, "n/a"], "--numbers-in-text").values).toEqual([12.5, 3, null]);
    expect(pipe(["12.5 %", "3kW", 4, "5"], "--value-unit", "%,kW").values).toEqual([12.5, 3, 4, 5]);
    expect(pipe(["12,5", "3", "4,5 %"], "--decimal", ",", "--value-unit", "%").values).toEqual([
      12.5, 3, 4.5,
    ]);
    expect(pipe(["1.5"], "--decimal", ",").messages[0]).toContain('the value is the text "1.5"');
  });

  test.each([
    ["settings", "decode: {time: time, valueUnit: ['%', kW], decimal: ','}\n", []],
    ["settings and options", "decode: {time: time, decimal: ','}\n", ["--value-unit", "%,kW"]],
  ])("is read by %s", (_, text, flags) => {
    const config = file("form.yaml", text);
    expect(pipe(["12,5 %", "3 kW", 4], "-c", config, ...flags).values).toEqual([12.5, 3, 4]);
  });
});

describe("options of CSV files", () => {
  const lines = file("a.jsonl", [1, 2].map(line).join("\n"));
  test.each([
    [["backtest", lines, "--delimiter", ";"], "--delimiter is of CSV files"],
    [["backtest", lines, "--wide"], "--wide is of CSV files"],
    [["tune", lines, "--wide"], "--wide is of CSV files"],
    [["learn", lines, "--delimiter", ";", "--out", join(folder, "s")], "--delimiter is of CSV files"],
    [
      ["learn", lines, "--missing", "x", "--out", join(folder, "s")],
      "by decode.missing of the configuration",
    ],
    [["learn", lines, "--value-unit", "x", "--out", join(folder, "s")], "--value-unit is of CSV files"],
  ])("are refused for JSON lines: %s", (args, said) => {
    const { stderr, status } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
  });

  test("are taken where a file is CSV", () => {
    const table = file("b.csv", "time;value\n1780000000000;1\n1780000001000;2\n");
    const args = ["backtest", lines, table, "--delimiter", ";"];
    expect(spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" }).status).toBe(0);
  });
});
