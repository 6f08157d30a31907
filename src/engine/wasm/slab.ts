/** Base class of the models per key: a slab of rows of 32-bit floats in a kernel's memory, one row per key. */
import { UndercurrentError } from "../../errors/library.js";

/** Exports of a kernel with a slab. */
interface SlabKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  rowSize(): number;
  reserve(rows: number): number;
  start(row: number): void;
  readonly slab: { readonly value: number };
}

export abstract class Slab<Kernel extends SlabKernel, Buffers> {
  readonly #what: string;
  readonly #view: (kernel: Kernel) => Buffers;
  /** Gone after `dispose`, so that the memory can be collected. */
  #live: { readonly kernel: Kernel; buffers: Buffers; floats: Float32Array } | undefined;
  #rows = 0;

  /**
   * `what` names the rows in errors, in the plural. `view` recreates the buffers after the memory has moved; it must not hold a
   * kernel, because it outlives one.
   */
  protected constructor(kernel: Kernel, what: string, view: (kernel: Kernel) => Buffers) {
    this.#what = what;
    this.#view = view;
    this.#live = { kernel, buffers: view(kernel), floats: new Float32Array(0) };
  }

  /** Returns views of the kernel's memory; fetch them again after `reserve`. Throws FORECASTER_DISPOSED. */
  get buffers(): Buffers {
    return this.#use().buffers;
  }

  /** Floats of a row. */
  get rowSize(): number {
    return this.kernel.rowSize();
  }

  get bytes(): number {
    return this.kernel.memory.buffer.byteLength;
  }

  /** Makes rows 0 .. rows-1 exist; new ones must be started or written. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(rows: number): void {
    const live = this.#use();
    const { kernel } = live;
    if (rows <= this.#rows) return;
    if (rows > 0x7fffffff || !kernel.reserve(rows)) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        `out of memory: cannot allocate ${rows} ${this.#what} of ${4 * kernel.rowSize()} bytes each`,
      );
    }
    this.#rows = rows;
    live.floats = new Float32Array(kernel.memory.buffer, kernel.slab.value >>> 0, rows * kernel.rowSize());
    live.buffers = this.#view(kernel);
  }

  /** Makes a row forget everything. */
  start(row: number): void {
    this.kernel.start(this.check(row));
  }

  /** A copy of a row. */
  read(row: number): Float32Array {
    const size = this.rowSize;
    return this.#use().floats.slice(this.check(row) * size, (row + 1) * size);
  }

  write(row: number, values: Float32Array): void {
    this.#use().floats.set(values, this.check(row) * this.rowSize);
  }

  /** Gives the memory back. */
  dispose(): void {
    this.#live = undefined;
  }

  /** The rows; another array after `reserve`. */
  protected get floats(): Float32Array {
    return this.#use().floats;
  }

  protected get kernel(): Kernel {
    return this.#use().kernel;
  }

  /** The row; one that does not exist would be memory that does not exist, or another row's. Throws RangeError. */
  protected check(row: number): number {
    if (!(row >= 0 && row < this.#rows))
      throw new RangeError(`row ${row} does not exist: ${this.#rows} rows are reserved`);
    return row;
  }

  #use(): { readonly kernel: Kernel; buffers: Buffers; floats: Float32Array } {
    if (this.#live !== undefined) return this.#live;
    throw new UndercurrentError(
      "FORECASTER_DISPOSED",
      `the ${this.#what} are disposed of and cannot be used`,
    );
  }
}

/** A view of `length` floats at an address that a kernel exports. */
export function floatsAt(
  kernel: Pick<SlabKernel, "memory">,
  address: { readonly value: number },
  length: number,
): Float32Array {
  return new Float32Array(kernel.memory.buffer, address.value >>> 0, length);
}
