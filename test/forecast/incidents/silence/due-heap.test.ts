/** The heap gives slots in the order of their due numbers, however they were moved and removed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DueHeap } from "../../../../src/forecast/incidents/silence/due-heap.js";

test("the first slot is always one with the least due number", () => {
  const slot = fc.nat(30);
  const step = fc.oneof(
    fc.record({ slot, due: fc.double({ noNaN: true }) }),
    fc.record({ slot, due: fc.constant(undefined) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new DueHeap();
      heap.reserve(31);
      const known = new Map<number, number>();
      for (const { slot, due } of steps) {
        if (due === undefined) {
          heap.remove(slot);
          known.delete(slot);
        } else {
          heap.set(slot, due);
          known.set(slot, due);
        }
        expect(heap.size).toBe(known.size);
        expect(heap.has(slot)).toBe(known.has(slot));
        const first = heap.first();
        if (known.size === 0) expect(first).toBe(-1);
        else expect(known.get(first)).toBe(Math.min(...known.values()));
      }
      while (heap.size > 0) {
        expect(known.get(heap.first())).toBe(Math.min(...known.values()));
        known.delete(heap.first());
        heap.remove(heap.first());
      }
      expect(known.size).toBe(0);
    }),
  );
});
