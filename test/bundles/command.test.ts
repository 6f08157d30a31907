/** The files that the command runs, and how their constants are declared. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const dist = new URL("../../dist/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, dist), "utf8");

test("the command runs bundled files, with the program of worker threads beside what starts it", () => {
  expect(read("cli.js")).toContain('from "./command/main.js"');
  const starters = readdirSync(new URL("command/", dist)).filter((name) =>
    read(`command/${name}`).includes('new URL("./worker-thread.js", import.meta.url)'),
  );
  expect(starters.length).toBeGreaterThan(0);
  expect(existsSync(new URL("command/worker-thread.js", dist))).toBe(true);
});

// V8 knows the value of a `const` when it compiles a function, if both stand in one file.
test.each(["command", "esm/shared"])(
  "the forecaster in %s is one file whose constants are `const`",
  (folder) => {
    const files = readdirSync(new URL(`${folder}/`, dist)).map((name) => read(`${folder}/${name}`));
    const [hot, ...others] = files.filter((code) => /\bclass KeyForecaster \{/.test(code));
    expect(others).toEqual([]);
    for (const name of ["ExpertPanel", "Gate", "CellRunner", "KeyReadout", "Detection", "Intervals"])
      expect(hot).toMatch(new RegExp(`\\bclass ${name} \\{`));
    expect(hot).not.toMatch(/^(?:\/\*\*.*\*\/ )?var /m);
  },
);
