/**
 * The seed of the properties: that of the committed code, so that one commit has one outcome, on each Node, and the next
 * change of the code tries other values. `UNDERCURRENT_TEST_SEED` names another, or `random`.
 */
import { execFileSync } from "node:child_process";

export function seedOfProperties(): string {
  const named = process.env["UNDERCURRENT_TEST_SEED"];
  if (named === "random") return String(Math.floor(Math.random() * 2 ** 31));
  if (named !== undefined) return named;
  try {
    const trees = execFileSync("git", ["rev-parse", "HEAD:src", "HEAD:test"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).split("\n");
    return String(trees.reduce((seed, tree) => seed ^ parseInt(tree.slice(0, 7) || "0", 16), 0));
  } catch {
    // Not a clone.
    return "1";
  }
}
