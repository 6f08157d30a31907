/** Types of kafkajs-snappy, which has none. */
declare module "kafkajs-snappy" {
  /** Makes a codec for Snappy, raw and in the framing of the Java client. */
  const snappy: () => {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
    decompress(buffer: Buffer): Promise<Buffer>;
  };
  export = snappy;
}
