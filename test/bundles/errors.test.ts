/** The texts of errors: a bundle of the library has its own alone, and a program that loads the service has all. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { errors } from "../../src/errors/errors.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { data, action } = errors.BROKER_UNREACHABLE;

async function bundleOf(names: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from "undercurrent-forecast";`, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "browser",
    external: ["rxjs"],
    write: false,
  });
  return outputFiles[0]!.text;
}

test("a bundle holds the service's errors if it names the list", async () => {
  expect(await bundleOf("forecast, UndercurrentError, describeError")).not.toContain(action);
  expect(await bundleOf("forecast, errors")).toContain(action);
});

test.each(["pipeline", "kafka", "schemas"])("with the entry %s the class has every text", (entry) => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { UndercurrentError } from "undercurrent-forecast";
      const made = () => new UndercurrentError("BROKER_UNREACHABLE", "text");
      const before = made();
      await import("undercurrent-forecast/${entry}");
      console.log(JSON.stringify([before, made()].map(({ data, action }) => ({ data, action }))));`,
    ],
    { cwd: root, encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([
    { data: "", action: "See the error BROKER_UNREACHABLE in docs/errors.md." },
    { data, action },
  ]);
});
