import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Feed } from "../../../../src/adapters/kafka/consumer/feed.js";
import type { InputRecord } from "../../../../src/pipeline/ports.js";

/** A feed with a consumer that notes what it is asked for. */
function open(from: number, limit = 1000): { readonly feed: Feed; readonly asked: (string | number)[] } {
  const asked: (string | number)[] = [];
  const feed = new Feed(
    {
      seek: (offset) => asked.push(offset),
      pause: () => asked.push("pause"),
      resume: () => asked.push("resume"),
    },
    from,
    limit,
  );
  return { feed, asked };
}

const record = (offset: number, bytes = 0): InputRecord => ({
  offset,
  timestamp: 0,
  headers: [],
  key: null,
  value: Buffer.alloc(bytes),
});

describe("a feed", () => {
  test("begins where it is told to, and leaves out what a fetch brings from before", async () => {
    const { feed, asked } = open(5);
    feed.push([record(3), record(4), record(5), record(7)], 8, 20);
    const batch = (await feed.take())!;
    expect(asked).toEqual([5, "resume"]);
    expect(batch.records.map(({ offset }) => offset)).toEqual([5, 7]);
    expect(batch).toMatchObject({ nextOffset: 8, endOffset: 20 });
  });

  test("pauses the partition at its limit, once, and resumes it when everything was taken", async () => {
    const { feed, asked } = open(0, 1000);
    feed.push([record(0, 600)], 1, 9);
    expect(asked).toEqual([0, "resume"]);
    feed.push([record(1, 600)], 2, 9);
    feed.push([record(2, 600)], 3, 9);
    expect(asked).toEqual([0, "resume", "pause"]);
    expect((await feed.take())!.records).toHaveLength(3);
    expect(asked).toEqual([0, "resume", "pause", "resume"]);
  });

  test("counts what headers take in memory, which is more than their bytes", () => {
    const { feed, asked } = open(0, 1_000_000);
    const headers = Array.from({ length: 10_000 }, (_, i) => ({ name: `h${i}`, value: Buffer.alloc(0) }));
    feed.push([Object.assign(record(0), { headers })], 1, 9);
    expect(asked).toContain("pause");
  });

  test("hears of an end that no fetch tells of, and never of an earlier one", () => {
    const { feed } = open(0, 1000);
    feed.push([record(0, 2000)], 1, 9);
    expect([feed.paused, feed.endOffset]).toEqual([true, 9]);
    feed.hear(500);
    feed.hear(400);
    expect(feed.endOffset).toBe(500);
  });

  test("moves over offsets that hold nothing, and tells a reader that waits", async () => {
    const { feed } = open(0);
    await turn();
    const taken = feed.take();
    feed.skip(4, 9);
    expect(await taken).toEqual({ records: [], nextOffset: 4, endOffset: 9 });
  });

  test("does not move over offsets that were fetched before it began further back", async () => {
    const { feed } = open(50);
    // What the fetch before brought, told in the same turn.
    await Promise.resolve();
    feed.skip(102, 102);
    expect(feed.position).toBe(50);
    await turn();
    feed.push([record(50)], 51, 102);
    expect((await feed.take())!.records.map(({ offset }) => offset)).toEqual([50]);
  });

  test("seeks its position again, and stays paused, when the client has forgotten both", () => {
    const { feed, asked } = open(0, 100);
    feed.push([record(0, 200)], 1, 9);
    asked.length = 0;
    feed.reseek();
    expect(asked).toEqual([1]);
  });

  test("once closed ends its reader, or fails it, and takes nothing more", async () => {
    const ended = open(0);
    const waiting = ended.feed.take();
    ended.feed.close();
    ended.feed.push([record(0)], 1, 1);
    expect(await waiting).toBeUndefined();
    expect(await ended.feed.take()).toBeUndefined();
    const failed = open(0);
    const failing = failed.feed.take();
    failed.feed.close(new Error("gone"));
    await expect(failing).rejects.toThrow("gone");
  });
});
