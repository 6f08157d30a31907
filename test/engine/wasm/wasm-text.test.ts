/** Bytes as text that gzip packs as well as the bytes. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfText } from "../../../src/engine/wasm/wasm-text.js";
// @ts-expect-error: a script of the build has no types.
import * as script from "../../../scripts/wasm-text.mjs";

interface Script {
  readonly frequentBytes: (bytes: Iterable<number>) => number[];
  readonly textOfBytes: (bytes: Iterable<number>, frequent: number[]) => string;
  readonly textOfFrequent: (frequent: number[]) => string;
}
const { frequentBytes, textOfBytes, textOfFrequent } = script as Script;

test("any bytes come back from their text, whichever bytes are frequent", () => {
  const anyBytes = fc.uint8Array({ maxLength: 600 });
  fc.assert(
    fc.property(anyBytes, anyBytes, (bytes, sample) => {
      const frequent = frequentBytes(sample);
      expect(bytesOfText(textOfBytes(bytes, frequent), textOfFrequent(frequent))).toEqual(
        new Uint8Array(bytes),
      );
    }),
  );
});

test("the kernel as text is gzipped within 3% of its bytes, and needs no escape in a string", () => {
  const bytes = readFileSync(new URL("../../../dist/kernel/simd/cells.wasm", import.meta.url));
  const text = textOfBytes(bytes, frequentBytes(bytes));
  expect(gzipSync(text).length).toBeLessThan(1.03 * gzipSync(bytes).length);
  expect(text).toMatch(/^[#-[\]-~]*$/);
});
