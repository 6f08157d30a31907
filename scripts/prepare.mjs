// Builds the package after an install. npx calls this too, each time that it runs the command of a clone: the build
// that is there stays then.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("..", import.meta.url);
const isNpx = process.env.npm_command === "exec";

if (!isNpx || !existsSync(new URL("dist/cli.js", root))) {
  const options = { cwd: fileURLToPath(root), stdio: "inherit", shell: process.platform === "win32" };
  process.exitCode = spawnSync("npm", ["run", "--silent", "build"], options).status ?? 1;
}
