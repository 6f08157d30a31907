import { Buffer } from "node:buffer";

/**
 * Reads pairs name=value as a document, whose fields the settings name. Numbers lose a unit behind them: 12ms is 12.
 *
 * @param {Uint8Array} value Bytes of the record.
 */
export default function decode(value) {
  const document = {};
  for (const [, name, quoted, plain] of Buffer.from(value)
    .toString()
    .matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S*))/g)) {
    const number = /^([+-]?\d+(?:\.\d+)?)[a-z%]*$/i.exec(plain ?? "");
    document[name] = number === null ? (quoted ?? plain) : Number(number[1]);
  }
  return document;
}
