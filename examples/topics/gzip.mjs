import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";

/** No record may unpack to more than this, in bytes. */
const maxOutputLength = 1_048_576;

/**
 * Reads JSON that the producer gzipped. A value that is not gzipped is read as it is, so that both may be in one topic.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  const isPacked = value[0] === 0x1f && value[1] === 0x8b;
  return JSON.parse(Buffer.from(isPacked ? gunzipSync(value, { maxOutputLength }) : value).toString());
}
