/** The codecs that kafkajs leaves out: without them, reading a Snappy, LZ4 or ZSTD topic throws. */
import { Zstd } from "@hpcc-js/wasm-zstd";
import kafkajs, { type CompressionTypes as TypesOfCompression } from "kafkajs";
import snappy from "kafkajs-snappy";
import { compressFrame, decompressFrame } from "lz4-napi";
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
  CompressionCodecs[CompressionTypes.Snappy] = snappy;
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
