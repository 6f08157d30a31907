/** Every command that the pages show can be typed as it stands: its form works, and what it names exists. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { errors } from "../src/errors/errors.js";
import { exists, pages, read, root } from "./support/pages.js";

const cwd = fileURLToPath(root);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
}
const { name, version, scripts } = JSON.parse(read("package.json")) as Manifest;

interface Shown {
  readonly where: string;
  readonly command: string;
}

const programs = /^(?:undercurrent [a-zA-Z]|npx |npm |node |bash |docker )/;

/** Reads the commands of a Markdown text: lines of `sh` blocks, lines that begin with `$`, and code spans. */
function commandsOf(where: string, text: string): Shown[] {
  const found: string[] = [];
  const prose = text.replaceAll(/^```(\w*)\n(.*?)^```$/gms, (_, language: string, block: string) => {
    for (const line of block.split("\n")) {
      if (language === "sh") found.push(line);
      else if (line.startsWith("$ ")) found.push(line.slice(2));
    }
    return "";
  });
  for (const [, span] of prose.matchAll(/`([^`]+)`/g)) {
    const command = withoutSettings(span!.replaceAll(/\s+/g, " "));
    if (programs.test(command)) found.push(command);
  }
  return found
    .flatMap((line) => line.replace(/(?:^|\s)#.*$/, "").split(/ && |; | \| /))
    .map((command) => withoutSettings(command.trim()))
    .filter((command) => command !== "" && !/^(?:echo|cat|cd|export) /.test(command))
    .map((command) => ({ where, command }));
}

/** Takes leading `NAME=value` off a command. */
const withoutSettings = (command: string): string => command.replace(/^(?:[A-Z_]+=\S+ )+/, "");

const shown = [
  ...pages.flatMap((path) => commandsOf(path, read(path))),
  ...Object.entries(errors).flatMap(([code, { action }]) => commandsOf(code, action)),
];

/** The help of `undercurrent` and of each of its commands, by the words that name the command. */
const help = new Map<string, string>();

function readHelp(words: readonly string[]): void {
  const { stdout } = spawnSync(process.execPath, ["dist/cli.js", ...words, "--help"], {
    cwd,
    encoding: "utf8",
  });
  help.set(words.join(" "), stdout);
  const [, list = ""] = /^Commands:\n((?: .*\n)+)/m.exec(stdout) ?? [];
  for (const [, word] of list.matchAll(/^ {2}([a-z]+)/gm)) if (word !== "help") readHelp([...words, word!]);
}

/** Says what is wrong with a command, or nothing. */
function faultOf(command: string): string | undefined {
  const [program = "", first = "", ...rest] = command.split(" ");
  switch (program) {
    case "npx":
      if (first === "undercurrent") return faultOfOurs(rest);
      if (first !== "vitest") return "npx may fetch the package of a stranger";
      return rest.slice(1).map(faultOfPath).find(Boolean);
    case "npm":
      if (first === "run") return faultOfScript(rest[0]);
      if (first === "start" || first === "test") return faultOfScript(first);
      if (first === "install") return rest.map(faultOfPackage).find(Boolean);
      return others.includes(first) ? undefined : "not used here";
    case "node":
      return faultOfPath([first, ...rest].find((word) => !word.startsWith("-") && word !== "tsx"));
    case "bash":
      return faultOfPath(first);
    case "docker":
      return faultOfDocker(first, rest);
    case "helm":
      return rest
        .filter((word) => word.includes("/"))
        .map(faultOfPath)
        .find(Boolean);
    case "curl":
    case "kill":
    case "kubectl":
      return undefined;
    default:
      return "not a form that works in a clone and in a project that has the package";
  }
}

function faultOfDocker(verb: string, words: readonly string[]): string | undefined {
  if (verb === "compose" || verb === "push") return undefined;
  if (verb !== "build") return "not used here";
  const stage = words[words.indexOf("--target") + 1]!;
  return read("Dockerfile").includes(` AS ${stage}\n`) ? undefined : "no such stage";
}

/** Further commands of npm. */
const others = ["ci", "pack", "publish", "audit", "ls", "outdated"];

const faultOfScript = (script = ""): string | undefined =>
  Object.hasOwn(scripts, script) ? undefined : "no such script";

const faultOfPath = (path = ""): string | undefined =>
  path.startsWith("-") || path.includes("NAME") || exists(path) ? undefined : "no such file";

/** Packages of others are named on purpose; our own has its name, or that of its packed file. */
function faultOfPackage(word: string): string | undefined {
  if (word.startsWith("undercurrent") && word !== name) return "the package of a stranger";
  return word.endsWith(".tgz") && !word.endsWith(`/${name}-${version}.tgz`)
    ? "not what npm pack makes"
    : undefined;
}

function faultOfOurs(words: readonly string[]): string | undefined {
  let command = "";
  const rest = [...words];
  while (help.has(`${command} ${rest[0]}`.trim())) command = `${command} ${rest.shift()}`.trim();
  const named = rest[0] ?? "COMMAND";
  if (command === "" && named !== "COMMAND" && !named.startsWith("-")) return "no such command";
  const known = `${help.get(command)!} -h --help`;
  const unknown = rest.filter((word) => /^--?[a-z]/.test(word)).find((word) => !mentions(known, word));
  return unknown && `no option ${unknown}`;
}

const mentions = (text: string, option: string): boolean =>
  text.split(/[\s,=]+/).includes(option.split("=")[0]!);

// A dozen starts of Node, one after the other.
beforeAll(() => {
  readHelp([]);
}, 300_000);

test("every command that is shown can be typed as it stands", () => {
  expect(shown.length).toBeGreaterThan(60);
  const faults = shown.map(({ where, command }) => ({ where, command, fault: faultOf(command) }));
  expect(faults.filter(({ fault }) => fault !== undefined)).toEqual([]);
});

test("the pages import the package by its name", () => {
  const stranger = /from "undercurrent["/]|["'`]undercurrent\/(?:kafka|tfjs)/;
  expect(pages.filter((path) => stranger.test(read(path)))).toEqual([]);
});

