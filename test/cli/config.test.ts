import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

function config(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "config", ...args], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  return { status, out: stdout, err: stderr };
}

describe("config", () => {
  test("prints a commented file to begin with", () => {
    const file = fileURLToPath(new URL("../../config/default.yaml", import.meta.url));
    expect(config(["--default"])).toEqual({ status: 0, out: readFileSync(file, "utf8"), err: "" });
  });

  test("prints what is in effect, which means the same where it is read again", () => {
    const file = join(folder, "config.yaml");
    writeFileSync(
      file,
      "applicationId: ${NAME}\nmodel: { hidden: 64 }\nkafka: { sasl: { mechanism: PLAIN, username: a, password: '${S}' } }",
    );
    const environment = { NAME: "pumps", S: "correct-horse-battery" };
    const { status, out, err } = config(["-c", file], environment);
    expect([status, err]).toEqual([0, ""]);
    expect(out).not.toContain(environment.S);
    expect(parseConfig(out, environment).settings).toEqual(
      parseConfig(readFileSync(file, "utf8"), environment).settings,
    );
  });

  test("prints no secret, neither of a file nor in an error", () => {
    const file = join(folder, "secret.yaml");
    const text = "kafka: { sasl: { mechanism: PLAIN, username: a, password: correct-horse-battery } }\n";
    writeFileSync(file, text);
    expect(config(["-c", file]).out).toContain('password: "[redacted]"');
    writeFileSync(file, `${text}late: never`);
    const { status, out, err } = config(["-c", file]);
    expect(status).toBe(2);
    expect(err).toContain("line 2: late: expected process | drop | dead-letter");
    expect(out + err).not.toContain("correct-horse");
  });
});
