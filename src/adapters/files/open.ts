/** Opens the input of a command: a file, a gzip file by its name, or standard input as "-". */
import { createReadStream, fstatSync } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UndercurrentError } from "../../errors/errors.js";
import { decoderOf, type TextPieceDecoder } from "./encodings/decoder.js";
import { looksLikeUtf16, Utf16Decoder, utf16Order } from "./encodings/utf16.js";
import { Utf8Decoder } from "./encodings/utf8.js";

const pieceBytes = 64 * 1024;

/**
 * Throws FILE_UNREADABLE unless every file can be read: better before the first row than after the last. Throws SETTING_INVALID
 * if a file is named twice.
 */
export async function checkReadable(files: readonly string[]): Promise<void> {
  const known = new Set<string>();
  const once = (file: string, identity: string): void => {
    if (known.has(identity)) {
      const message = `${file} is named twice: its events would count twice`;
      throw new UndercurrentError("SETTING_INVALID", message);
    }
    known.add(identity);
  };
  for (const file of files) {
    if (file === "-") {
      once("standard input", file);
      continue;
    }
    try {
      await access(file, constants.R_OK);
    } catch (cause) {
      throw unreadable(file, cause);
    }
    const status = await stat(file, { bigint: true });
    if (status.isDirectory()) throw folderError(file);
    if (status.isFile()) once(file, `${status.dev}:${status.ino}`);
  }
}

const folderError = (file: string): UndercurrentError =>
  new UndercurrentError("FILE_UNREADABLE", `${file} is a folder, expected a file`);

/** Node reads a folder as standard input without an error, and finds nothing. */
function isFolderPiped(): boolean {
  try {
    return fstatSync(0).isDirectory();
  } catch {
    return false;
  }
}

export interface OpenOptions {
  /** Takes the bytes read so far, as they lie on the disk; not called for standard input. */
  readonly progress?: ((bytes: number) => void) | undefined;
  /** Ends the text at this point. */
  readonly signal?: AbortSignal | undefined;
  /** Encoding of the text, as the WHATWG's Encoding Standard names it; without, UTF-8 or what a byte order mark says. */
  readonly encoding?: string | undefined;
}

/**
 * The text of a file in pieces: UTF-16 where the file begins with its byte order mark, else UTF-8. Throws FILE_UNREADABLE, also
 * for UTF-16 without a mark.
 */
export async function* openText(file: string, options: OpenOptions = {}): AsyncGenerator<string> {
  const { progress, signal, encoding } = options;
  if (file === "-" && isFolderPiped()) throw folderError(nameOf(file));
  const onDisk = file === "-" ? undefined : createReadStream(file, { highWaterMark: pieceBytes });
  const bytes = onDisk ?? process.stdin;
  const decoder = new TextPieces(file, encoding);
  const end = (): void => void bytes.destroy();
  signal?.addEventListener("abort", end);
  try {
    for await (const piece of textOf(file, bytes)) {
      yield decoder.push(piece as Buffer);
      if (onDisk !== undefined) progress?.(onDisk.bytesRead);
    }
    yield decoder.end();
  } catch (cause) {
    // A stream that is destroyed says that it closed too early.
    if (signal?.aborted !== true) throw cause instanceof UndercurrentError ? cause : unreadable(file, cause);
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

/** Decodes the pieces of a file; its first two bytes decide how. */
class TextPieces {
  readonly #file: string;
  #first: Buffer = Buffer.alloc(0);
  readonly #encoding: string | undefined;
  #decoder: TextPieceDecoder | undefined;

  constructor(file: string, encoding: string | undefined) {
    this.#file = file;
    this.#encoding = encoding;
  }

  push(piece: Buffer): string {
    if (this.#decoder !== undefined) return this.#decoder.push(piece);
    this.#first = this.#first.length === 0 ? piece : Buffer.concat([this.#first, piece]);
    return this.#first.length < 2 ? "" : this.#open().push(this.#first);
  }

  end(): string {
    if (this.#decoder !== undefined) return this.#decoder.end();
    const decoder = this.#open();
    return decoder.push(this.#first) + decoder.end();
  }

  #open(): TextPieceDecoder {
    if (this.#first[0] === 0x1f && this.#first[1] === 0x8b) {
      const message = `${nameOf(this.#file)} is gzipped: give the file a name that ends in .gz, or unpack it, as gunzip -c does`;
      throw new UndercurrentError("FILE_UNREADABLE", message);
    }
    if (this.#encoding !== undefined) {
      return (this.#decoder = decoderOf(this.#encoding, nameOf(this.#file)));
    }
    const order = utf16Order(this.#first);
    if (order === undefined && looksLikeUtf16(this.#first)) {
      throw new UndercurrentError(
        "FILE_UNREADABLE",
        `${nameOf(this.#file)} looks like UTF-16 without a byte order mark: name its encoding with --encoding ${this.#first[0] === 0 ? "utf-16be" : "utf-16le"}`,
      );
    }
    return (this.#decoder = order === undefined ? new Utf8Decoder() : new Utf16Decoder(order));
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

function textOf(file: string, bytes: Readable): Readable {
  if (!file.endsWith(".gz")) return bytes;
  // The error reaches the reader through the last stream; the callback is only required.
  return pipeline(bytes, createGunzip({ chunkSize: pieceBytes }), () => undefined);
}

function unreadable(file: string, cause: unknown): UndercurrentError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UndercurrentError("FILE_UNREADABLE", `${file} cannot be read: ${reason}`, { cause });
}
