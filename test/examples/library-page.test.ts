/** The code of docs/library.md: the first program runs, and each further piece compiles after it, as strict TypeScript. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(new URL("../../docs/library.md", import.meta.url), "utf8");
const pieces = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);

/** The messages of the compiler for these programs, by their names. */
function complaintsOf(programs: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  const exists = host.fileExists.bind(host);
  host.readFile = (path) => programs.get(path) ?? read(path);
  host.fileExists = (path) => programs.has(path) || exists(path);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, target) =>
    programs.has(path) ? ts.createSourceFile(path, programs.get(path)!, target) : getSourceFile(path, target);
  const program = ts.createProgram([...programs.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const line = file?.text.slice(start).split("\n")[0] ?? "";
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

/** What a piece may name beside the first program: a forecaster of another piece, modules of an edge runtime. */
const further = 'declare const forecaster: import("undercurrent-forecast").EventForecaster<Reading>;';
const isImport = (line: string): boolean => line.startsWith("import ");

/** Programs that go on from the first piece: what a later piece declares is its own. */
function programsOf(first: string, pieces: readonly string[]): Map<string, string> {
  return new Map(
    pieces.map((piece, i) => {
      const lines = piece.split("\n").map((line) => line.replace(/ from ".*\.wasm"/, ' from "node:fs"'));
      const imports = lines.filter(isImport);
      const rest = lines.filter((line) => !isImport(line));
      return [
        `${root}piece-${i}.mts`,
        [...imports, first, ...(piece.includes("const forecaster") ? [] : [further]), "{", ...rest, "}"].join(
          "\n",
        ),
      ];
    }),
  );
}

test("the first piece is the example that runs", () => {
  const example = readFileSync(new URL("../../examples/first-program.ts", import.meta.url), "utf8");
  expect(pieces[0]).toBe(example.slice(example.indexOf("\n") + 1));
});

test("each further piece compiles", () => {
  const [first, ...others] = pieces;
  expect(others.length).toBeGreaterThan(5);
  expect(complaintsOf(programsOf(first!, others))).toEqual([]);
}, 60_000);

test("a piece that does not compile is found", () => {
  const found = complaintsOf(programsOf(pieces[0]!, ["readings$.pipe(forecast({ ...read, horizn: 2 }));"]));
  expect(found.join()).toContain("horizn");
}, 60_000);
