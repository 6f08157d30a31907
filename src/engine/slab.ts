/** A slab of rows of 32-bit floats at the end of a kernel's memory, one row a key. */
import { UndercurrentError } from "../errors.js";

/** What a kernel with a slab exports. */
export interface SlabKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  rowSize(): number;
  reserve(rows: number): number;
  start(row: number): void;
  readonly slab: { readonly value: number };
}

export class Slab<Kernel extends SlabKernel> {
  readonly #what: string;
  /** Gone after `dispose`, so that the memory can be collected. */
  #kernel: Kernel | undefined;
  #floats = new Float32Array(0);
  #rows = 0;

  /** `what` is the plural of a row's content, for errors. */
  constructor(kernel: Kernel, what: string) {
    this.#kernel = kernel;
    this.#what = what;
  }

  /** Throws FORECASTER_DISPOSED. */
  get kernel(): Kernel {
    if (this.#kernel !== undefined) return this.#kernel;
    throw new UndercurrentError(
      "FORECASTER_DISPOSED",
      `The ${this.#what} were used after they were disposed of.`,
    );
  }

  /** Floats of a row. */
  get rowSize(): number {
    return this.kernel.rowSize();
  }

  get bytes(): number {
    return this.kernel.memory.buffer.byteLength;
  }

  /**
   * Makes rows 0 .. rows-1 exist; new ones must be started or written. Says whether memory may have moved, which
   * detaches views of it. Throws MEMORY_EXHAUSTED, changing nothing.
   */
  reserve(rows: number): boolean {
    const { kernel } = this;
    if (rows <= this.#rows) return false;
    if (rows > 0x7fffffff || !kernel.reserve(rows)) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        `There is no memory for ${rows} ${this.#what} of ${4 * kernel.rowSize()} bytes each.`,
      );
    }
    this.#rows = rows;
    this.#floats = new Float32Array(kernel.memory.buffer, kernel.slab.value >>> 0, rows * kernel.rowSize());
    return true;
  }

  /** Makes a row forget everything. */
  start(row: number): void {
    this.kernel.start(this.check(row));
  }

  /** A copy of a row. */
  read(row: number): Float32Array {
    const size = this.rowSize;
    return this.#floats.slice(this.check(row) * size, (row + 1) * size);
  }

  write(row: number, values: Float32Array): void {
    this.#floats.set(values, this.check(row) * this.rowSize);
  }

  /** A row that does not exist would be memory that does not exist, or another row's. */
  check(row: number): number {
    if (!(row >= 0 && row < this.#rows))
      throw new RangeError(`there is no row ${row}: ${this.#rows} are reserved`);
    return row;
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#kernel = undefined;
    this.#floats = new Float32Array(0);
  }
}
