// Writes bytes as printable text that gzip packs as well as the bytes: base64 costs half more, because equal bytes get
// unequal letters. The 89 most frequent bytes are one letter, every other byte is two. src/engine/wasm/wasm-text.ts reads it.

/** 91 letters that need no escape in a JavaScript string: from # to ~ without the backslash. */
const letters = Array.from({ length: 0x7f - 0x23 }, (_, i) => String.fromCharCode(0x23 + i)).filter(
  (letter) => letter !== "\\",
);
/** The first letter of two. */
const escapes = 2;
const pairOf = (byte) => letters[Math.floor(byte / letters.length)] + letters[byte % letters.length];

/**
 * @param {Iterable<number>} bytes Bytes like those that will be written.
 * @returns {number[]} The bytes with a letter of their own, the most frequent first.
 */
export function frequentBytes(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  const byCount = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
  return byCount.slice(0, letters.length - escapes);
}

/** Writes the list of frequent bytes itself, two letters each. */
export const textOfFrequent = (frequent) => frequent.map(pairOf).join("");

/** Writes bytes as text. */
export function textOfBytes(bytes, frequent) {
  const codes = Array.from({ length: 256 }, () => "");
  frequent.forEach((byte, i) => (codes[byte] = letters[escapes + i]));
  let rare = 0;
  for (let byte = 0; byte < codes.length; byte++) if (codes[byte] === "") codes[byte] = pairOf(rare++);
  return Array.from(bytes, (byte) => codes[byte]).join("");
}
