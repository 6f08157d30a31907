/** Batches of the log whose last record compaction has taken away. */
import { expect, test } from "vitest";
import { withLastOffset, type RecordBatch } from "../../../../src/adapters/kafka/kafkajs/emptied-batches.js";

const batch = (...offsets: readonly number[]): RecordBatch => ({
  firstOffset: "9007199254740993",
  lastOffsetDelta: 2,
  producerId: "7",
  inTransaction: true,
  records: offsets.map((delta) => ({
    offset: String(9007199254740993n + BigInt(delta)),
    key: null,
    isControlRecord: false,
    batchContext: { producerId: "7", inTransaction: true },
  })),
});

test("a batch that has its last record stays as it is", () => {
  const whole = batch(0, 2);
  expect(withLastOffset(whole)).toBe(whole);
});

test.each([[[]], [[0]], [[0, 1]]])(
  "a batch that has only %j of 0 to 2 says where it ended, to no reader",
  (left) => {
    const { records } = withLastOffset(batch(...left));
    expect(records.slice(0, -1)).toEqual(batch(...left).records);
    expect(records.at(-1)).toMatchObject({ offset: "9007199254740995", isControlRecord: true });
  },
);
