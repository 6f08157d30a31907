// What tests fetch from Maven Central, once for all test runs of a machine.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Returns a folder of the user's cache, which need not exist. */
export function cached(...names: readonly string[]): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "undercurrent", ...names);
}

/**
 * Makes a folder where it is not there: next to its place, and renamed, so that a download that broke off is not taken for
 * a whole one.
 *
 * @param make Fills an empty folder, and returns the folder in it to keep.
 */
export async function fetchOnce(place: string, make: (folder: string) => Promise<string>): Promise<void> {
  if (existsSync(place)) return;
  await mkdir(dirname(place), { recursive: true });
  const folder = await mkdtemp(join(dirname(place), "download-"));
  try {
    await rename(await make(folder), place).catch((error: unknown) => {
      // Another test run was quicker.
      if (!existsSync(place)) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fetches the jars that a project at run time needs. */
export async function fetchJars(place: string, pom: string): Promise<void> {
  await fetchOnce(place, async (folder) => {
    await writeFile(join(folder, "pom.xml"), pom);
    const goal = [
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${folder}/libs`,
    ];
    await run("mvn", ["-q", "-B", "-f", join(folder, "pom.xml"), ...goal]);
    return join(folder, "libs");
  });
}
