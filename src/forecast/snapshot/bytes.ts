/** Writing and reading of numbers, texts and arrays as little-endian bytes, for snapshots. */

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function assertLittleEndian(): void {
  if (!littleEndian) throw new TypeError("snapshots need a little-endian machine, as WebAssembly memory is");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Appends values to a buffer that grows. */
export class ByteWriter {
  #buffer = new Uint8Array(1024);
  #length = 0;

  /** An unsigned 32-bit number. */
  count(value: number): void {
    const at = this.#take(4);
    new DataView(this.#buffer.buffer).setUint32(at, value, true);
  }

  /** A 64-bit float. */
  float(value: number): void {
    const at = this.#take(8);
    new DataView(this.#buffer.buffer).setFloat64(at, value, true);
  }

  text(value: string): void {
    this.#array(encoder.encode(value));
  }

  f64(values: Float64Array): void {
    this.#array(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  f32(values: Float32Array): void {
    this.#array(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  u16(values: Uint16Array): void {
    this.#array(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Bytes as they are, without their length. */
  raw(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Returns the bytes written so far. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #array(bytes: Uint8Array): void {
    assertLittleEndian();
    this.count(bytes.length);
    // Room first: taking it may replace the buffer.
    const at = this.#take(bytes.length);
    this.#buffer.set(bytes, at);
  }

  #take(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    return at;
  }
}

/**
 * Room for the arrays that a reader returns: a snapshot of many keys would need a dozen buffers for each. Without content,
 * for those who only check a record, arrays of singles and of halves have their lengths alone; they are most of a record.
 */
export class ArrayRoom {
  #bytes = new Uint8Array(0);
  #length = 0;
  readonly #hasContent: boolean;

  constructor(hasContent = true) {
    this.#hasContent = hasContent;
  }

  /** The arrays that were read are of no more use. */
  clear(): void {
    this.#length = 0;
  }

  f64(bytes: Uint8Array): Float64Array {
    const at = this.#place(bytes, true);
    return new Float64Array(this.#bytes.buffer, at, bytes.length / 8);
  }

  f32(bytes: Uint8Array): Float32Array {
    const at = this.#place(bytes, this.#hasContent);
    return new Float32Array(this.#bytes.buffer, at, bytes.length / 4);
  }

  u16(bytes: Uint8Array): Uint16Array {
    const at = this.#place(bytes, this.#hasContent);
    return new Uint16Array(this.#bytes.buffer, at, bytes.length / 2);
  }

  /** Copies bytes, or none, to where an array of any numbers can lie. Returns where that is. */
  #place(bytes: Uint8Array, copies: boolean): number {
    let at = (this.#length + 7) & -8;
    if (at + bytes.length > this.#bytes.length) {
      // Arrays that were read before keep the buffer that they lie in.
      this.#bytes = new Uint8Array(8192 + 2 * bytes.length);
      at = 0;
    }
    this.#length = at + bytes.length;
    if (copies) this.#bytes.set(bytes, at);
    return at;
  }
}

/** Reads values in the order in which they were written; throws RangeError past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #room: ArrayRoom;
  #at = 0;

  constructor(bytes: Uint8Array, room = new ArrayRoom()) {
    // A plain view: where this is a Buffer, its `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#room = room;
  }

  /** Whether all bytes were read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  count(): number {
    const at = this.#skip(4);
    const bytes = this.#bytes;
    // A view for each number takes longer than all else of a record.
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  float(): number {
    const at = this.#skip(8);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + at, 8).getFloat64(0, true);
  }

  text(): string {
    try {
      return decoder.decode(this.#take(this.count()));
    } catch (error) {
      throw error instanceof RangeError ? error : new RangeError("a text is not UTF-8");
    }
  }

  /**
   * Returns the next text if it is one of these, which are of ASCII, and goes on behind it. Otherwise undefined, and the text is
   * still to be read.
   */
  known<Text extends string>(texts: readonly Text[]): Text | undefined {
    const bytes = this.#bytes;
    const begin = this.#at;
    const length = this.count();
    const from = this.#at;
    const found = texts.find((text) => {
      let same = 0;
      while (same < length && text.charCodeAt(same) === bytes[from + same]) same++;
      return same === length && same === text.length;
    });
    this.#at = found === undefined ? begin : from + length;
    return found;
  }

  f64(): Float64Array {
    return this.#room.f64(this.#array(8));
  }

  f32(): Float32Array {
    return this.#room.f32(this.#array(4));
  }

  u16(): Uint16Array {
    return this.#room.u16(this.#array(2));
  }

  /** Returns the bytes of an array of numbers that have so many bytes each. */
  #array(width: number): Uint8Array {
    assertLittleEndian();
    const length = this.count();
    if (length % width !== 0)
      throw new RangeError(`an array of ${length} bytes is not one of ${width}-byte numbers`);
    return this.#take(length);
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length) as Uint8Array<ArrayBuffer>;
  }

  /** Returns where the next bytes are, and goes on behind them. */
  #skip(length: number): number {
    const at = this.#at;
    const end = at + length;
    if (end > this.#bytes.length)
      throw new RangeError(`${end} bytes were expected, ${this.#bytes.length} are there`);
    this.#at = end;
    return at;
  }
}
