/** Splits text that arrives in pieces into numbered lines, in bounded memory however long a line is. */

/** Longest line that is read, in UTF-16 code units. */
export const longestLine = 4 * 1024 * 1024;

/** A line without its line break; `text` is undefined if the line is longer than the limit. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string | undefined;
}

/**
 * Takes pieces of text in order and gives the lines that each completes. Lines end with LF or CRLF; a byte order
 * mark at the start is left out. The text of a line over the limit is let go as it comes, and its line break is
 * still found.
 *
 * @example
 * ```ts
 * const lines = new LineSplitter();
 * lines.push("a\nb"); // [{ number: 1, text: "a" }]
 * lines.push("c\n"); // [{ number: 2, text: "bc" }]
 * lines.end(); // []
 * ```
 */
export class LineSplitter {
  readonly #limit: number;
  #number = 0;
  #started = false;
  /** Pieces of the line that has not ended yet, and their length; the pieces are gone once it is too long. */
  #pieces: string[] = [];
  #length = 0;

  constructor(limit = longestLine) {
    this.#limit = limit;
  }

  push(piece: string): Line[] {
    const lines: Line[] = [];
    let start = 0;
    if (!this.#started && piece.length > 0) {
      this.#started = true;
      if (piece.startsWith("\uFEFF")) start = 1;
    }
    let end = piece.indexOf("\n", start);
    while (end >= 0) {
      lines.push(this.#finish(piece.slice(start, end)));
      start = end + 1;
      end = piece.indexOf("\n", start);
    }
    if (start < piece.length) this.#keep(piece.slice(start));
    return lines;
  }

  /** The last line, if the text did not end with a line break. */
  end(): Line[] {
    return this.#length === 0 ? [] : [this.#finish("")];
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length > this.#limit) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  #finish(piece: string): Line {
    this.#number++;
    const length = this.#length + piece.length;
    let text: string | undefined;
    if (length <= this.#limit) {
      text = this.#length === 0 ? piece : this.#pieces.join("") + piece;
      if (text.endsWith("\r")) text = text.slice(0, -1);
    }
    this.#pieces = [];
    this.#length = 0;
    return { number: this.#number, text };
  }
}
