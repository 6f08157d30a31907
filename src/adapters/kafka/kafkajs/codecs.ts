/**
 * The codecs of batches. kafkajs leaves out Snappy, LZ4 and ZSTD; its own gzip unpacks without a limit, so that a batch
 * of 1 MiB can exhaust the memory.
 */
import { promisify } from "node:util";
import zlib from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import kafkajs, { type CompressionTypes as TypesOfCompression } from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";
import snappy from "snappyjs";
import type { Compression } from "../options.js";
import { lz4UnpackedBytes } from "./lz4-frame.js";
import { tooLarge, unpackedLimit } from "./unpacking.js";

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

/** What the library keeps to itself: blocks of its memory. */
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

/** Unpacks with each codec what has at most so many bytes then. All throw BATCH_UNREADABLE for more, and whatever they throw for bytes that are no such batch. */
const unpack: Readonly<
  Record<Exclude<Compression, "none">, (packed: Buffer, limit: number) => Promise<Buffer>>
> = {
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

/** Registers all of them; the table is the client's own and global, so once or many times is the same. */
export function registerCodecs(): void {
  const register = (
    compression: keyof typeof unpack,
    compress: (bytes: Buffer) => Buffer | Promise<Buffer>,
  ): void => {
    codecs[compressionTypes[compression]] = () => ({
      compress: async (encoder: Encoded) => compress(encoder.buffer),
      decompress: (packed: Buffer) => unpack[compression](packed, unpackedLimit()),
    });
  };
  register("gzip", (bytes) => gzip(bytes));
  register("snappy", (bytes) => snappy.compress(bytes));
  register("lz4", (bytes) => compressFrame(bytes));
  register("zstd", async (bytes) => Buffer.from((await loadZstd()).compress(bytes)));
}

/** The Java client's framing of Snappy (xerial): this head of 16 bytes, then blocks behind their lengths. */
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
  // The size of what is packed comes first, seven bits a byte, the lowest first.
  do size += (packed[at]! & 0x7f) * 2 ** (7 * at);
  while (packed[at++]! >= 0x80 && at < 5);
  if (size > left) throw tooLarge(limit);
  return snappy.uncompress(packed);
}

/** Bytes that are set aside at first for what a ZSTD frame of so many bytes unpacks to; each further try has eight times as many. */
const firstZstdBytes = (packed: number): number => Math.max(262_144, 20 * packed);

/**
 * Unpacks one ZSTD frame. The library's own `decompress` believes the size that a frame claims, and takes twenty times its
 * bytes where it claims none, as the Java client's frames do.
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
