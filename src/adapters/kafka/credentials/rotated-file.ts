/** Reads a file again whenever it has changed, as mounted secrets do while a service runs. */
import { readFileSync, statSync } from "node:fs";

/** Largest credential file: a secret, a token, or a bundle of all public authorities. */
const mostBytes = 16_777_216;

/** Returns what differs between two versions of a file. Kubernetes swaps a link, so the inode counts too. */
function versionOf(path: string): string {
  const stats = statSync(path);
  if (!stats.isFile())
    throw new TypeError(stats.isDirectory() ? "it is a folder" : "it is not a regular file");
  if (stats.size > mostBytes) throw new TypeError(`it is larger than ${mostBytes} bytes`);
  return [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(" ");
}

/** Returns why a file cannot be read, without its path and without its content. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/**
 * Returns a function that parses some files, and parses them again once one of them has changed. If the changed files cannot
 * be used, the earlier result stays in use: files that belong together may be replaced one after the other.
 *
 * @param paths The files.
 * @param parse Makes one value of their contents, in the order of `paths`.
 * @param changed Called once per change, with the reason if the changed files cannot be used.
 * @throws At the first call of this function, whatever reading and parsing throw.
 *
 * @example
 * ```ts
 * const password = rotatedFiles(["/run/secrets/password"], ([bytes]) => bytes!.toString().trimEnd());
 * password(); // read again only if the file has changed
 * ```
 */
export function rotatedFiles<T>(
  paths: readonly string[],
  parse: (contents: readonly Buffer[]) => T,
  changed: (problem?: unknown) => void = () => undefined,
): () => T {
  // The versions come first: a file that changes between these two lines is read again at the next call.
  let versions = paths.map(versionOf).join("\n");
  let value = parse(paths.map((path) => readFileSync(path)));
  return () => {
    let found: string;
    try {
      found = paths.map(versionOf).join("\n");
    } catch (error) {
      found = fileProblem(error);
      if (found !== versions) changed(error);
      versions = found;
      return value;
    }
    if (found === versions) return value;
    versions = found;
    try {
      value = parse(paths.map((path) => readFileSync(path)));
    } catch (error) {
      changed(error);
      return value;
    }
    changed();
    return value;
  };
}
