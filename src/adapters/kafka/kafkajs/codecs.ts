/**
 * The codecs of batches. kafkajs leaves out Snappy, LZ4 and ZSTD; its own gzip unpacks without a limit, so that a batch
 * of 1 MiB can exhaust the memory.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import kafkajs, { type CompressionTypes as TypesOfCompression } from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";
import snappy from "snappyjs";
import { UndercurrentError } from "../../../errors/errors.js";
import { kafkaDefaults } from "../defaults.js";
import type { Compression } from "../options.js";
import { attributeBits } from "./batch-layout.js";
import { lz4UnpackedBytes } from "./lz4-frame.js";

const { CompressionCodecs, CompressionTypes } = kafkajs;

const codecs = CompressionCodecs as Record<number, () => object>;

/** The client's number for each codec. */
export const compressionTypes: Readonly<Record<Compression, TypesOfCompression>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const gzip: (bytes: Buffer) => Promise<Buffer> = promisify(zlib.gzip);
const unzip: (bytes: Buffer, options: zlib.ZlibOptions) => Promise<Buffer> = promisify(zlib.unzip);

interface Encoded {
  readonly buffer: Buffer;
}

/** Private members of the library: blocks of its memory. */
interface Heap {
  heapView(block: object): Uint8Array;
  heapToUint8Array(block: object): Uint8Array;
}

/** One instance for the process: its calls are synchronous, so they never meet inside it. */
let zstd: Promise<Zstd> | undefined;

function loadZstd(): Promise<Zstd> {
  return (zstd ??= Zstd.load().then((library) => {
    const { _mainModule: heap } = library as unknown as { readonly _mainModule: Heap };
    // The library's own makes a list of numbers first: 15 MB take 4 s, of which unpacking is 40 ms (measured).
    heap.heapToUint8Array = (block) => heap.heapView(block).slice();
    return library;
  }));
}

// kafkajs decodes a response in functions that all clients of the process share and that learn neither the client nor the
// consumer. So the limit travels in the asynchronous context of `consumer.run` to the entry of the decoder, and in
// parameters from there on.
const limits = new AsyncLocalStorage<number>();

/** Runs work whose fetches unpack at most `maxBytes` of a batch. */
export function withUnpackedLimit<Result>(maxBytes: number, work: () => Result): Result {
  return limits.run(maxBytes, work);
}

/** Returns the limit of the consumer that fetches now, in bytes. Only the entries of the decoder ask. */
export function unpackedLimit(): number {
  return limits.getStore() ?? kafkaDefaults.maxUnpackedBatchBytes;
}

/** The error of a batch that unpacks to more than the limit. */
export function tooLarge(maxBytes: number): UndercurrentError {
  return new UndercurrentError(
    "BATCH_UNREADABLE",
    `it unpacks to more than ${maxBytes} bytes (kafka.maxUnpackedBatchBytes)`,
  );
}

/** Bytes that each record and each header of a compressed batch add to its size: empty ones take memory too. */
export const recordCharge = 64;
export const headerCharge = 32;

/**
 * Unpacks a batch to at most `limit` bytes. Throws BATCH_UNREADABLE if the batch unpacks to more, and the codec's own error
 * if the bytes are no such batch.
 */
export type Unpacker = (packed: Buffer, limit: number) => Promise<Buffer>;

const unpackers: Readonly<Record<Exclude<Compression, "none">, Unpacker>> = {
  async gzip(packed, limit) {
    try {
      return await unzip(packed, { maxOutputLength: limit });
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(limit) : error;
    }
  },
  snappy: (packed, limit) => Promise.resolve(unpackSnappy(packed, limit)),
  async lz4(packed, limit) {
    if (lz4UnpackedBytes(packed, limit) > limit) throw tooLarge(limit);
    return decompressFrame(packed);
  },
  async zstd(packed, limit) {
    return unpackZstd(await loadZstd(), packed, limit);
  },
};

/** Returns the unpacker for a batch with these attributes; undefined if the batch is not compressed. */
export function unpackerOf(attributes: number): Unpacker | undefined {
  return unpackersByType.get(attributes & attributeBits.codec);
}

const unpackersByType: ReadonlyMap<number, Unpacker> = new Map(
  (Object.keys(unpackers) as (keyof typeof unpackers)[]).map((name) => [
    compressionTypes[name],
    unpackers[name],
  ]),
);

/** Registers every codec with the client, whose table is global: a second call changes nothing. */
export function registerCodecs(): void {
  const register = (
    compression: keyof typeof unpackers,
    compress: (bytes: Buffer) => Buffer | Promise<Buffer>,
  ): void => {
    codecs[compressionTypes[compression]] = () => ({
      compress: async (encoder: Encoded) => compress(encoder.buffer),
      // Only for message sets, the format before record batches; `batch-reader.ts` unpacks those.
      decompress: (packed: Buffer) => unpackers[compression](packed, unpackedLimit()),
    });
  };
  register("gzip", (bytes) => gzip(bytes));
  register("snappy", (bytes) => snappy.compress(bytes));
  register("lz4", (bytes) => compressFrame(bytes));
  register("zstd", async (bytes) => Buffer.from((await loadZstd()).compress(bytes)));
}

/** The Java client's framing of Snappy (xerial): a header of 16 bytes, then blocks, each after its length. */
const xerialHead = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHeadBytes = 16;

/** Unpacks a batch, raw or in blocks; how many blocks there are is the sender's choice. */
function unpackSnappy(packed: Buffer, limit: number): Buffer {
  if (!packed.subarray(0, xerialHead.length).equals(xerialHead)) return unpackSnappyBlock(packed, limit);
  const blocks: Buffer[] = [];
  let left = limit;
  for (let at = xerialHeadBytes; at + 4 <= packed.length;) {
    const end = at + 4 + packed.readUInt32BE(at);
    const block = unpackSnappyBlock(packed.subarray(at + 4, end), left, limit);
    left -= block.length;
    blocks.push(block);
    at = end;
  }
  return Buffer.concat(blocks);
}

/** `left` are the bytes that the block may have of the limit. */
function unpackSnappyBlock(packed: Buffer, left: number, limit = left): Buffer {
  let size = 0;
  let at = 0;
  // The unpacked size comes first, with seven bits per byte, lowest bits first.
  do size += (packed[at]! & 0x7f) * 2 ** (7 * at);
  while (packed[at++]! >= 0x80 && at < 5);
  if (size > left) throw tooLarge(limit);
  return snappy.uncompress(packed);
}

/** Initial buffer for a ZSTD frame of `packed` bytes; each further attempt has eight times as many bytes. */
const firstZstdBytes = (packed: number): number => Math.max(262_144, 20 * packed);

/**
 * Unpacks one ZSTD frame. The library's own `decompress` trusts the size that a frame claims. If the frame claims none, as in
 * the Java client's frames, it allocates twenty times the frame's bytes.
 */
function unpackZstd(library: Zstd, packed: Buffer, limit: number): Buffer {
  for (let size = firstZstdBytes(packed.length); ; size *= 8) {
    const most = Math.min(size, limit + 1);
    library.reset();
    const unpacked = library.decompressChunk(packed, most);
    if (unpacked.length > limit) throw tooLarge(limit);
    if (unpacked.length < most) return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length);
  }
}
