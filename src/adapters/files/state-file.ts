/**
 * Reads and writes files of exported states. A file holds the magic "UCSE", the format (u32) and chunks. A chunk is the length
 * of its body (u32), the body's CRC-32 (u32) and the body; little-endian.
 *
 * - The first chunk is the head.
 * - Each partition has one chunk that describes it, and one chunk for each record of its state: the key's length in bytes
 *   (u32), the key as UTF-8 and the value.
 * - The last chunk counts the chunks before it, so that a truncated file is recognised.
 *
 * All bodies except records are JSON.
 */
import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { z } from "zod";
import { UndercurrentError } from "../../errors/errors.js";
import { crc32 } from "../../forecast/encoding/checksum.js";
import type { StateRecord } from "../../pipeline/ports.js";
import type { ExportedState } from "../../pipeline/state/transfer.js";
import { ByteQueue } from "./byte-queue.js";

const magic = 0x45534355;
const fileFormat = 1;
const frameBytes = 8;
const pieceBytes = 1 << 20;
/** Longest accepted chunk. The model record of the largest settings has 55 MB. */
const mostBytes = 1 << 27;

const headSchema = z.strictObject({
  application: z.string(),
  /** Input topic of the states. */
  input: z.string(),
  partitions: z.int().min(1),
});
const partitionSchema = z.strictObject({
  partition: z.int().min(0),
  committed: z.int().min(0).nullable(),
  inputId: z.string().optional(),
  anyOffset: z.literal(true).optional(),
  records: z.int().min(0),
});
const endSchema = z.strictObject({ chunks: z.int().min(1) });

/** Where exported states come from. */
export type StateFileHead = Readonly<z.output<typeof headSchema>>;

/**
 * Writes states, one for each partition in order, into a file that appears under its name only when it is complete. Throws
 * OUTPUT_UNWRITABLE, also if the file exists already, because it may be the only copy of a state.
 *
 * @returns Bytes of the file.
 */
