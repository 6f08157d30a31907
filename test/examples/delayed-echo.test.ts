import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("an echo after 27 steps is learned by gru and lstm, and not by rnn", () => {
  const example = spawnSync(process.execPath, ["--import", "tsx", "examples/delayed-echo.ts", "1"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(example.stderr).toBe("");
  const lines = example.stdout
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/));
  expect(lines.map(([cell]) => cell)).toEqual(["rnn", "gru", "lstm"]);
  // Not to know an echo costs 1, and its own noise .025; over seeds 1 to 8 the cells came to .98 and more, .08 and less.
  const [rnn, gru, lstm] = lines.map((columns) => Number(columns.at(-1)));
  expect(rnn).toBeGreaterThan(0.8);
  expect(gru).toBeLessThan(0.3);
  expect(lstm).toBeLessThan(0.3);
}, 120_000);
