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

/** Reads values in the order in which they were written; throws RangeError past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A plain view: where this is a Buffer, its `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether all bytes were read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  count(): number {
    return this.#view(4).getUint32(0, true);
  }

  float(): number {
    return this.#view(8).getFloat64(0, true);
  }

  text(): string {
    try {
      return decoder.decode(this.#take(this.count()));
    } catch (error) {
      throw error instanceof RangeError ? error : new RangeError("a text is not UTF-8");
    }
  }

  f64(): Float64Array {
    return new Float64Array(this.#copy(8));
  }

  f32(): Float32Array {
    return new Float32Array(this.#copy(4));
  }

  u16(): Uint16Array {
    return new Uint16Array(this.#copy(2));
  }

  #copy(width: number): ArrayBuffer {
    assertLittleEndian();
    const length = this.count();
    if (length % width !== 0)
      throw new RangeError(`an array of ${length} bytes is not one of ${width}-byte numbers`);
    return this.#take(length).slice().buffer;
  }

  #view(length: number): DataView {
    const bytes = this.#take(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const end = this.#at + length;
    if (end > this.#bytes.length)
      throw new RangeError(`${end} bytes were expected, ${this.#bytes.length} are there`);
    const bytes = this.#bytes.subarray(this.#at, end) as Uint8Array<ArrayBuffer>;
    this.#at = end;
    return bytes;
  }
}
