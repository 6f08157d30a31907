/** Opens what a command reads: a file, a gzip file by its name, or standard input as "-". */
import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UndercurrentError } from "../../errors.js";

const pieceBytes = 64 * 1024;

/** Throws FILE_UNREADABLE unless every file can be read: better before the first row than after the last. */
export async function checkReadable(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (file === "-") continue;
    try {
      await access(file, constants.R_OK);
    } catch (cause) {
      throw unreadable(file, cause);
    }
    if ((await stat(file)).isDirectory()) {
      throw new UndercurrentError("FILE_UNREADABLE", `${file} is a folder`);
    }
  }
}

/** The text of a file in pieces, as UTF-8; bytes that are not become U+FFFD. Throws FILE_UNREADABLE. */
export async function* openText(file: string): AsyncGenerator<string> {
  try {
    const stream = openStream(file).setEncoding("utf8");
    for await (const piece of stream) yield piece as string;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** What messages and keys call a file: its name without folders; "stdin" for "-". */
export function nameOf(file: string): string {
  return file === "-" ? "stdin" : basename(file);
}

/** The key of a file without a key column: its name up to the first dot. */
export function keyOfFile(file: string): string {
  const name = nameOf(file);
  const dot = name.indexOf(".", 1);
  return dot < 0 ? name : name.slice(0, dot);
}

function openStream(file: string): Readable {
  if (file === "-") return process.stdin;
  const bytes = createReadStream(file, { highWaterMark: pieceBytes });
  if (!file.endsWith(".gz")) return bytes;
  // The error reaches the reader through the last stream; the callback only has to be there.
  return pipeline(bytes, createGunzip({ chunkSize: pieceBytes }), () => undefined);
}

function unreadable(file: string, cause: unknown): UndercurrentError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UndercurrentError("FILE_UNREADABLE", `${file} cannot be read: ${reason}`, { cause });
}
