// Which partition a record goes to, against the other client's own.
import { compatibilityPartitioner } from "@platformatic/kafka";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byPartition } from "../../../../src/adapters/kafka/producer/placement.js";

const record = (key: Uint8Array | null) => ({ key, value: null, headers: [], timestamp: 0 });

test("a key has the partition that the other client gives it, and none that of the input's number", () => {
  const keys = fc.array(fc.option(fc.uint8Array({ maxLength: 40 })), { maxLength: 30 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 50 }), fc.nat(99), (some, count, input) => {
      const records = some.map(record);
      const placed = byPartition(records, count, { input });
      for (const [partition, own] of placed) {
        const expected = records.filter(({ key }) => {
          const place = key === null ? input : compatibilityPartitioner(undefined!, Buffer.from(key));
          return place % count === partition;
        });
        expect(own).toEqual(expected);
      }
      expect([...placed.values()].flat()).toHaveLength(records.length);
    }),
  );
});
