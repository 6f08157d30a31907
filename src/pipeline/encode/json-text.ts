/**
 * JSON text as bytes, appended piece by piece. Times are to the byte what JSON.stringify writes; so are numbers, but that
 * each has a fraction or an exponent: a sink that derives types from the text must not take 41 for another type than 41.2.
 */
import { instantiateTextKernel, type TextKernel } from "../../engine/wasm/text-kernel.js";
import { UndercurrentError } from "../../errors/errors.js";

/** Exponents of ten that the kernel has a power for. */
const [leastExponent, greatestExponent] = [-324, 292];
const mask63 = (1n << 63n) - 1n;

/** 10 to the power of -k as a number of 126 bits, rounded up: `g` of Giulietti, "The Schubfach way", section 9.8.3. */
function power(k: number): bigint {
  const ten = 10n ** BigInt(Math.abs(k));
  const length = BigInt(ten.toString(2).length);
  if (k > 0) return (1n << (125n + length)) / ten + 1n;
  return (length > 126n ? ten >> (length - 126n) : ten << (126n - length)) + 1n;
}

/**
 * Largest number of bytes that one call of `integer`, `long`, `number` or `time` appends, its piece included; it may overwrite more
 * after them.
 */
export const longestAppend = 96;
const longestPiece = 31;

/** Text that an append begins with, by its address: from `JsonText.piece`. */
export type Piece = number & { readonly piece: unique symbol };

/**
 * A text that is being written. The process has one: the writer takes it before another writer begins.
 *
 * @example
 * ```ts
 * const text = JsonText.shared();
 * const name = text.piece('{"value":');
 * text.reserve(2 * longestAppend);
 * text.number(name, 0.1);
 * text.bytes(Buffer.from("}"), 0, 1);
 * text.take().toString(); // {"value":0.1}
 * ```
 */
export class JsonText {
  static #shared: JsonText | undefined;

  readonly #kernel: TextKernel;
  readonly #pieces = new Map<string, Piece>();
  readonly #begin: number;
  #nextPiece: number;
  #at: number;
  #bytes: Uint8Array;

  private constructor(kernel: TextKernel) {
    this.#kernel = kernel;
    this.#begin = kernel.init();
    this.#at = this.#begin;
    this.#nextPiece = kernel.pieces.value;
    writePowers(kernel);
    this.#bytes = new Uint8Array(kernel.memory.buffer);
  }

  /** Returns the text of this process. Throws KERNEL_MISSING, or MEMORY_EXHAUSTED if no address space is left. */
  static shared(): JsonText {
    return (this.#shared ??= new JsonText(instantiateTextKernel()));
  }

  /** Bytes so far. */
  get length(): number {
    return this.#at - this.#begin;
  }

  /** Room for 32 pieces of up to 31 ASCII characters, which stay for the process. */
  piece(text: string): Piece {
    const known = this.#pieces.get(text);
    if (known !== undefined) return known;
    const end = this.#kernel.pieces.value + 4096;
    if (text.length > longestPiece || this.#nextPiece + 32 > end) throw new RangeError(`no room for ${text}`);
    const piece = this.#nextPiece as Piece;
    this.#bytes.set([text.length, ...Buffer.from(text, "latin1")], piece);
    this.#nextPiece += 32;
    this.#pieces.set(text, piece);
    return piece;
  }

  /** Makes room for further bytes. Throws MEMORY_EXHAUSTED and leaves the text unchanged. */
  reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    if (this.#kernel.reserve(this.#at + length) === 0) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        `out of memory: cannot allocate ${length} bytes of text`,
      );
    }
    this.#bytes = new Uint8Array(this.#kernel.memory.buffer);
  }

  /** Appends a piece and a whole number from 0 to 4,294,967,295. */
  integer(piece: Piece, value: number): void {
    this.#at = this.#kernel.integer(piece, value, this.#at);
  }

  /** Appends a piece and a whole number of at most 2^53 in magnitude; null if it is not finite. */
  long(piece: Piece, value: number): void {
    this.#at = this.#kernel.long(piece, value, this.#at);
  }

  /** Appends a piece and a number with a fraction or an exponent (41.0, 1e+21); null if it is not finite. */
  number(piece: Piece, value: number): void {
    this.#at = this.#kernel.number(piece, value, this.#at);
  }

  /** Appends a piece and a time in quotes, epoch milliseconds; null beyond what a Date can hold. */
  time(piece: Piece, milliseconds: number): void {
    this.#at = this.#kernel.time(piece, milliseconds, this.#at);
  }

  /** Appends bytes as they are. */
  bytes(bytes: Uint8Array, begin: number, end: number): void {
    // The call of a copy costs more than a short one.
    if (end - begin > 48) this.#bytes.set(bytes.subarray(begin, end), this.#at);
    else for (let i = begin; i < end; i++) this.#bytes[this.#at + i - begin] = bytes[i]!;
    this.#at += end - begin;
  }

  /** Returns a copy of the text and empties it. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(this.#begin, this.#at));
    this.#at = this.#begin;
    return taken;
  }
}

function writePowers(kernel: TextKernel): void {
  const count = greatestExponent - leastExponent + 1;
  const powers = new BigUint64Array(kernel.memory.buffer, kernel.powers.value, 2 * count);
  for (let i = 0; i < count; i++) {
    const g = power(leastExponent + i);
    powers[2 * i] = g >> 63n;
    powers[2 * i + 1] = g & mask63;
  }
}
