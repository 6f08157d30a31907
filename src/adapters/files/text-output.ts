/** Writes text to a file or standard output in large pieces, with backpressure. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { UndercurrentError } from "../../errors/errors.js";

const pieceLength = 64 * 1024;

/**
 * Collects text and passes it on in pieces of about 64 KiB.
 *
 * @example
 * ```ts
 * const output = TextOutput.toFile("forecasts.csv");
 * output.write("key,time\n");
 * await output.drained();
 * await output.close();
 * ```
 */
export class TextOutput {
  readonly #name: string;
  readonly #stream: Writable;
  /** Standard output stays open. */
  readonly #owned: boolean;
  #text = "";
  #error: Error | undefined;

  private constructor(name: string, stream: Writable, owned: boolean) {
    this.#name = name;
    this.#stream = stream;
    this.#owned = owned;
    stream.on("error", (error: Error) => (this.#error ??= error));
  }

  /** Replaces the file. That it cannot be written shows at the next `drained` or `close`. */
  static toFile(path: string): TextOutput {
    return new TextOutput(path, createWriteStream(path, { highWaterMark: 4 * pieceLength }), true);
  }

  static toStandardOutput(): TextOutput {
    return new TextOutput("standard output", process.stdout, false);
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= pieceLength) this.flush();
  }

  /** Writes bytes after the collected text. */
  writeBytes(bytes: Uint8Array): void {
    this.flush();
    if (this.#error === undefined) this.#stream.write(bytes);
  }

  /** Writes the collected text. */
  flush(): void {
    if (this.#text === "" || this.#error !== undefined) return;
    this.#stream.write(this.#text);
    this.#text = "";
  }

  /** Resolves when more may be written without memory piling up. Throws OUTPUT_UNWRITABLE. */
  async drained(): Promise<void> {
    if (this.#error === undefined && this.#stream.writableNeedDrain) {
      await this.#settled(once(this.#stream, "drain"));
    }
    this.#assertWritable();
  }

  /** Passes on the rest and closes a file. Throws OUTPUT_UNWRITABLE unless all of it is written. */
  async close(): Promise<void> {
    this.flush();
    if (this.#error === undefined) {
      if (this.#owned) await this.#settled(finished(this.#stream.end()));
      else await new Promise<void>((resolve) => this.#stream.write("", () => resolve()));
    }
    this.#assertWritable();
  }

  async #settled(event: Promise<unknown>): Promise<void> {
    try {
      await event;
    } catch (error) {
      this.#error ??= error as Error;
    }
  }

  #assertWritable(): void {
    const cause = this.#error;
    if (cause === undefined) return;
    throw new UndercurrentError("OUTPUT_UNWRITABLE", `${this.#name} cannot be written: ${cause.message}`, {
      cause,
    });
  }
}
