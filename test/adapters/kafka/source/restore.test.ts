/** Restoring from a feed, batch by batch. */
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { Feed } from "../../../../src/adapters/kafka/consumer/feed.js";
import { restoreState } from "../../../../src/adapters/kafka/source/restore.js";

const record = (offset: number, value: string | null) => ({
  offset,
  key: Buffer.from(`k${offset % 10}`),
  value: value === null ? null : Buffer.from(value),
  timestamp: 0,
  headers: [],
});

it("takes the latest record of each key from many batches, and leaves nothing waiting behind", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  try {
    const controls = { seek: () => undefined, pause: () => undefined, resume: () => undefined };
    const feed = new Feed(controls, 0, 1_000_000);
    const restoring = restoreState(feed, { end: 100, stallMs: 60_000, origin: "here" });
    for (let offset = 0; offset < 100; offset++) {
      feed.push([record(offset, offset === 93 ? null : `v${offset}`)], offset + 1, 100);
      await setImmediate();
    }
    const state = new Map(
      (await restoring).records.map(({ key, value }) => [key, Buffer.from(value).toString()]),
    );
    expect(state.get("k9")).toBe("v99");
    expect(state.has("k3")).toBe(false);
    expect(state.size).toBe(9);
    // The runtime warns of a signal with ever more listeners.
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", warn);
  }
});

it("keeps what was fetched while most of it is of use, and little of it where the records are few", async () => {
  const controls = { seek: () => undefined, pause: () => undefined, resume: () => undefined };
  const fetched = 2 ** 20;
  const found = async (bytesOfValue: number): Promise<readonly Uint8Array[]> => {
    const batches = 100;
    const feed = new Feed(controls, 0, 1000 * fetched);
    const restoring = restoreState(feed, { end: batches, stallMs: 60_000, origin: "here" });
    for (let offset = 0; offset < batches; offset++) {
      const value = Buffer.from(new ArrayBuffer(fetched)).subarray(0, bytesOfValue).fill(offset);
      feed.push([{ ...record(offset, ""), key: Buffer.from(`k${offset}`), value }], offset + 1, batches);
      await setImmediate();
    }
    const { records } = await restoring;
    expect(records.map(({ value }) => value.every((byte) => byte === value[0]) && value[0])).toEqual(
      Array.from({ length: batches }, (_, offset) => offset),
    );
    return records.map(({ value }) => value);
  };
  const kept = (values: readonly Uint8Array[]): number =>
    values.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  expect(kept(await found(0.6 * fetched))).toBe(100 * fetched);
  expect(kept(await found(10))).toBeLessThan(66 * fetched);
});

it("gives up when nothing comes, and when the partition is taken away", async () => {
  const controls = { seek: () => undefined, pause: () => undefined, resume: () => undefined };
  await expect(
    restoreState(new Feed(controls, 0, 1000), { end: 10, stallMs: 5, origin: "here" }),
  ).rejects.toMatchObject({
    code: "RESTORE_STALLED",
  });
  const feed = new Feed(controls, 0, 1000);
  const restoring = restoreState(feed, { end: 10, stallMs: 60_000, origin: "here" });
  feed.close();
  await expect(restoring).rejects.toMatchObject({ code: "FENCED" });
});

const stateRecord = (offset: number, name: string, owner?: object) => ({
  ...record(offset, "v"),
  key: Buffer.from(name),
  headers:
    owner === undefined ? [] : [{ name: "undercurrent-owner", value: Buffer.from(JSON.stringify(owner)) }],
});

it("names the owners of the latest records, each once, and none of a release that wrote no owner", async () => {
  const controls = { seek: () => undefined, pause: () => undefined, resume: () => undefined };
  const feed = new Feed(controls, 0, 1000);
  const restoring = restoreState(feed, { end: 6, stallMs: 60_000, origin: "here" });
  const [pumps, valves] = ["pumps", "valves"].map((application) => ({
    application,
    input: "i",
    partition: 0,
  }));
  feed.push(
    [
      stateRecord(0, "model", valves),
      stateRecord(1, "key:a", pumps),
      stateRecord(2, "key:b", { application: 7 }),
      stateRecord(3, "key:c"),
      stateRecord(4, "key:d", pumps),
      // What was another's is no more.
      stateRecord(5, "model", pumps),
    ],
    6,
    6,
  );
  expect((await restoring).owners).toEqual([pumps]);
});
