/** The option --engine of the commands: TensorFlow.js where it is installed, and what to do where it is not. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const lines = Array.from({ length: 200 }, (_, i) =>
  JSON.stringify({ key: `k${i % 3}`, time: 1_767_225_600_000 + 1000 * i, value: Math.sin(i / 9) + (i % 3) }),
);

/** Makes Node refuse to find packages, as if they were not installed. */
function without(packages: string): string {
  const hooks = `export async function resolve(name, context, next) {
    if (new RegExp(${JSON.stringify(`^${packages}`)}).test(name)) {
      throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
    }
    return next(name, context);
  }`;
  const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const register = `import { register } from "node:module"; register(${JSON.stringify(url)});`;
  return `data:text/javascript,${encodeURIComponent(register)}`;
}

function pipe(engine: string, ...options: string[]) {
  const args = [...options, cli, "pipe", "--hidden", "8", "--engine", engine];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    input: `${lines.join("\n")}\n`,
    encoding: "utf8",
  });
  return { status, stderr, stdout };
}

const forecastsOf = (stdout: string): readonly (number | null)[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { yhat: number | null }).yhat);

describe("--engine tfjs", () => {
  test("forecasts as the default engine does, and says once which backend it uses", () => {
    const [wasm, tfjs] = [pipe("wasm"), pipe("tfjs")];
    expect([wasm.status, tfjs.status]).toEqual([0, 0]);
    expect(wasm.stderr).not.toContain("TensorFlow.js");
    expect(tfjs.stderr.match(/^engine: TensorFlow.js \S+, backend \w+/gm)).toHaveLength(1);
    const [expected, actual] = [forecastsOf(wasm.stdout), forecastsOf(tfjs.stdout)];
    expect(actual.length).toBe(lines.length);
    for (const [i, value] of actual.entries()) expect(value!).toBeCloseTo(expected[i]!, 3);
  });

  test("takes the next backend where one is not installed", () => {
    const { status, stderr } = pipe("tfjs", "--import", without("@tensorflow/tfjs-(?:node|backend-wasm)"));
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^engine: TensorFlow.js \S+, backend cpu \(.*tfjs-node is not installed; .*tfjs-backend-wasm is not.*\)$/m,
    );
  });

  test("names what to install where TensorFlow.js is missing, which the default engine does without", () => {
    const nothing = ["--import", without("@tensorflow/")];
    const { status, stderr } = pipe("tfjs", ...nothing);
    expect(status).toBe(6);
    expect(stderr).toMatch(/TFJS_MISSING.*npm install @tensorflow\/tfjs-node[\s\S]*next: /);
    expect(pipe("wasm", ...nothing).status).toBe(0);
  });
});
