/** A growing buffer of bytes, without objects per message. */
export class OutputBytes {
  bytes = new Uint8Array(1024);
  length = 0;
  #view = new DataView(this.bytes.buffer);

  /** Makes room for further bytes. */
  reserve(room: number): void {
    const needed = this.length + room;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  double(value: number): void {
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number from 0 to 2^54 as a varint. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** The same for any whole number that is not negative. */
  bigVarint(value: bigint): void {
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest));
  }

  append(bytes: Uint8Array, begin: number, end: number): void {
    if (end - begin > 48) this.bytes.set(bytes.subarray(begin, end), this.length);
    else for (let i = begin; i < end; i++) this.bytes[this.length + i - begin] = bytes[i]!;
    this.length += end - begin;
  }
}
