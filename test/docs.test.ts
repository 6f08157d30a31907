/** The pages hold together: every relative link leads somewhere, and every file, setting and test that they name exists. */
import { readdirSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { renamedSettings } from "../src/errors/renamed-settings.js";
import { exists, pages, read, root } from "./support/pages.js";

const withoutBlocks = (text: string): string => text.replaceAll(/^```.*?^```$/gms, "");
const withoutSpans = (text: string): string => text.replaceAll(/`[^`]+`/g, "");

/** Returns the anchors of a page, by GitHub's rule for headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(text).matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Returns the relative links of a page that lead nowhere. */
function brokenLinks(page: string, text: string): string[] {
  return [...withoutSpans(withoutBlocks(text)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : posix.join(posix.dirname(page), path);
      if (!exists(file)) return true;
      return anchor !== undefined && !anchorsOf(file === page ? text : read(file)).has(anchor);
    })
    .map((target) => `${page}: ${target}`);
}

/** Returns the code spans of a page. */
const spansOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].map(([, span]) => span!.replaceAll(/\s+/g, " "));

/** Folders that a page's paths may start from, beside the root. */
const homes = ["", "src/", "src/adapters/kafka/", "src/pipeline/", "src/forecast/", "src/cli/"];
const endings = ["", ".test.ts", ".ts", "/"];

/** Returns the paths in code spans that name no file or folder. Names with a placeholder are not paths of ours. */
function missingFiles(page: string, text: string): string[] {
  const folders = ["src", "test", "docs", "examples", "config", "monitoring", "scripts"].join("|");
  const path = new RegExp(`^(?:(?:${folders})/[\\w./-]+|[\\w-]+(?:/[\\w-]+)*\\.ts)$`);
  return spansOf(text)
    .filter((span) => path.test(span))
    .filter((span) => !homes.some((home) => endings.some((ending) => exists(home + span + ending))))
    .filter((span) => span.includes("/") || !sourceNames.has(span))
    .map((span) => `${page}: ${span}`);
}

const sourceNames = new Set(
  ["src", "test"].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: "utf8" }).map((path) =>
      posix.basename(path),
    ),
  ),
);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
}
const schema = JSON.parse(read("config/schema.json")) as Schema;

/** Finds the properties of a section, also within alternatives. */
const propertiesOf = ({ properties = {}, anyOf = [] }: Schema): Readonly<Record<string, Schema>> =>
  Object.assign({}, properties, ...anyOf.map(propertiesOf)) as Readonly<Record<string, Schema>>;

const sections = Object.entries(propertiesOf(schema)).filter(
  ([, section]) => Object.keys(propertiesOf(section)).length > 0,
);

/** Returns the settings `section.name` in code spans that the schema does not have. */
function unknownSettings(page: string, text: string): string[] {
  return spansOf(text).flatMap((span) =>
    sections.flatMap(([name, section]) =>
      [...span.matchAll(new RegExp(`^${name}\\.(\\w+)\\b(?![(/.])`, "g"))]
        .filter(([, setting]) => !Object.hasOwn(propertiesOf(section), setting!))
        .filter(([, setting]) => setting !== "ts")
        .map(([path]) => `${page}: ${path}`),
    ),
  );
}

/** Old names of settings that have no other meaning in the pages. */
const oldNames = new Set(
  Object.values(renamedSettings)
    .flatMap((names: Readonly<Record<string, unknown>>) => Object.keys(names))
    .filter((name) => /[A-Z]/.test(name)),
);

test("every relative link of the pages leads to a file and a heading", () => {
  expect(pages.flatMap((page) => brokenLinks(page, read(page)))).toEqual([]);
});

test("every file and test that the pages name exists", () => {
  expect(pages.flatMap((page) => missingFiles(page, read(page)))).toEqual([]);
});

test("every setting that the pages name exists, by its present name", () => {
  expect(sections.map(([name]) => name)).toEqual(expect.arrayContaining(["kafka", "model", "topics"]));
  expect(pages.flatMap((page) => unknownSettings(page, read(page)))).toEqual([]);
  const old = pages.flatMap((page) =>
    spansOf(read(page))
      .filter((span) => oldNames.has(span))
      .map((span) => `${page}: ${span}`),
  );
  expect(old).toEqual([]);
});

test("the checks find what leads nowhere", () => {
  const page =
    "# A page: `code`, and more\n\n[a](#a-page-code-and-more) [b](#b) [c](docs/none.md) [d](docs/README.md#none)\n";
  expect(brokenLinks("README.md", page)).toEqual([
    "README.md: #b",
    "README.md: docs/none.md",
    "README.md: docs/README.md#none",
  ]);
  expect(missingFiles("README.md", "`test/none` `test/docs` `src/none.ts` `none.ts` `docs.test.ts`")).toEqual(
    ["README.md: test/none", "README.md: src/none.ts", "README.md: none.ts"],
  );
  expect(unknownSettings("README.md", "`kafka.none` `kafka.tls` `model.cell: gru`")).toEqual([
    "README.md: kafka.none",
  ]);
});