test("the check finds commands, and tells those that don't work", () => {
  const page =
    "Run `undercurrent run`.\n\n```sh\nnpx undercurrent lint -c a.yaml # checks\n```\n\n```console\n$ npm ci\n1\n```\n";
  expect(commandsOf("page", page).map(({ command }) => command)).toEqual([
    "npx undercurrent lint -c a.yaml",
    "npm ci",
    "undercurrent run",
  ]);
  const faults = {
    "undercurrent run": /form/,
    "npx undercurrent walk": /no such command/,
    "npx undercurrent state walk": undefined,
    "npx undercurrent run --walk": /no option --walk/,
    "npx typedoc": /stranger/,
    "npm run walk": /no such script/,
    "npm install undercurrent": /stranger/,
    "npm install ../clone/undercurrent-forecast-9.9.9.tgz": /npm pack/,
    "node --import tsx examples/walk.ts": /no such file/,
  };
  for (const [command, fault] of Object.entries(faults)) {
    if (fault === undefined) expect(faultOf(command), command).toBeUndefined();
    else expect(faultOf(command), command).toMatch(fault);
  }
});

test("npx in a clone runs what is built there, and builds nothing", async () => {
  const cache = await mkdtemp(join(tmpdir(), "undercurrent-npx-"));
  const built = (): number => statSync(new URL("dist/cli.js", root)).mtimeMs;
  const before = built();
  const { stdout, stderr } = spawnSync("npx", ["--offline", "undercurrent", "--version"], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, npm_config_cache: cache },
  });
  await rm(cache, { recursive: true, force: true });
  expect(stdout, stderr).toBe(`${version}\n`);
  expect(built()).toBe(before);
});

/** Those that need no broker, no network and no file of the reader's. */
const runnable = shown
  .map(({ command }) => command)
  .filter((command) => /^npx undercurrent (?:config --default|backtest node_modules|pipe$)/.test(command));

test.each([...new Set([...runnable, "npx undercurrent --help"])])("%s runs", (command) => {
  const { status, stderr } = spawnSync(command.replace(/ > .*/, ""), {
    cwd,
    shell: true,
    encoding: "utf8",
    input: '{"key":"a","time":1767225600000,"value":1}\n',
  });
  expect(stderr).not.toMatch(/Error/);
  expect(status).toBe(0);
});
