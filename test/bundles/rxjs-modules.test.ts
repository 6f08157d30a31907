/** What the main entry loads of rxjs in Node: loading all of rxjs takes longer than loading this package. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a module in a process of its own; returns what it prints as JSON. */
function printed(code: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test("the main entry loads the few modules of rxjs that it uses", () => {
  const loaded = printed(`
    import "undercurrent-forecast";
    import { createRequire } from "node:module";
    const files = Object.keys(createRequire(import.meta.url).cache).map((path) => path.replaceAll("\\\\", "/"));
    console.log(JSON.stringify(files.filter((path) => path.includes("/rxjs/"))));`) as string[];
  expect(loaded.filter((path) => path.endsWith("/rxjs/dist/cjs/index.js"))).toEqual([]);
  // All of rxjs is 230.
  expect(loaded.length).toBeGreaterThan(5);
  expect(loaded.length).toBeLessThan(60);
});

test("its operators return the program's own Observable", () => {
  const same = printed(`
    import { Observable, of } from "rxjs";
    import { forecast, anomalies } from "undercurrent-forecast";
    const read = { key: (x) => x, time: () => 0, value: () => 1 };
    const made = [of("a").pipe(forecast(read)), of().pipe(anomalies())];
    console.log(JSON.stringify(made.map((each) => each instanceof Observable)));`);
  expect(same).toEqual([true, true]);
});
