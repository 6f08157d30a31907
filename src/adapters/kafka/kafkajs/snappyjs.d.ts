/** Types of snappyjs, which has none. */
declare module "snappyjs" {
  /** Snappy in its raw format, without any framing. */
  const snappy: {
    compress(bytes: Buffer): Buffer;
    uncompress(bytes: Buffer): Buffer;
  };
  export = snappy;
}
