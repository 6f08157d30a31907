/** The habits of the house, held by a test: rooms and the imports between them, how files open, the errors. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { errors } from "../src/errors/errors.js";

const root = new URL("..", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const filesUnder = (folder: string): string[] =>
  readdirSync(new URL(`${folder}/`, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.pathname.length).replace("//", "/"))
    .sort();

const sources = filesUnder("src").filter((path) => path.endsWith(".ts"));
const tests = filesUnder("test").filter((path) => path.endsWith(".ts"));

// It reads every file of src: seconds on an idle machine.
test("imports point inwards from room to room, and never in a circle", { timeout: 300_000 }, () => {
  const { status, stdout } = spawnSync("npm", ["run", "--silent", "rooms"], {
    cwd: fileURLToPath(root),
    encoding: "utf8",
  });
  expect(stdout).toMatch(/no dependency violations found \([1-9]\d\d modules/);
  expect(status).toBe(0);
});

test("tests import no file of the kernel, which is compiled to WebAssembly", () => {
  const kernel = /(?:\bfrom|\bimport|\bimport\()\s*"[^"]*\/src\/kernel\//;
  expect(tests.filter((path) => kernel.test(read(path)))).toEqual([]);
});

test("only the engine on TensorFlow.js names its packages, and only when asked for does it load them", () => {
  const users = sources.filter((path) => read(path).includes('"@tensorflow/'));
  expect(users.filter((path) => !path.startsWith("src/engine/tfjs"))).toEqual([]);
  const importing = /^import (?!type ).*"@tensorflow\//m;
  expect(users.filter((path) => importing.test(read(path)))).toEqual([]);
});

test("every file opens with its one job in a sentence", () => {
  const wrong = [...sources, ...filesUnder("scripts")].filter(
    (path) => !/^(?:#!.*\n)?(?:\/\*\*?\s|\/\/ )/.test(read(path)),
  );
  expect(wrong).toEqual([]);
});

/** A folder with more files becomes rooms. */
const maxFiles = 15;

test("a folder holds at most 15 files", () => {
  const counts = new Map<string, number>();
  for (const path of sources) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  expect([...counts].filter(([, files]) => files > maxFiles)).toEqual([]);
});

test("the folders of unit tests are the rooms of src", () => {
  const rooms = ["adapters", "cli", "config", "engine", "forecast", "kernel", "operators", "pipeline"];
  const folders = tests
    .map((path) => path.slice("test/".length, path.lastIndexOf("/")))
    .filter((folder) => rooms.includes(folder.split("/")[0]!));
  expect([...new Set(folders)].filter((folder) => !existsSync(new URL(`src/${folder}`, root)))).toEqual([]);
});

test("a file above 400 lines is warned of", () => {
  const long = sources
    .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > 400);
  for (const { path, lines } of long) console.warn(`${path} has ${lines} lines: is it one thing?`);
});

test("every error code is used, and says what happened to the data and what to do next", () => {
  const text = sources
    .filter((path) => !/^src\/errors\/(?:library|service)-list\.ts$/.test(path))
    .map(read)
    .join("\n");
  for (const [code, entry] of Object.entries(errors)) {
    expect(text, `${code} is raised nowhere`).toContain(`"${code}"`);
    expect(entry.data).toMatch(/^[A-Z].*\.$/);
    expect(entry.action).toMatch(/^[A-Z].*\.$/);
  }
});

test("no error is thrown that has no code, but for defects of the caller's program", () => {
  const wrong = sources
    .filter((path) => !/^src\/(?:kernel|adapters\/web\/page)\//.test(path))
    .flatMap((path) => [...read(path).matchAll(/throw new (\w+)/g)].map(([, name]) => `${path}: ${name!}`))
    .filter(
      (line) =>
        !/: (?:UndercurrentError|RangeError|TypeError|HTTPException|InvalidArgumentError)$/.test(line),
    );
  expect(wrong).toEqual([]);
});

test("docs/errors.md lists every error", async () => {
  const rows = Object.entries(errors)
    .sort(([, a], [, b]) => a.exit - b.exit)
    .map(([code, { exit, data, action }]) => `| \`${code}\` | ${exit} | ${data} | ${action} |`);
  const page = [
    "# Errors",
    "",
    "Every error has a code, says what happened to the data, and names the next action. A command that ends with an",
    "error prints all three on stderr and exits with the number given here. Made from the two lists in `src/errors`.",
    "",
    "| code | exit | what happened to the data | next action |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../docs/errors.md");
});

test("nothing names a registry or a path of somebody's machine", () => {
  const folders = ["src", "test", "scripts", "docs", "config", "examples", ".ci"];
  const files = folders.filter((folder) => existsSync(new URL(folder, root))).flatMap(filesUnder);
  const text = /registry\.npmjs|repo1\.maven|\/work\/|\/root\//;
  const self = "test/tidy.test.ts";
  const readable = files.filter(
    (path) => path !== self && /\.(?:ts|js|mjs|md|ya?ml|json|sh|css|html)$|run$/.test(path),
  );
  expect(readable.filter((path) => text.test(read(path)))).toEqual([]);
});
