/** Reads bytes that scripts/wasm-text.mjs wrote as text: the frequent ones as one letter, the rare ones as two. */

/** The letters are those from # to ~ without the backslash. */
const LETTERS = 91;
/** The first letters of pairs: all others stand for a frequent byte. */
const ESCAPES = 2;

function placeOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code - (code > 0x5c ? 0x24 : 0x23);
}

const pairAt = (text: string, at: number): number => placeOf(text, at) * LETTERS + placeOf(text, at + 1);

/** @param frequent The bytes with a letter of their own, two letters each. */
export function bytesOfText(text: string, frequent: string): Uint8Array<ArrayBuffer> {
  const own = Uint8Array.from({ length: LETTERS - ESCAPES }, (_, i) => pairAt(frequent, 2 * i));
  const rare: number[] = [];
  for (let byte = 0; byte < 256; byte++) if (!own.includes(byte)) rare.push(byte);
  const bytes = new Uint8Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const place = placeOf(text, at);
    if (place < ESCAPES) bytes[count++] = rare[pairAt(text, at++)]!;
    else bytes[count++] = own[place - ESCAPES]!;
  }
  return bytes.slice(0, count);
}
