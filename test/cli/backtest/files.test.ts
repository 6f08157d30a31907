import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assertApart } from "../../../src/cli/backtest/apart.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "undercurrent-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const text = `time,a\n${Array.from({ length: 30 }, (_, i) => `${1_767_225_600_000 + i * 60_000},${i % 5}\n`).join("")}`;

/** Runs a command of the shell in the folder, with `undercurrent` in place. */
function shell(command: string): { status: number | null; out: string; err: string } {
  const line = command.replaceAll("undercurrent", `"${process.execPath}" "${cli}"`);
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: folder, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

/** Files as the command would be given them; an output `/dev/fd` is a descriptor of `hard.csv`. */
function check(inputs: readonly string[], outputs: Readonly<Record<string, string>>): void {
  const descriptor = openSync(at("hard.csv"), "a");
  const place = (name: string): string => (name === "/dev/fd" ? `/dev/fd/${descriptor}` : at(name));
  try {
    assertApart({
      inputs: inputs.map(place),
      outputs: Object.entries(outputs).map(([name, path]) => ({ name, path: place(path) })),
    });
  } finally {
    closeSync(descriptor);
  }
}

describe("files of one command", () => {
  beforeEach(() => {
    writeFileSync(at("in.csv"), text);
    writeFileSync(at("other.csv"), text);
    linkSync(at("in.csv"), at("hard.csv"));
    symlinkSync("in.csv", at("soft.csv"));
    symlinkSync("x", at("dangling"));
    writeFileSync(at("one"), "kept\n");
    linkSync(at("one"), at("two"));
  });
  const names = ["dangling", "hard.csv", "in.csv", "one", "other.csv", "soft.csv", "two"];

  test.each([
    ["the input itself", ["in.csv"], { out: "./in.csv" }],
    ["a hard link", ["in.csv"], { out: "hard.csv" }],
    ["a symbolic link", ["in.csv"], { out: "soft.csv" }],
    ["a hard link for the report", ["in.csv"], { report: "hard.csv" }],
    ["the second input", ["other.csv", "in.csv"], { out: "hard.csv" }],
    ["an input that is a link", ["soft.csv"], { out: "hard.csv" }],
    ["a descriptor", ["in.csv"], { out: "/dev/fd" }],
  ])("are apart where an output is an input: %s", (_, inputs, outputs) => {
    expect(() => check(inputs, outputs)).toThrow("also an input");
    expect(readFileSync(at("in.csv"), "utf8")).toBe(text);
    expect(readdirSync(folder).sort()).toEqual(names);
  });

  test.each([
    ["one name twice", { out: "x", report: "x" }],
    ["one name twice, in two ways", { out: "x", report: "./x" }],
    ["a link that leads nowhere yet", { out: "x", report: "dangling" }],
    ["a hard link", { out: "one", report: "two" }],
  ])("are apart where two outputs are one: %s", (_, outputs) => {
    expect(() => check(["in.csv"], outputs)).toThrow("choose different paths");
    expect(readFileSync(at("one"), "utf8")).toBe("kept\n");
    expect(readdirSync(folder).sort()).toEqual(names);
  });

  test("may be any others, and nothing is left behind", () => {
    check(["in.csv", "other.csv"], { out: "x", report: "y" });
    check(["in.csv"], { out: "one", report: "nowhere/y" });
    assertApart({
      inputs: [at("in.csv")],
      outputs: ["out", "report"].map((name) => ({ name, path: "/dev/null" })),
    });
    expect(readdirSync(folder).sort()).toEqual(names);
  });
});

describe("backtest", () => {
  test.each([
    ["a hard link of its input", "undercurrent backtest in.csv --out hard.csv", "also an input"],
    ["a hard link of standard input", "undercurrent backtest - --out hard.csv < in.csv", "also an input"],
    ["symbols", "undercurrent backtest in.csv --kind symbol --tokens words --out hard.csv", "also an input"],
    ["the end of its input", "undercurrent backtest in.csv >> hard.csv", "also an input"],
    ["what standard output goes to", "undercurrent backtest in.csv --out x > x", "choose different paths"],
  ])("does not write over %s", (_, command, message) => {
    writeFileSync(at("in.csv"), text);
    linkSync(at("in.csv"), at("hard.csv"));
    const { status, err } = shell(command);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
    expect(readFileSync(at("in.csv"), "utf8")).toBe(text);
  });

  test("writes two outputs into two files, or away", () => {
    writeFileSync(at("in.csv"), text);
    expect(shell("undercurrent backtest in.csv --out x --report y > z 2>&1").status).toBe(0);
    expect(["x", "y", "z"].map((name) => readFileSync(at(name)).length > 100)).toEqual([true, true, true]);
  });

  test("refuses lines that are not UTF-8, one by one", () => {
    const rows =
      "key,time,value\nb,1767225600000,1\ncaf\xe9,1767225600000,1\ncaf\xe8,1767225600000,1\nb,1767225660000,1\n";
    writeFileSync(at("in.csv"), Buffer.from(rows, "latin1"));
    const { status, out, err } = shell("undercurrent backtest in.csv --json");
    const { rejections, keys } = JSON.parse(out) as { rejections: unknown; keys: readonly unknown[] };
    expect([status, rejections, keys.length]).toEqual([0, { ROW_UNREADABLE: 2 }, 1]);
    expect(err).toContain("rejected in.csv:3: ROW_UNREADABLE: the line is not UTF-8 text");
  });
});

describe("pipe", () => {
  const lines =
    '{"key":"caf\xe9","time":1767225600000,"value":1}\n{"key":"caf\xe8","time":1767225600000,"value":1}\n{"key":"\xc3\xa9","time":1767225600000,"value":1}\n';

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
    writeFileSync(at("in.json"), '{"key":"a","time":1767225600000,"value":1}\n');
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
