import { Buffer } from "node:buffer";

/**
 * Reads several JSON documents in one record, one on each line.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  const lines = Buffer.from(value).toString().split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
}
