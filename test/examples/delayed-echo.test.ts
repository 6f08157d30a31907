import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

function echoes(...args: readonly string[]): readonly string[][] {
  const example = spawnSync(process.execPath, ["--import", "tsx", "examples/delayed-echo.ts", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  expect(example.stderr).toBe("");
  return example.stdout
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/));
}

test("an echo after 31 steps is learned by gru and lstm, and not by rnn", () => {
  const lines = echoes("1");
  expect(lines.map(([cell]) => cell)).toEqual(["rnn", "gru", "lstm"]);
  // Not to know an echo costs 1, and its own noise .05. Over seeds 1 to 6 the plain cell came to .93 and more and gru to
  // .08 and less; lstm learned it with three, this one among them.
  const [rnn, gru, lstm] = lines.map((columns) => Number(columns.at(-1)));
  expect(rnn).toBeGreaterThan(0.8);
  expect(gru).toBeLessThan(0.3);
  expect(lstm).toBeLessThan(0.7);
}, 120_000);

test("a cell that sees the last values knows an echo while its pulse is among them, and never where it is not", () => {
  const [seen] = echoes("1", "attention", "32");
  const [past] = echoes("1", "attention", "24");
  expect([seen![0], past![0]]).toEqual(["attention", "attention"]);
  expect(Number(seen!.at(-1))).toBeLessThan(0.1);
  expect(Number(past!.at(-1))).toBeGreaterThan(0.9);
}, 120_000);
