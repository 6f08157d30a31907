/** Bytes that arrive in pieces and are taken in parts of any length: each byte is copied once at most. */
export class ByteQueue {
  #pieces: Buffer[] = [];
  /** Bytes that are waiting. */
  length = 0;

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.length += piece.length;
  }

  /** Takes the next `count` bytes, which must be there; a view if they lie in one piece. */
  take(count: number): Buffer {
    this.length -= count;
    const first = this.#pieces[0];
    if (first !== undefined && first.length > count) {
      this.#pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const parts: Buffer[] = [];
    let missing = count;
    let used = 0;
    while (missing > 0) {
      const piece = this.#pieces[used]!;
      parts.push(piece.subarray(0, missing));
      if (piece.length > missing) this.#pieces[used] = piece.subarray(missing);
      else used++;
      missing -= Math.min(missing, piece.length);
    }
    this.#pieces.splice(0, used);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, count);
  }
}
