// The hash that decides on partitions, against values that the Java client 4.1.0 printed and the other client's own.
import { murmur2 as platformatic } from "@platformatic/kafka";
import fc from "fast-check";
import { expect, test } from "vitest";
import { murmur2 } from "../../../../src/adapters/kafka/producer/murmur2.js";

/** `org.apache.kafka.common.utils.Utils.murmur2` of `patternOf(length)`. */
const ofLengths: readonly (readonly [number, number])[] = [
  [0, 275646681],
  [1, 2107329057],
  [2, 325528477],
  [3, -1836936987],
  [4, 1999779597],
  [5, -700825206],
  [6, -1244122972],
  [7, 952144547],
  [8, -1699478877],
  [9, 2027235137],
  [15, -2143061590],
  [16, -1932660473],
  [31, 2060645618],
  [63, -1936457288],
  [100, 792384687],
  [1023, 171741674],
  [4096, 1502777261],
  [200_001, 772021409],
  [1_048_576, 1639570773],
];

const ofTexts: readonly (readonly [string, number])[] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["ключ", 2122343024],
  ["🌊", 198417773],
];

const patternOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 131) ^ (i >>> 8) ^ length);

test.each(ofLengths)("a key of %i bytes has the Java client's hash", (length, hash) => {
  expect(murmur2(patternOf(length))).toBe(hash);
});

test.each(ofTexts)("the key %s has the Java client's hash", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

test("any key, wherever its bytes lie in memory, has the other client's hash", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), (key, shift) => {
      const shifted = new Uint8Array(key.length + shift);
      shifted.set(key, shift);
      expect(murmur2(shifted.subarray(shift))).toBe(platformatic(Buffer.from(key)));
    }),
  );
});
