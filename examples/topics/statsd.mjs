import { Buffer } from "node:buffer";

/**
 * Reads StatsD's lines, with Datadog's tags in the key: latency:12|ms|#host:web-1 is 12 of latency/host:web-1.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  return Buffer.from(value)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, name, number, , tags] = /^([^:|]+):([^|]+)\|(\w+)(?:\|@[\d.]+)?(?:\|#(.*))?$/.exec(line) ?? [];
      // The message is the reason of the dead letter.
      if (name === undefined) throw new Error(`no line of StatsD: ${line}`);
      const labels = tags === undefined ? "" : `/${tags.split(",").sort().join(",")}`;
      return { key: name + labels, value: Number(number) };
    });
}
