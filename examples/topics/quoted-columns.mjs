import { Buffer } from "node:buffer";

const names = ["place", "at", "celsius"];

/**
 * Reads a line of columns in quotes, in which commas and doubled quotes may stand. Numbers stay texts: numbersInText reads them.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  const line = Buffer.from(value).toString().trim();
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
  if (cells.length !== names.length) throw new Error(`${cells.length} columns, expected ${names.length}`);
  return Object.fromEntries(
    cells.map(([, quoted, plain], i) => [names[i], quoted?.replaceAll('""', '"') ?? plain]),
  );
}
