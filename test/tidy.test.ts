/** The habits of the house, held by a test: which way imports point, how files open, how long they are, the errors. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

/** From the inside out: a layer imports from itself and from those before it. */
const layers = [
  "errors",
  "kernel",
  "engine",
  "forecast",
  "operators",
  "pipeline",
  "adapters",
  "config",
  "cli",
];

function layerOf(path: string): string {
  const [, first] = /^src\/([^/.]+)/.exec(path)!;
  return first!;
}

function importsOf(path: string): string[] {
  const found = read(path).matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+)"/g);
  return [...found].map(([, target]) =>
    new URL(target!, new URL(path, root)).pathname.slice(root.pathname.length).replace(/\.js$/, ".ts"),
  );
}

test("imports point inwards", () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const layer = layerOf(path);
    if (layer === "index" || layer === "tfjs") continue;
    expect(layers, path).toContain(layer);
    for (const target of importsOf(path)) {
      if (!target.startsWith("src/")) continue;
      if (layers.indexOf(layerOf(target)) > layers.indexOf(layer)) wrong.push(`${path} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the kernel is compiled to WebAssembly, never imported", () => {
  const outside = [...sources, ...tests].filter((path) => !path.startsWith("src/kernel/"));
  const importers = outside.filter((path) =>
    importsOf(path).some((target) => target.startsWith("src/kernel/")),
  );
  expect(importers).toEqual([]);
});

test("only adapters know Kafka, HTTP, files and metrics libraries, and only the command makes adapters", () => {
  const outside =
    /from "(?:kafkajs|prom-client|hono|@hono\/[^"]+|node:(?:fs|http|net|os)[^"]*|csv-parse[^"]*)"/;
  const allowed = /^src\/(?:adapters|config|cli)(?:\/|\.ts)|^src\/engine\/wasm\/kernel\.ts$/;
  expect(sources.filter((path) => !allowed.test(path) && outside.test(read(path)))).toEqual([]);
  const makers = sources.filter((path) => !/^src\/(?:adapters|cli)(?:\/|\.ts)/.test(path));
  expect(
    makers.filter((path) => importsOf(path).some((target) => target.startsWith("src/adapters/"))),
  ).toEqual([]);
});

function loadedBy(entry: string): string[] {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    importsOf(path).forEach(visit);
  };
  visit(entry);
  return [...seen];
}

test("importing the library loads no server, broker client or metrics", () => {
  const outer = /^src\/(?:adapters|cli|config)/;
  expect(loadedBy("src/index.ts").filter((path) => outer.test(path))).toEqual([]);
});

test("only the engine on TensorFlow.js names its packages, and only when asked for does it load them", () => {
  const users = sources.filter((path) => read(path).includes('"@tensorflow/'));
  expect(users.filter((path) => !path.startsWith("src/engine/tfjs"))).toEqual([]);
  const importing = /^import (?!type ).*"@tensorflow\//m;
  expect(users.filter((path) => importing.test(read(path)))).toEqual([]);
  expect(loadedBy("src/index.ts").filter((path) => path.startsWith("src/engine/tfjs"))).toEqual([]);
});

test("importing the Kafka adapter loads no other adapter", () => {
  const other = /^src\/(?:adapters\/(?!kafka\/)|cli|config)/;
  expect(loadedBy("src/adapters/kafka/index.ts").filter((path) => other.test(path))).toEqual([]);
});

test("every file opens with its one job in a sentence", () => {
  const wrong = [...sources, ...filesUnder("scripts")].filter(
    (path) => !/^(?:#!.*\n)?(?:\/\*\*?\s|\/\/ )/.test(read(path)),
  );
  expect(wrong).toEqual([]);
});

test("files stay short", () => {
  const long = sources
    .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});

test("every error code is used, and says what happened to the data and what to do next", () => {
  const text = sources
    .filter((path) => path !== "src/errors/list.ts")
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
  const rows = Object.entries(errors).map(
    ([code, { exit, data, action }]) => `| \`${code}\` | ${exit} | ${data} | ${action} |`,
  );
  const page = [
    "# Errors",
    "",
    "Every error has a code, says what happened to the data, and names the next action. A command that ends with an",
    "error prints all three on stderr and exits with the number given here. Made from `src/errors/list.ts`.",
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
