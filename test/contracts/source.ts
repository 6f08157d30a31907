/** What every source must hold: each partition has one owner, who reads all of it, in order, byte for byte. */
import { describe, expect, it } from "vitest";
import {
  aborted,
  bytes,
  commitOf,
  plain,
  readRecords,
  record,
  withHarness,
  type CreateHarness,
} from "./pipeline.js";

export function sourceContract(name: string, create: CreateHarness): void {
  describe(`${name} as a source`, () => {
    it("gives every partition to the only member", async () => {
      await withHarness(create, 3, async (_, join) => {
        const member = join();
        const assignments = await Promise.all([0, 1, 2].map((partition) => member.partition(partition)));
        expect(assignments.map(({ partition }) => partition)).toEqual([0, 1, 2]);
        expect(new Set(assignments.map(({ topic }) => topic)).size).toBe(1);
        expect(assignments.some(({ revoked }) => revoked.aborted)).toBe(false);
      });
    });

    it("finds nothing on a partition that nobody has committed to", async () => {
      await withHarness(create, 1, async (harness, join) => {
        await harness.append(0, [record("a", "1")]);
        const takeover = await (await join().partition(0)).takeOver();
        expect(takeover).toEqual({ committed: undefined, earliest: 0, state: [] });
      });
    });

    it("reads records in order, with the bytes of keys, values and headers, and their timestamps", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const sent = [
          record("a", "1", 1_700_000_000_001),
          { ...record("b", "2", 1_700_000_000_000), key: null },
          { ...record("c", "3"), value: null },
          { ...record("", "") },
          {
            ...record("d", "4"),
            key: Uint8Array.of(0, 255, 128),
            value: Uint8Array.of(254, 0),
            headers: [
              { name: "trace", value: Uint8Array.of(0, 255) },
              { name: "trace", value: bytes("again") },
              { name: "empty", value: new Uint8Array() },
              { name: "constructor", value: bytes("as hostile producers name them") },
            ],
          },
        ];
        await harness.append(0, sent);
        const assignment = await join().partition(0);
        await assignment.takeOver();
        const { records } = await readRecords(assignment, 0, sent.length);
        expect(records.map(plain)).toEqual(sent.map(plain));
      });
    });

    it("reads from the offset that it is asked for, to the end and no further", async () => {
      await withHarness(create, 1, async (harness, join) => {
        await harness.append(
          0,
          Array.from({ length: 50 }, (_, i) => record("a", String(i))),
        );
        const assignment = await join().partition(0);
        await assignment.takeOver();
        const { records: all, batches } = await readRecords(assignment, 0, 50);
        expect(all).toHaveLength(50);
        let next = 0;
        for (const batch of batches) {
          for (const { offset } of batch.records) {
            expect(offset).toBeGreaterThanOrEqual(next);
            next = offset + 1;
          }
          expect(batch.nextOffset).toBeGreaterThanOrEqual(next);
          expect(batch.endOffset).toBeGreaterThanOrEqual(batch.nextOffset);
          next = batch.nextOffset;
        }
        const { records: tail } = await readRecords(assignment, all[30]!.offset, 20);
        expect(tail.map(plain)).toEqual(all.slice(30).map(plain));
      });
    });

    it("waits for records, and reads them as they come", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const assignment = await join().partition(0);
        await assignment.takeOver();
        const reading = readRecords(assignment, 0, 2);
        await harness.append(0, [record("a", "1")]);
        await harness.append(0, [record("a", "2")]);
        expect((await reading).records.map(({ value }) => Buffer.from(value!).toString())).toEqual([
          "1",
          "2",
        ]);
      });
    });

    it("ends a reading that waits when it is asked to stop, and can be read anew", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const assignment = await join().partition(0);
        await assignment.takeOver();
        const stop = new AbortController();
        const reading = (async () => {
          for await (const batch of assignment.read(0, stop.signal)) expect(batch.records).toEqual([]);
        })();
        stop.abort();
        await reading;
        for await (const batch of assignment.read(0, stop.signal)) expect(batch).toBeUndefined();
        await harness.append(0, [record("a", "1")]);
        expect((await readRecords(assignment, 0, 1)).records).toHaveLength(1);
      });
    });

    it("moves partitions to a second member: revoked here, then given there, and readings end", async () => {
      await withHarness(create, 2, async (harness, join) => {
        await harness.append(0, [record("a", "1")]);
        await harness.append(1, [record("b", "2")]);
        const first = join();
        const held = await Promise.all([0, 1].map((partition) => first.partition(partition)));
        await Promise.all(held.map((assignment) => assignment.takeOver()));
        const readings = held.map(async (assignment) => {
          const never = new AbortController();
          for await (const batch of assignment.read(0, never.signal)) expect(batch.nextOffset).toBe(1);
        });
        const second = join();
        const moved = await Promise.race([0, 1].map((partition) => second.partition(partition)));
        const lost = held.find(({ partition }) => partition === moved.partition)!;
        await aborted(lost.revoked);
        await readings[lost.partition];
        await moved.takeOver();
        expect((await readRecords(moved, 0, 1)).records).toHaveLength(1);
      });
    });

    it("leaves its partitions to others when it is unsubscribed from and has released them", async () => {
      await withHarness(create, 1, async (_, join) => {
        const first = join();
        const assignment = await first.partition(0);
        await assignment.takeOver();
        await first.committer.commit(assignment, commitOf({ offset: 0 }));
        const leaving = first.leave();
        const next = await join().partition(0);
        await leaving;
        expect((await next.takeOver()).committed).toBe(0);
      });
    });
  });
}
