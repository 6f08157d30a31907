/** Files, pipes and outputs that a newcomer gets wrong: each ends with one error that says what to do. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-odd-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = Array.from({ length: 400 }, (_, i) => [
  new Date(Date.UTC(2026, 2, 1, i)).toISOString(),
  String(i % 7),
]);
const csv = `time,value\n${rows.map((row) => `${row.join(",")}\n`).join("")}`;
const lines = '{"key":"a","time":"2026-03-01T00:00:00Z","value":1}\n'.repeat(3);

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs a command with an input from a text, or from an opened path; `outputs` are paths of its outputs. */
function run(
  args: readonly string[],
  { input, from, out, err }: { input?: string | Uint8Array; from?: string; out?: string; err?: string } = {},
): { status: number | null; err: string } {
  const opened: number[] = [];
  const open = (path: string | undefined, flags: string): number | "pipe" => {
    if (path === undefined) return "pipe";
    opened.push(openSync(path, flags));
    return opened.at(-1)!;
  };
  const stdio = [open(from, "r"), open(out, "w"), open(err, "w")];
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], {
    ...{ stdio, encoding: "utf8" },
    ...(input !== undefined && { input }),
  });
  opened.forEach(closeSync);
  return { status, err: stderr };
}

describe("an input that is something else", () => {
  const cases: readonly [string, readonly string[], string | Uint8Array, RegExp][] = [
    ["gzip on standard input of pipe", ["pipe"], gzipSync(lines), /stdin is gzipped: /],
    ["gzip on standard input of backtest", ["backtest", "-"], gzipSync(csv), /stdin is gzipped: /],
    ["CSV in pipe", ["pipe"], csv, /no line is a JSON object.*backtest/],
    ["JSON lines in backtest", ["backtest", "-"], lines, /looks like JSON.*\.jsonl/],
    [
      "lines that end with a carriage return alone",
      ["backtest", "-"],
      csv.replaceAll("\n", "\r"),
      /carriage return/,
    ],
    ["cells with another mark between them", ["backtest", "-"], csv.replaceAll(",", "|"), /--delimiter/],
  ];
  test.each(cases)("is named: %s", (_, args, input, message) => {
    const { status, err } = run(args, { input });
    expect(status).toBe(3);
    expect(err).toMatch(new RegExp(`^error [A-Z_]+: .*${message.source}`, "m"));
  });

  test("is named: a gzipped file without the end .gz, for each command that reads files", () => {
    const path = file("gzipped.csv", gzipSync(csv));
    for (const command of ["backtest", "tune", "inspect"]) {
      const { status, err } = run(command === "inspect" ? [command, "--file", path] : [command, path]);
      expect([status, err]).toEqual([
        3,
        expect.stringMatching(/^error FILE_UNREADABLE: gzipped\.csv is gzipped: /),
      ]);
    }
  });

  test.each([["pipe"], ["backtest", "-"], ["tune", "-"], ["inspect", "--file", "-"]])(
    "is named: a folder as the input of %s",
    (...args) => {
      const { status, err } = run(args, { from: folder });
      expect([status, err]).toEqual([3, expect.stringMatching(/^error FILE_UNREADABLE: stdin is a folder/)]);
    },
  );

  test("is refused where a file is named twice, which would count its events twice", () => {
    const path = file("twice.csv", csv);
    for (const args of [
      ["backtest", path, join(folder, ".", "twice.csv")],
      ["tune", path, path],
      ["backtest", "-", "-"],
    ]) {
      const { status, err } = run(args, { input: csv });
      expect([status, err]).toEqual([2, expect.stringMatching(/^error SETTING_INVALID: .* is named twice/)]);
    }
  });

  test("has a hint for decimal commas", () => {
    const path = file("german.csv", csv.replaceAll(",", ";").replaceAll(/;(\d)$/gm, ";1,$1"));
    expect(run(["backtest", path]).err).toContain("--decimal ,");
    expect(run(["backtest", path, "--decimal", ","]).status).toBe(0);
  });
});

describe("a configuration that no start would take", () => {
  const cases: readonly [string, string, RegExp][] = [
    ["a format without its schemas", "decode: {format: avro}", /decode\.format: avro needs schemaRegistry/],
    ["a schema's file", "decode: {format: avro, schemaFile: no.avsc}", /decode\.schemaFile: .*no\.avsc/],
    ["a function's file", "decode: {format: module, module: no.mjs}", /decode\.module: no\.mjs cannot/],
    ["an output without a registry", "encode: {format: avro}", /encode\.format: avro needs schemaRegistry/],
    [
      "incidents without a registry",
      "{encode: {incidents: {format: avro}}, topics: {incidents: i, feedback: f}}",
      /encode\.incidents\.format: avro needs/,
    ],
    ["a port that does not exist", "kafka: {bootstrapServers: ['a:99999']}", /bootstrapServers.*A port is/],
  ];
  test.each(cases)("is refused by lint --offline: %s", (_, text, message) => {
    const path = file("config.yaml", `${text}\n`);
    const { status, stdout } = spawnSync(process.execPath, [cli, "lint", "--offline", "-c", path], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([2, expect.stringMatching(message)]);
  });
});

const full = "/dev/full";
// A device that is always full is Linux's.
describe.skipIf(process.platform !== "linux")("an output that cannot be written", () => {
  const path = file("series.csv", csv);
  test.each([
    ["backtest", path],
    ["tune", path],
    ["config"],
    ["lint", "--offline"],
    ["inspect", "--file", path],
    ["--help"],
    ["pipe"],
  ])("ends %s with one error", (...args) => {
    const { status, err } = run(args, { input: lines, out: full });
    expect(status).toBe(4);
    expect(err.match(/^error .*$/gm)).toEqual([
      expect.stringMatching(/^error OUTPUT_UNWRITABLE: standard output cannot be written: ENOSPC/),
    ]);
  });

  test("gives the exit code of outputs where nobody can be told", () => {
    expect(run(["pipe"], { input: `no JSON\n${lines}`, err: full }).status).toBe(4);
    expect(run(["backtest", "no-such-file"], { err: full }).status).toBe(3);
  });
});
