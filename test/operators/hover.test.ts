/** What an editor shows while options are typed: each option of the built package says what it is. */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = `${root}hover.mts`;

/** A language service over one program. */
function serviceOf(program: string): ts.LanguageService {
  return ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot(path) {
      const text = path === file ? program : ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => ({
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    }),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  });
}

test.each([
  ["createForecaster", 25],
  ["createSymbolForecaster", 10],
  ["forecast", 25],
  ["forecastSymbols", 10],
  ["backtest", 25],
])(
  "every option of %s has a text",
  (name, least) => {
    const call = name === "backtest" ? "backtest([] as object[], {" : `${name}({`;
    const begin = `import { ${name} } from "undercurrent-forecast";\n${call} `;
    const end = "\n});";
    const offered = serviceOf(begin + end).getCompletionsAtPosition(file, begin.length, {})!;
    const names = offered.entries
      .filter(({ kind }) => kind === ts.ScriptElementKind.memberVariableElement)
      .map((entry) => entry.name);
    expect(names.length).toBeGreaterThan(least);

    const program = begin + names.map((each) => `${each}: undefined as never,`).join("\n") + end;
    const service = serviceOf(program);
    const without = names.filter((each) => {
      const info = service.getQuickInfoAtPosition(
        file,
        program.indexOf(`${each}: undefined`, begin.length - 1),
      );
      return ts.displayPartsToString(info?.documentation) === "";
    });
    expect(without).toEqual([]);
  },
  60_000,
);
