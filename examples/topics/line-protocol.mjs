import { Buffer } from "node:buffer";

/**
 * Reads InfluxDB's line protocol, without escapes and quotes: a reading for each number of each line.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  return Buffer.from(value)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const [series, fields, time] = line.split(" ");
      // The message is the reason of the dead letter.
      if (fields === undefined) throw new Error(`no fields in the line ${line}`);
      return fields.split(",").flatMap((field) => {
        const [name, text] = field.split("=");
        const number = Number(text.replace(/[iu]$/, ""));
        return Number.isNaN(number) ? [] : [{ key: `${series}/${name}`, time: Number(time), value: number }];
      });
    });
}
