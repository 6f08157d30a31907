import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "undercurrent-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const text = `time,a\n${Array.from({ length: 30 }, (_, i) => `${i * 60_000},${i % 5}\n`).join("")}`;

/** Runs a command of the shell in the folder, with `undercurrent` in place. */
function shell(command: string): { status: number | null; out: string; err: string } {
  const line = command.replaceAll("undercurrent", `"${process.execPath}" "${cli}"`);
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: folder, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

describe("backtest", () => {
  test.each([
    ["the input itself", "undercurrent backtest in.csv --out ./in.csv"],
    ["a hard link", "undercurrent backtest in.csv --out hard.csv"],
    ["a symbolic link", "undercurrent backtest in.csv --out soft.csv"],
    ["a hard link for the report", "undercurrent backtest in.csv --report hard.csv"],
    ["the second input", "undercurrent backtest other.csv in.csv --out hard.csv"],
    ["a descriptor of the shell", "undercurrent backtest in.csv --out /dev/fd/7 7>>hard.csv"],
    ["standard input", "undercurrent backtest - --out hard.csv < in.csv"],
    ["symbols", "undercurrent backtest in.csv --kind symbol --tokens words --out hard.csv"],
    ["standard output", "undercurrent backtest in.csv >> hard.csv"],
  ])("does not write over its input: %s", (_, command) => {
    writeFileSync(at("in.csv"), text);
    writeFileSync(at("other.csv"), text);
    linkSync(at("in.csv"), at("hard.csv"));
    symlinkSync("in.csv", at("soft.csv"));
    const { status, err } = shell(command);
    expect(err).toContain("also an input");
    expect(status).toBe(2);
    expect(readFileSync(at("in.csv"), "utf8")).toBe(text);
  });

  test.each([
    ["one name twice", "undercurrent backtest in.csv --out x --report x"],
    ["one name twice, in two ways", "undercurrent backtest in.csv --out x --report ./x"],
    ["a link that leads nowhere yet", "undercurrent backtest in.csv --out x --report dangling"],
    ["a hard link", "undercurrent backtest in.csv --out one --report two"],
    ["standard output", "undercurrent backtest in.csv --out x > x"],
    ["standard error", "undercurrent backtest in.csv --report x 2>> x; cat x >&2"],
  ])("does not write two outputs into one file: %s", (name, command) => {
    writeFileSync(at("in.csv"), text);
    symlinkSync("x", at("dangling"));
    writeFileSync(at("one"), "kept\n");
    linkSync(at("one"), at("two"));
    const { err } = shell(command);
    expect(err).toContain("one would overwrite the other");
    expect(readFileSync(at("one"), "utf8")).toBe("kept\n");
    if (!name.startsWith("standard")) expect(existsSync(at("x"))).toBe(false);
    expect(
      readdirSync(folder)
        .sort()
        .filter((file) => file !== "x"),
    ).toEqual(["dangling", "in.csv", "one", "two"]);
  });

  test("writes two outputs into two files, or away", () => {
    writeFileSync(at("in.csv"), text);
    expect(shell("undercurrent backtest in.csv --out x --report y > z 2>&1").status).toBe(0);
    expect(["x", "y", "z"].map((name) => readFileSync(at(name)).length > 100)).toEqual([true, true, true]);
    expect(shell("undercurrent backtest in.csv --out /dev/null --report /dev/null").status).toBe(0);
  });

  test("refuses lines that are not UTF-8, one by one", () => {
    const rows = "key,time,value\nb,0,1\ncaf\xe9,0,1\ncaf\xe8,0,1\nb,60000,1\n";
    writeFileSync(at("in.csv"), Buffer.from(rows, "latin1"));
    const { status, out, err } = shell("undercurrent backtest in.csv --json");
    const { rejections, keys } = JSON.parse(out) as { rejections: unknown; keys: readonly unknown[] };
    expect([status, rejections, keys.length]).toEqual([0, { ROW_UNREADABLE: 2 }, 1]);
    expect(err).toContain("rejected in.csv:3: ROW_UNREADABLE: the line is not UTF-8 text");
  });
});

describe("pipe", () => {
  const lines =
    '{"key":"caf\xe9","time":0,"value":1}\n{"key":"caf\xe8","time":0,"value":1}\n{"key":"\xc3\xa9","time":0,"value":1}\n';

  test("refuses lines that are not UTF-8, so that two keys never become one", () => {
    writeFileSync(at("in.json"), Buffer.from(lines, "latin1"));
    const { status, out, err } = shell("undercurrent pipe < in.json");
    expect(status).toBe(0);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { key: string }).key),
    ).toEqual(["é"]);
    const told = err
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.map(({ code, line }) => [code, line])).toEqual([
      ["ROW_UNREADABLE", 1],
      ["ROW_UNREADABLE", 2],
      [undefined, undefined],
    ]);
  });

  test("does not append to the file that it reads", () => {
    writeFileSync(at("in.json"), '{"key":"a","time":0,"value":1}\n');
    const { status, err } = shell("undercurrent pipe < in.json >> in.json");
    expect([status, err]).toEqual([2, expect.stringContaining("also an input")]);
  });
});

describe("a configuration", () => {
  test("that is a pipe or a device is refused at once", () => {
    execFileSync("mkfifo", [at("pipe")]);
    for (const file of ["pipe", "/dev/zero", "."]) {
      const { status, err } = shell(`undercurrent config -c ${file}`);
      expect([status, err]).toEqual([2, expect.stringContaining("CONFIG_UNREADABLE")]);
    }
  });

  test("that is not there says that nothing was read", () => {
    const { status, err } = shell("undercurrent lint -c nowhere.yaml; undercurrent run -c nowhere.yaml");
    expect(status).toBe(2);
    expect(err).toContain("data: Nothing was read or written.");
    expect(err).not.toContain("forecast from this file");
  });
});
