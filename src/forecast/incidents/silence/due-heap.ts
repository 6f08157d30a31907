/** A binary heap of slots by a due number, of which each slot may be moved or removed in O(log n), without allocation. */

export class DueHeap {
  static readonly bytesPerSlot = 16;
  /** Slots in heap order; `#places` is where each slot is, plus 1. */
  #slots = new Int32Array(0);
  #places = new Int32Array(0);
  #due = new Float64Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#places.byteLength + this.#due.byteLength;
  }

  /** Makes room for the slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.#slots.length) return;
    const slots = new Int32Array(capacity);
    const places = new Int32Array(capacity);
    const due = new Float64Array(capacity);
    slots.set(this.#slots);
    places.set(this.#places);
    due.set(this.#due);
    this.#slots = slots;
    this.#places = places;
    this.#due = due;
  }

  clear(): void {
    this.#places.fill(0);
    this.#size = 0;
  }

  has(slot: number): boolean {
    return this.#places[slot]! > 0;
  }

  dueOf(slot: number): number {
    return this.#due[slot]!;
  }

  /** The slot that is due first; -1 where there is none. */
  first(): number {
    return this.#size === 0 ? -1 : this.#slots[0]!;
  }

  /** Puts a slot in, or moves it. */
  set(slot: number, due: number): void {
    const place = this.#places[slot]! - 1;
    this.#due[slot] = due;
    if (place < 0) this.#rise(this.#size++, slot);
    else if (!this.#rise(place, slot)) this.#sink(place, slot);
  }

  remove(slot: number): void {
    const place = this.#places[slot]! - 1;
    if (place < 0) return;
    this.#places[slot] = 0;
    const last = this.#slots[--this.#size]!;
    if (last !== slot && !this.#rise(place, last)) this.#sink(place, last);
  }

  /** Moves a slot up from a place, and returns whether it moved. */
  #rise(from: number, slot: number): boolean {
    const due = this.#due[slot]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#slots[parent]!;
      if (this.#due[above]! <= due) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, slot);
    return place < from;
  }

  #sink(from: number, slot: number): void {
    const due = this.#due[slot]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#due[this.#slots[child + 1]!]! < this.#due[this.#slots[child]!]!)
        child++;
      const below = this.#slots[child]!;
      if (this.#due[below]! >= due) break;
      this.#put(place, below);
      place = child;
    }
    this.#put(place, slot);
  }

  #put(place: number, slot: number): void {
    this.#slots[place] = slot;
    this.#places[slot] = place + 1;
  }
}
