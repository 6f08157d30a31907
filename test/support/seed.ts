/**
 * The seed of the properties: that of the commit, so that one commit has one outcome, on each Node, and the next one tries
 * other values. `UNDERCURRENT_TEST_SEED` names another, or `random`.
 */
import { execFileSync } from "node:child_process";

export function seedOfProperties(): string {
  const named = process.env["UNDERCURRENT_TEST_SEED"];
  if (named === "random") return String(Math.floor(Math.random() * 2 ** 31));
  if (named !== undefined) return named;
  try {
    const tree = execFileSync("git", ["rev-parse", "HEAD^{tree}"], { stdio: ["ignore", "pipe", "ignore"] });
    return String(parseInt(tree.toString().slice(0, 7), 16));
  } catch {
    // Not a clone.
    return "1";
  }
}
