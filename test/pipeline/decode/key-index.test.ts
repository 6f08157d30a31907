import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyIndex } from "../../../src/pipeline/decode/key-index.js";
import { KeyJsonCache } from "../../../src/pipeline/encode/key-json-cache.js";

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

test("an index of keys that are forgotten again and again finds those that are left, in bounded room", () => {
  const key = fc.integer({ min: 0, max: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 2000, size: "max" }), (steps) => {
      const index = new KeyIndex();
      const slots = new Map<number, number>();
      const free = Array.from({ length: 41 }, (_, slot) => slot);
      for (const [add, name] of steps) {
        const slot = slots.get(name);
        const text = Buffer.from(`key ${name}`);
        expect(index.find(text, 0, text.length)).toBe(slot ?? -1);
        if (slot !== undefined && !add) {
          index.forget(slot);
          slots.delete(name);
          free.push(slot);
        } else if (slot === undefined && add) {
          slots.set(name, free.pop()!);
          index.add(text, 0, text.length, slots.get(name)!);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("an index of keys finds one that was forgotten and entered again more often than it probes", () => {
  const index = new KeyIndex();
  const text = Buffer.from("key");
  for (let times = 0; times < 200; times++) {
    index.add(text, 0, text.length, 0);
    expect(index.find(text, 0, text.length), `after ${times} times`).toBe(0);
    index.forget(0);
  }
});

test("texts of keys are what they were when others are forgotten, and the buffer stays small", () => {
  const texts = new KeyJsonCache();
  const held = new Map<number, string>();
  for (let i = 0; i < 20_000; i++) {
    const slot = (i * 7) % 50;
    if (held.has(slot)) texts.forget(slot);
    held.set(slot, `{"key":"key-${i}"`);
    texts.add(slot, held.get(slot)!);
  }
  for (const [slot, text] of held) {
    const begin = texts.beginOf(slot);
    expect(Buffer.from(texts.bytes.subarray(begin, begin + texts.lengthOf(slot))).toString()).toBe(text);
  }
  expect(texts.bytes.length).toBeLessThan(10_000);
});

test("an index of keys tells two of one length apart whose hashes are the same", () => {
  // Known to collide in FNV-1a of 32 bits.
  const texts = ["declinate", "macallums"].map((name) => Buffer.from(name));
  const index = new KeyIndex();
  index.add(texts[0]!, 0, 9, 0);
  expect(index.find(texts[1]!, 0, 9)).toBe(-1);
  index.add(texts[1]!, 0, 9, 1);
  expect(texts.map((text) => index.find(text, 0, 9))).toEqual([0, 1]);
});
