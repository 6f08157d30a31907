/** What every committer must hold: a commit lands whole and in order, or not at all, and only for its owner. */
import { describe, expect, it } from "vitest";
import type { OutputRecord, StateRecord } from "../../src/pipeline/ports.js";
import { bytes, commitOf, plain, record, withHarness, type CreateHarness } from "./pipeline.js";

const state = (key: string, text: string): StateRecord => ({ key, value: bytes(text) });

/** State records by key, as text. */
function byKey(records: readonly StateRecord[]): Record<string, string> {
  return Object.fromEntries(records.map(({ key, value }) => [key, Buffer.from(value).toString()]));
}

const fenced = expect.objectContaining({ code: "FENCED" }) as Error;

export function committerContract(name: string, create: CreateHarness): void {
  describe(`${name} as a committer`, () => {
    it("shows every part of a commit, with its bytes, and a successor finds its offset and state", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const first = join();
        const assignment = await first.partition(0);
        await assignment.takeOver();
        await harness.append(0, [record("a", "1"), record("a", "2")]);
        const forecast: OutputRecord = {
          key: Uint8Array.of(0, 255),
          value: bytes("{}"),
          headers: [{ name: "trace", value: Uint8Array.of(254) }],
          timestamp: 1_700_000_000_123,
        };
        const deadLetter: OutputRecord = {
          key: null,
          value: Uint8Array.of(255, 0),
          headers: [{ name: "undercurrent-code", value: bytes("KEY_INVALID") }],
          timestamp: 1_700_000_000_456,
        };
        await first.committer.commit(
          assignment,
          commitOf({
            forecasts: [forecast, { ...forecast, key: null }],
            incidents: [{ ...forecast, value: bytes("incident") }],
            deadLetters: [deadLetter],
            routed: [{ topic: harness.routedTopic, record: forecast }],
            snapshot: { offset: 2, records: [state("model", "m"), state("key:a", "s")] },
            offset: 2,
          }),
        );
        expect((await harness.forecasts(0)).map(plain)).toEqual(
          [forecast, { ...forecast, key: null }].map(plain),
        );
        expect((await harness.incidents(0)).map(plain)).toEqual([
          plain({ ...forecast, value: bytes("incident") }),
        ]);
        expect((await harness.deadLetters()).map(plain)).toEqual([plain(deadLetter)]);
        const routed = await harness.routed();
        expect(routed.map(({ topic }) => topic)).toEqual([harness.routedTopic]);
        expect(routed.map((each) => plain(each.record))).toEqual([plain(forecast)]);
        await first.leave();
        const takeover = await (await join().partition(0)).takeOver();
        expect(takeover.committed).toBe(2);
        expect(byKey(takeover.state)).toEqual({ model: "m", "key:a": "s" });
      });
    });

    it("keeps the latest record of each key of the state, and none of a key that was ended", async () => {
      await withHarness(create, 1, async (_, join) => {
        const member = join();
        const assignment = await member.partition(0);
        await assignment.takeOver();
        const snapshot = async (
          offset: number,
          ...records: readonly { key: string; value: Uint8Array | null }[]
        ): Promise<void> =>
          member.committer.commit(assignment, commitOf({ offset, snapshot: { offset, records } }));
        await snapshot(1, state("model", "1"), state("key:a", "1"), state("key:b", "1"), state("key:", "1"));
        await snapshot(2, state("model", "2"), state("key:a", "2"), { key: "key:b", value: null });
        await snapshot(3, state("model", "3"), state("key:model", "3"), state("key:🌊\n", "3"));
        const takeover = await assignment.takeOver();
        expect(takeover.committed).toBe(3);
        expect(byKey(takeover.state)).toEqual({
          model: "3",
          "key:a": "2",
          "key:": "1",
          "key:model": "3",
          "key:🌊\n": "3",
        });
      });
    });

    it("makes commits visible in their order, those of nothing but an offset included", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const member = join();
        const assignment = await member.partition(0);
        await assignment.takeOver();
        for (let offset = 1; offset <= 6; offset++) {
          const forecasts = offset % 2 === 0 ? [{ ...record("a", String(offset)) }] : [];
          await member.committer.commit(assignment, commitOf({ offset, forecasts }));
        }
        const values = (await harness.forecasts(0)).map(({ value }) => Buffer.from(value!).toString());
        expect(values).toEqual(["2", "4", "6"]);
        expect((await assignment.takeOver()).committed).toBe(6);
      });
    });

    it("lands a commit of several megabytes whole", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const member = join();
        const assignment = await member.partition(0);
        await assignment.takeOver();
        const forecasts = Array.from({ length: 3000 }, (_, i) => record("a", `${i} ${"x".repeat(1000)}`));
        const records = Array.from({ length: 1000 }, (_, i) => state(`key:${i}`, "y".repeat(1100)));
        await member.committer.commit(
          assignment,
          commitOf({ offset: 3000, forecasts, snapshot: { offset: 3000, records } }),
        );
        expect((await harness.forecasts(0)).map(plain)).toEqual(forecasts.map(plain));
        expect((await assignment.takeOver()).state).toHaveLength(1000);
      });
    });

    it("refuses with FENCED, and without a trace, what comes from an owner before", async () => {
      await withHarness(create, 1, async (harness, join) => {
        const first = join();
        const before = await first.partition(0);
        await before.takeOver();
        await first.committer.commit(before, commitOf({ offset: 1, forecasts: [record("a", "mine")] }));
        const second = join();
        // Whichever of the two the group prefers: the partition moves only when the first is gone.
        const leaving = first.leave();
        const after = await second.partition(0);
        await leaving;
        expect((await after.takeOver()).committed).toBe(1);
        const late = commitOf({
          offset: 2,
          forecasts: [record("a", "late")],
          snapshot: { offset: 2, records: [state("model", "late")] },
        });
        await expect(first.committer.commit(before, late)).rejects.toEqual(fenced);
        await second.committer.commit(after, commitOf({ offset: 3, forecasts: [record("a", "theirs")] }));
        const values = (await harness.forecasts(0)).map(({ value }) => Buffer.from(value!).toString());
        expect(values).toEqual(["mine", "theirs"]);
        const takeover = await after.takeOver();
        expect(takeover).toMatchObject({ committed: 3, state: [] });
      });
    });

    it("refuses a commit for a partition that was never taken over", async () => {
      await withHarness(create, 1, async (_, join) => {
        const member = join();
        const assignment = await member.partition(0);
        await expect(member.committer.commit(assignment, commitOf({ offset: 1 }))).rejects.toEqual(fenced);
        expect((await assignment.takeOver()).committed).toBeUndefined();
      });
    });

    it("keeps the commits of partitions apart", async () => {
      await withHarness(create, 2, async (harness, join) => {
        const member = join();
        const assignments = await Promise.all([0, 1].map((partition) => member.partition(partition)));
        for (const [i, assignment] of assignments.entries()) {
          await assignment.takeOver();
          await member.committer.commit(
            assignment,
            commitOf({
              offset: i + 1,
              forecasts: [record("a", String(i))],
              snapshot: { offset: i + 1, records: [state("model", String(i))] },
            }),
          );
        }
        for (const [i, assignment] of assignments.entries()) {
          const takeover = await assignment.takeOver();
          expect(takeover.committed).toBe(i + 1);
          expect(byKey(takeover.state)).toEqual({ model: String(i) });
          const [forecast] = await harness.forecasts(i);
          expect(Buffer.from(forecast!.value!).toString()).toBe(String(i));
        }
      });
    });
  });
}
