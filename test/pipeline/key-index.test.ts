import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyIndex } from "../../src/pipeline/key-index.js";

test("an index of keys finds what was put in, and nothing else, as a map of their texts does", () => {
  const keys = fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 600 });
  fc.assert(
    fc.property(keys, keys, (some, others) => {
      const index = new KeyIndex();
      const slots = new Map<string, number>();
      for (const key of some) {
        const name = key.join();
        const framed = Uint8Array.of(1, ...key, 2);
        expect(index.find(framed, 1, framed.length - 1)).toBe(slots.get(name) ?? -1);
        if (slots.has(name)) continue;
        slots.set(name, slots.size);
        index.add(framed, 1, framed.length - 1, slots.size - 1);
      }
      for (const key of [...some, ...others]) {
        expect(index.find(key, 0, key.length)).toBe(slots.get(key.join()) ?? -1);
      }
    }),
    { numRuns: 30 },
  );
});
