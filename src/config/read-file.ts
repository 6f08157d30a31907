/** Reads small text files: the configuration and the files that settings point to. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";

/**
 * Returns the text of a regular file, because a pipe or device might never end. Throws an error whose message gives the reason;
 * its `code` is the system's, if there is one.
 */
export function readTextFile(path: string): string {
  const stats = statSync(path);
  if (stats.isDirectory()) throw new TypeError("it is a folder");
  if (!stats.isFile()) throw new TypeError("it is not a regular file");
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) throw new TypeError("it is not UTF-8 text");
  return bytes.toString("utf8");
}
