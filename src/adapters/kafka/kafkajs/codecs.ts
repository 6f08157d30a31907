/** The codecs that kafkajs leaves out: without them, reading a Snappy, LZ4 or ZSTD topic throws. */
import { Zstd } from "@hpcc-js/wasm-zstd";
import kafkajs, { type CompressionTypes as TypesOfCompression } from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";
import snappy from "snappyjs";
import type { Compression } from "../options.js";

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** The client's number for each codec. */
export const compressionTypes: Readonly<Record<Compression, TypesOfCompression>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

interface Encoded {
  readonly buffer: Buffer;
}

let zstd: Promise<Zstd> | undefined;

/** Registers all of them; the table is the client's own and global, so once or many times is the same. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: (encoder: Encoded) => Promise.resolve(snappy.compress(encoder.buffer)),
    decompress: (buffer: Buffer) => Promise.resolve(decompressSnappy(buffer)),
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: (encoder: Encoded) => compressFrame(encoder.buffer),
    decompress: (buffer: Buffer) => decompressFrame(buffer),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    async compress(encoder: Encoded) {
      // One instance for the process: its calls are synchronous, so they never meet inside it.
      zstd ??= Zstd.load();
      return Buffer.from((await zstd).compress(encoder.buffer));
    },
    async decompress(buffer: Buffer) {
      zstd ??= Zstd.load();
      return Buffer.from((await zstd).decompress(buffer));
    },
  });
}

/** The Java client's framing of Snappy (xerial): this head of 16 bytes, then blocks behind their lengths. */
const xerialHead = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHeadBytes = 16;

/** Decompresses a batch, raw or in blocks; how many blocks there are is the sender's choice. */
function decompressSnappy(buffer: Buffer): Buffer {
  if (!buffer.subarray(0, xerialHead.length).equals(xerialHead)) return snappy.uncompress(buffer);
  const blocks: Buffer[] = [];
  for (let at = xerialHeadBytes; at + 4 <= buffer.length;) {
    const end = at + 4 + buffer.readUInt32BE(at);
    blocks.push(snappy.uncompress(buffer.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}
