/** Cuts text that arrives in pieces into characters or words. */

export const tokenKinds = ["characters", "words"] as const;
export type TokenKind = (typeof tokenKinds)[number];

/**
 * A word with its apostrophes and hyphens, or one mark that is neither word nor blank. Bytes that are not UTF-8 are half
 * surrogates (Cs) here: a word with them is refused, not cut in two.
 */
const word = /[\p{L}\p{M}\p{N}\p{Cs}_]+(?:['’-][\p{L}\p{M}\p{N}\p{Cs}_]+)*|[^\s\p{L}\p{M}\p{N}\p{Cs}_]/gu;

/** Longest text that is kept for the word at its end. */
const longestRest = 64 * 1024;

/**
 * Splits pieces of text, in order, into tokens: code points, or words and marks. A word may continue in the next piece; a byte
 * order mark at the start is skipped.
 *
 * @example
 * ```ts
 * const tokenizer = new Tokenizer("words");
 * tokenizer.push("Call me Ish"); // ["Call", "me"]
 * tokenizer.push("mael."); // ["Ishmael"]
 * tokenizer.end(); // ["."]
 * ```
 */
export class Tokenizer {
  readonly #kind: TokenKind;
  #started = false;
  /** The text that may continue in the next piece. */
  #rest = "";

  constructor(kind: TokenKind) {
    this.#kind = kind;
  }

  push(piece: string): string[] {
    const text = this.#started ? this.#rest + piece : piece.replace(/^\uFEFF/, "");
    this.#started ||= piece.length > 0;
    if (this.#kind === "characters") return Array.from(text);
    const blank = /\s(?=\S*$)/u.exec(text)?.index ?? -1;
    const end = blank < 0 && text.length > longestRest ? text.length : blank + 1;
    this.#rest = text.slice(end);
    return wordsOf(text.slice(0, end));
  }

  /** Returns the tokens of the remaining text. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    return wordsOf(rest);
  }
}

function wordsOf(text: string): string[] {
  return text.match(word) ?? [];
}