export async function writeStateFile(
  path: string,
  head: StateFileHead,
  states: AsyncIterable<ExportedState>,
): Promise<number> {
  if (existsSync(path))
    throw new UndercurrentError("OUTPUT_UNWRITABLE", `${path} already exists; choose another path`);
  // A unique name: nothing that exists is replaced, and two exports do not collide.
  const partial = `${path}.${randomUUID()}.partial`;
  const file = await writing(path, open(partial, "wx"));
  try {
    const chunks = new ChunkWriter(path, file);
    await chunks.start();
    await chunks.write(json(head));
    for await (const { partition, committed = null, inputId, anyOffset, records } of states) {
      await chunks.write(json({ partition, committed, inputId, anyOffset, records: records.length }));
      for (const record of records) await chunks.write(recordBody(record));
    }
    await chunks.write(json({ chunks: chunks.count }));
    const bytes = await chunks.end();
    await writing(path, file.sync());
    await writing(path, file.close());
    await writing(path, rename(partial, path));
    return bytes;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

/** A file of exported states. Each use of `states` reads the file again, one state at a time. */
export interface StateFile {
  readonly head: StateFileHead;
  /** In order of the partitions, each at most once. Throws STATE_FILE_INVALID as far as it has got. */
  states(): AsyncIterable<ExportedState>;
}

/** Opens a file and reads its head. Throws FILE_UNREADABLE, STATE_FILE_INVALID and SNAPSHOT_VERSION. */
export async function openStateFile(path: string): Promise<StateFile> {
  const chunks = readChunks(path);
  try {
    const head = parse(path, headSchema, await nextOf(path, chunks));
    return { head, states: () => readStates(path, head) };
  } finally {
    await chunks.return(undefined);
  }
}

async function* readStates(path: string, head: StateFileHead): AsyncGenerator<ExportedState> {
  const chunks = readChunks(path);
  await nextOf(path, chunks);
  let count = 1;
  let last = -1;
  for (;;) {
    const body = await nextOf(path, chunks);
    const end = endSchema.safeParse(jsonOf(path, body));
    if (end.success) {
      if (end.data.chunks !== count) throw invalid(path, "the file is incomplete: parts are missing");
      if (!(await chunks.next()).done) throw invalid(path, "the file has data after its end");
      return;
    }
    const {
      partition,
      committed,
      inputId,
      anyOffset,
      records: expected,
    } = parse(path, partitionSchema, body);
    if (partition <= last || partition >= head.partitions) {
      throw invalid(path, `partition ${partition} is out of order`);
    }
    last = partition;
    const records: StateRecord[] = [];
    while (records.length < expected) records.push(readRecord(path, await nextOf(path, chunks)));
    count += 1 + expected;
    yield {
      partition,
      committed: committed ?? undefined,
      ...(inputId !== undefined && { inputId }),
      ...(anyOffset && { anyOffset }),
      records,
    };
  }
}

/** Collects chunks into pieces: a system call for each would cost more than everything else. */
class ChunkWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #bytes = 0;
  count = 0;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  start(): Promise<void> {
    return this.#put(words(magic, fileFormat));
  }

  async write(body: Uint8Array): Promise<void> {
    if (body.length > mostBytes) {
      const message = `${this.#path}: a record has ${body.length} bytes, expected at most ${mostBytes}`;
      throw new UndercurrentError("OUTPUT_UNWRITABLE", message);
    }
    this.count++;
    await this.#put(words(body.length, crc32(body)));
    await this.#put(body);
  }

  /** Passes on the rest; returns all bytes that were written. */
  async end(): Promise<number> {
    await writing(this.#path, this.#file.writeFile(Buffer.concat(this.#pieces)));
    this.#bytes += this.#held;
    return this.#bytes;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#held < pieceBytes) return;
    await this.end();
    this.#pieces = [];
    this.#held = 0;
  }
}

/** The bodies of a file's chunks, checked. Holds one chunk and one piece of the file at a time. */
async function* readChunks(path: string): AsyncGenerator<Buffer, undefined> {
  const queue = new ByteQueue();
  /** Bytes of the file after the part read so far. */
  let left = await sizeOf(path);
  let started = false;
  let frame: { readonly length: number; readonly checksum: number } | undefined;
  for await (const piece of pieces(path)) {
    queue.push(piece);
    for (;;) {
      if (frame === undefined) {
        if (queue.length < frameBytes) break;
        left -= frameBytes;
        const head = queue.take(frameBytes);
        if (!started) {
          checkFormat(path, head);
          started = true;
          continue;
        }
        frame = { length: head.readUInt32LE(0), checksum: head.readUInt32LE(4) };
        // A damaged length must not ask for memory.
        if (frame.length > mostBytes)
          throw invalid(path, `a part has ${frame.length} bytes, expected at most ${mostBytes}`);
        if (frame.length > left) throw invalid(path, "the file is truncated");
      }
      const { length, checksum } = frame;
      if (queue.length < length) break;
      const body = queue.take(length);
      if (crc32(body) !== checksum) throw invalid(path, "a checksum does not match: the file is damaged");
      left -= length;
      frame = undefined;
      yield body;
    }
  }
  if (queue.length > 0 || frame !== undefined || !started) throw invalid(path, "the file is truncated");
}

function checkFormat(path: string, head: Buffer): void {
  if (head.readUInt32LE(0) !== magic) throw invalid(path, "not a file of `undercurrent state export`");
  const format = head.readUInt32LE(4);
  if (format === fileFormat) return;
  throw new UndercurrentError(
    "SNAPSHOT_VERSION",
    `${path} has format ${format}, but this release reads format ${fileFormat}`,
  );
}

/** Bytes of a regular file: it is read twice, which a pipe cannot be. Throws FILE_UNREADABLE. */
async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new TypeError("not a regular file");
    return stats.size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* pieces(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: pieceBytes })) yield piece as Buffer;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): UndercurrentError {
  return new UndercurrentError("FILE_UNREADABLE", `${path} cannot be read: ${(cause as Error).message}`, {
    cause,
  });
}

async function nextOf(path: string, chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const next = await chunks.next();
  if (next.done === true) throw invalid(path, "the file is truncated");
  return next.value;
}

function recordBody({ key, value }: StateRecord): Uint8Array {
  const name = Buffer.from(key, "utf8");
  return Buffer.concat([words(name.length), name, value]);
}

/** Copies, because the value is a view that would keep its whole piece of the file in memory. */
function readRecord(path: string, body: Buffer): StateRecord {
  const end = body.length < 4 ? Infinity : 4 + body.readUInt32LE(0);
  if (end > body.length) throw invalid(path, "a record is truncated");
  const key = body.subarray(4, end);
  // Two keys that are not UTF-8 could become the same text.
  if (!isUtf8(key)) throw invalid(path, "the key of a record is not UTF-8 text");
  return { key: key.toString("utf8"), value: new Uint8Array(body.subarray(end)) };
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32LE(value, 4 * index));
  return bytes;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}

function jsonOf(path: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    throw invalid(path, "a part of it is not in its place");
  }
}

function parse<T>(path: string, schema: z.ZodType<T>, body: Buffer): T {
  const result = schema.safeParse(jsonOf(path, body));
  if (result.success) return result.data;
  throw invalid(path, "a part of it is not in its place");
}

async function writing<T>(path: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (cause) {
    const message = `${path} cannot be written: ${(cause as Error).message}`;
    throw new UndercurrentError("OUTPUT_UNWRITABLE", message, { cause });
  }
}

function invalid(path: string, what: string): UndercurrentError {
  return new UndercurrentError("STATE_FILE_INVALID", `${path}: ${what}`);
}
