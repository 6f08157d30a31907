/** Reads decimals: a big-endian two's-complement integer, divided by a power of ten, in bytes or as base64. */
import { UndercurrentError } from "../../../errors/errors.js";
import { pathNames, type DecodeSettings } from "../../decode-settings.js";
import { replaceAt } from "./replace.js";

/** Longest integer that is read, in bytes; the largest double has 128 of them. */
const mostBytes = 160;

/**
 * Returns the double nearest to a decimal.
 *
 * @example
 * ```ts
 * decimalOf(Uint8Array.of(0x04, 0xd2), 2); // 12.34
 * ```
 */
export function decimalOf(bytes: Uint8Array, scale: number): number {
  if (bytes.length > mostBytes) throw new RangeError(`a decimal in it has ${bytes.length} bytes`);
  let unscaled = 0n;
  for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte);
  return Number(`${BigInt.asIntN(8 * bytes.length, unscaled)}e${-scale}`);
}

/** Whether a text is base64 with its padding. */
export function isBase64(text: string): boolean {
  return text.length > 0 && text.length % 4 === 0 && /^[\w+/]+={0,2}$/.test(text) && !text.includes("_");
}

/** Returns the number of a decimal in base64. Throws RECORD_UNREADABLE. */
export function base64Decimal(text: string, scale: number): number {
  const isRead = isBase64(text) && text.length < 2 * mostBytes && Number.isSafeInteger(scale);
  if (isRead) return decimalOf(Buffer.from(text, "base64"), scale);
  const reason = Number.isSafeInteger(scale) ? "is no base64" : "has no scale";
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw new UndercurrentError("RECORD_UNREADABLE", `the decimal ${JSON.stringify(shown)} ${reason}`);
}

/** Returns the number of an object {scale, value}, as Debezium writes decimals without a fixed scale; others as they are. */
export function variableDecimalOf(found: unknown): unknown {
  if (typeof found !== "object" || found === null) return found;
  const { scale, value } = found as { readonly scale?: unknown; readonly value?: unknown };
  if (typeof scale !== "number") return found;
  if (value instanceof Uint8Array) return decimalOf(value, scale);
  return typeof value === "string" ? base64Decimal(value, scale) : found;
}

/**
 * Returns a function that replaces the decimals of a document by their numbers, in place; undefined if the settings name none.
 * The function throws RECORD_UNREADABLE.
 */
export function decimalsReader({
  decimals,
}: Pick<DecodeSettings, "decimals">): ((document: unknown) => void) | undefined {
  if (decimals.length === 0) return undefined;
  const fields = decimals.map(({ field, scale }) => ({ names: pathNames(field), scale }));
  return (document) => {
    for (const { names, scale } of fields) replaceAt(document, names, (found) => numberOf(found, scale));
  };
}

function numberOf(found: unknown, scale: number | undefined): unknown {
  if (scale === undefined) return variableDecimalOf(found);
  if (found instanceof Uint8Array) return decimalOf(found, scale);
  return typeof found === "string" ? base64Decimal(found, scale) : found;
}
