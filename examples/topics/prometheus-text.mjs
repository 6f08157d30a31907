import { Buffer } from "node:buffer";

/**
 * Reads metrics in Prometheus' text format: name and labels are the key. A line without a time has the record's timestamp.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  return Buffer.from(value)
    .toString()
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, key, number, time] = /^([^\s{]+(?:\{.*\})?)\s+(\S+)(?:\s+(\d+))?\s*$/.exec(line) ?? [];
      // The message is the reason of the dead letter.
      if (key === undefined) throw new Error(`no metric in the line ${line}`);
      return { key, value: Number(number), ...(time !== undefined && { time: Number(time) }) };
    });
}
