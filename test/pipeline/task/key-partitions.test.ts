import fc from "fast-check";
import { expect, test } from "vitest";
import type { TaskEvent } from "../../../src/pipeline/events.js";
import { KeyPartitions } from "../../../src/pipeline/task/key-partitions.js";
import { TransactionalLog } from "../../simulate/log.js";
import { jsonRecord } from "../records.js";
import { quiet, start } from "../running.js";

const shareds = (keys: KeyPartitions, partitions: number): unknown[] =>
  Array.from({ length: partitions }, (_, partition) => keys.takeShared(partition));

test("finds the first key of each partition that came in another one before, and tells it once", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 3 }), fc.string({ unit: "grapheme", maxLength: 3 }))),
      (events) => {
        const keys = new KeyPartitions();
        const first = new Map<string, number>();
        const expected: ({ key: string; other: number } | undefined)[] = [
          undefined,
          undefined,
          undefined,
          undefined,
        ];
        for (const [partition, key] of events) {
          keys.add(partition, key);
          const other = first.get(key);
          if (other === undefined) first.set(key, partition);
          else if (other !== partition) expected[partition] ??= { key, other };
        }
        expect(shareds(keys, 4)).toEqual(expected);
        expect(shareds(keys, 4)).toEqual([undefined, undefined, undefined, undefined]);
      },
    ),
  );
});

test("keeps a bounded sample, which has keys that all partitions share, and none that they do not", () => {
  const bounded = new KeyPartitions(64);
  for (let partition = 0; partition < 3; partition++) {
    for (let i = 0; i < 10_000; i++) bounded.add(partition, `key-${i}`);
  }
  expect(shareds(bounded, 3)).toEqual([undefined, expect.anything(), expect.anything()]);
  const apart = new KeyPartitions();
  for (let partition = 0; partition < 3; partition++) {
    for (let i = 0; i < 100_000; i++) apart.add(partition, `key-${3 * i + partition}`);
  }
  expect(shareds(apart, 3)).toEqual([undefined, undefined, undefined]);
});

test("forgets a partition that was given back", () => {
  const keys = new KeyPartitions();
  keys.add(0, "a");
  keys.release(0);
  keys.add(1, "a");
  expect(shareds(keys, 2)).toEqual([undefined, undefined]);
  keys.add(0, "a");
  expect(keys.takeShared(0)).toEqual({ key: "a", other: 1 });
});

const sharedKeys = (events: readonly TaskEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === "shared-key" ? [event] : []));

test.each([
  ["read from their bytes", "plain"],
  ["read by the decoder", "a \\ sends records to the decoder"],
])("a pipeline tells of a key in two of its partitions, once for each: %s", async (_, note) => {
  const log = new TransactionalLog(3);
  const add = (partition: number, key: string, i: number): void =>
    log.append(partition, jsonRecord(i, key, { value: i, note }));
  for (let i = 0; i < 20; i++)
    for (let partition = 0; partition < 3; partition++) add(partition, `key-${partition}`, i);
  const { events, stop, outcome } = start(log);
  await quiet();
  expect(sharedKeys(events)).toEqual([]);
  for (let i = 20; i < 30; i++) add(2, "key-0", i);
  await quiet();
  stop.abort();
  await quiet();
  expect(outcome()).toBe("completed");
  expect(sharedKeys(events)).toMatchObject([{ type: "shared-key", partition: 2, key: "key-0", other: 0 }]);
});
