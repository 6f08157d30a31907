/**
 * Refuses outputs that are also inputs, because opening an output empties it. Files are compared by device and inode, which
 * sees through hard links, symbolic links, /dev/fd and names that differ only in case.
 */
import { closeSync, existsSync, fstatSync, openSync, realpathSync, statSync, unlinkSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { UndercurrentError } from "../../errors/errors.js";

export interface NamedFile {
  /** Name in errors: the option without its hyphens. */
  readonly name: string;
  readonly path: string;
}

export interface CommandFiles {
  /** "-" is standard input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly NamedFile[];
}

interface Identified extends NamedFile {
  readonly identity: string | undefined;
}

/**
 * Throws SETTING_INVALID if an output is also an input, another output, or the target of standard output or standard error.
 * Changes no file and leaves none behind.
 */
export function assertApart({ inputs, outputs }: CommandFiles): void {
  const read = inputs.map((path) => identityOf(() => (path === "-" ? status(0) : statusOf(path))));
  const created: string[] = [];
  const written: Identified[] = outputs.map((output) => ({
    ...output,
    identity: madeIdentity(output.path, created),
  }));
  for (const path of created) unlinkSync(path);
  const standard: Identified[] = [
    { name: "standard output", path: "", identity: identityOf(() => status(1), true) },
    { name: "standard error", path: "", identity: identityOf(() => status(2), true) },
  ];
  for (const [index, { name, path, identity }] of written.entries()) {
    if (identity === undefined) continue;
    if (read.includes(identity)) {
      throw new UndercurrentError(
        "SETTING_INVALID",
        `${name}: ${path} is also an input file and would be overwritten; choose another path`,
      );
    }
    const other = [...standard, ...written.slice(0, index)].find((file) => file.identity === identity);
    if (other === undefined) continue;
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${name}: ${path} is also the path of ${other.name}; choose different paths`,
    );
  }
  for (const { name, identity } of standard) {
    if (identity === undefined || !read.includes(identity)) continue;
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${name} is redirected to a file that is also an input; choose another file`,
    );
  }
}

/** Returns the identity of an output file. Creates a missing file for that and adds it to `created`. */
function madeIdentity(path: string, created: string[]): string | undefined {
  if (!existsSync(path)) {
    try {
      closeSync(openSync(path, "a"));
      created.push(realpathSync(path));
    } catch {
      // The writer reports a path that cannot be written.
      return undefined;
    }
  }
  return identityOf(() => statusOf(path));
}

/** Returns undefined for targets without content to lose: terminals, /dev/null, and pipes if `filesOnly`. */
function identityOf(look: () => BigIntStats, filesOnly = false): string | undefined {
  try {
    const stats = look();
    if (filesOnly ? !stats.isFile() : stats.isCharacterDevice()) return undefined;
    return `${stats.dev}:${stats.ino}`;
  } catch {
    return undefined;
  }
}

const status = (descriptor: number): BigIntStats => fstatSync(descriptor, { bigint: true });
const statusOf = (path: string): BigIntStats => statSync(path, { bigint: true });
