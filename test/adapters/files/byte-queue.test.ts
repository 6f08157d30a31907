import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteQueue } from "../../../src/adapters/files/byte-queue.js";

test("gives bytes back in order, however they came and are taken", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 9 })),
      fc.array(fc.nat({ max: 20 })),
      (pieces, counts) => {
        const queue = new ByteQueue();
        const whole = Buffer.concat(pieces);
        for (const piece of pieces) queue.push(Buffer.from(piece));
        let at = 0;
        for (const count of counts) {
          expect(queue.length).toBe(whole.length - at);
          if (count > queue.length) continue;
          expect(Buffer.compare(queue.take(count), whole.subarray(at, at + count))).toBe(0);
          at += count;
        }
      },
    ),
  );
});
