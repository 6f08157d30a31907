import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("an echo after 31 steps is learned by gru and lstm, and not by rnn", () => {
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
  // Not to know an echo costs 1, and its own noise .025. Over seeds 1 to 12 the plain cell came to .98 and more, the
  // others to .08 and less but for one lstm at .51: the bounds hold for all of them.
  const [rnn, gru, lstm] = lines.map((columns) => Number(columns.at(-1)));
  expect(rnn).toBeGreaterThan(0.8);
  expect(gru).toBeLessThan(0.3);
  expect(lstm).toBeLessThan(0.7);
}, 120_000);
