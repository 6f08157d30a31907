// The ports on a real broker: what a takeover finds, what a commit makes visible, what a rebalance and a fault do.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { kafkaPorts } from "../../../src/adapters/kafka/index.js";
import type { InputBatch } from "../../../src/pipeline/ports.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import {
  codeOf,
  commitOf,
  createTopics,
  leaveAll,
  never,
  readRecords,
  record,
  rejection,
  startInstance,
  textOf,
} from "./support.js";

afterEach(leaveAll);

const values = (count: number, from = 0): { key: string; value: string }[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${(from + i) % 7}`, value: `v${from + i}` }));

describeWithBroker("taking over", () => {
  it("finds nothing in a new application, and the first offset that the input holds", async () => {
    const options = await createTopics();
    await broker.produce(options.topics.input, 0, values(10));
    await broker.deleteBefore(options.topics.input, 0, 4);
    const assignment = await startInstance(options).next();
    expect(await assignment.takeOver()).toEqual({ committed: undefined, earliest: 4, state: [] });
  });

  it("finds the committed offset and the latest record of each key", async () => {
    const options = await createTopics();
    await broker.produce(options.topics.input, 0, values(20));
    const first = startInstance(options);
    const assignment = await first.next();
    await assignment.takeOver();
    const state = (text: string): Uint8Array => Buffer.from(text);
    await first.committer.commit(
      assignment,
      commitOf({
        offset: 5,
        snapshot: {
          offset: 5,
          records: [
            { key: "a", value: state("a1") },
            { key: "b", value: state("b1") },
            { key: "c", value: state("c1") },
          ],
        },
      }),
    );
    await first.committer.commit(
      assignment,
      commitOf({
        offset: 12,
        snapshot: {
          offset: 12,
          records: [
            { key: "b", value: state("b2") },
            { key: "c", value: null },
          ],
        },
      }),
    );
    await first.committer.commit(assignment, commitOf({ offset: 15, forecasts: [record("x", "y")] }));
    await first.leave();
    const next = await startInstance(options).next();
    const found = await next.takeOver();
    expect(found.committed).toBe(15);
    expect(found.state.map(({ key, value }) => [key, Buffer.from(value).toString()]).sort()).toEqual([
      ["a", "a1"],
      ["b", "b2"],
    ]);
  });

  it("does not hang behind control records and aborted transactions at the end of the state", async () => {
    const options = await createTopics();
    const first = startInstance(options);
    const assignment = await first.next();
    await assignment.takeOver();
    const snapshot = { offset: 1, records: [{ key: "a", value: Buffer.from("kept") }] };
    await first.committer.commit(assignment, commitOf({ offset: 1, snapshot }));
    // Each takeover aborts what the one before left open: the state then ends with aborted records and a control record.
    const stop = new AbortController();
    const oversized = {
      forecasts: [record("k", "x".repeat(2_000_000))],
      snapshot: { offset: 2, records: [{ key: "a", value: Buffer.from("aborted") }] },
      offset: 2,
    };
    expect(await rejection(first.committer.commit(assignment, commitOf(oversized)))).toBe("RECORD_TOO_LARGE");
    for (let i = 0; i < 3; i++) {
      const found = await assignment.takeOver();
      expect(found.committed).toBe(1);
      expect(found.state.map(({ value }) => Buffer.from(value).toString())).toEqual(["kept"]);
      expect(await rejection(first.committer.commit(assignment, commitOf(oversized)))).toBe(
        "RECORD_TOO_LARGE",
      );
    }
    stop.abort();
  });

  it("writes a dead letter that no batch holds without its bytes", async () => {
    const options = await createTopics();
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const letter = { ...record("k", "x".repeat(2_000_000)), headers: [] };
    await instance.committer.commit(assignment, commitOf({ offset: 1, deadLetters: [letter] }));
    await instance.leave();
    const next = await startInstance(options).next();
    expect((await next.takeOver()).committed).toBe(1);
  });

  it("fences an owner that does not know yet", async () => {
    const options = await createTopics();
    const first = startInstance(options);
    const assignment = await first.next();
    await assignment.takeOver();
    await first.committer.commit(assignment, commitOf({ offset: 1, forecasts: [record("a", "1")] }));
    // The same transactional id from elsewhere: what a partition's next owner does first.
    const { openWriter } = await import("../../../src/adapters/kafka/producer/writer.js");
    const other = await openWriter(options, 0);
    try {
      const late = commitOf({ offset: 2, forecasts: [record("a", "2")] });
      expect(await rejection(first.committer.commit(assignment, late))).toBe("FENCED");
      expect(await rejection(first.committer.commit(assignment, late))).toBe("COMMIT_UNCERTAIN");
      const forecasts = await broker.readCommitted(options.topics.forecasts, 1);
      expect(forecasts[0]!.map(({ value }) => value!.toString())).toEqual(["1"]);
      expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(1);
    } finally {
      await other.close();
    }
    await assignment.takeOver();
    await first.committer.commit(assignment, commitOf({ offset: 2, forecasts: [record("a", "2")] }));
    const forecasts = await broker.readCommitted(options.topics.forecasts, 2);
    expect(forecasts[0]!.map(({ value }) => value!.toString())).toEqual(["1", "2"]);
  });
});

describeWithBroker("committing", () => {
  it("writes forecasts, dead letters, routed records, state and offset, or none of them", async () => {
    const options = await createTopics(2);
    const alerts = broker.name("alerts");
    await broker.createTopic(alerts);
    const instance = startInstance(options);
    await instance.next();
    await instance.next();
    const assignment = instance.assignments.find(({ partition }) => partition === 1)!;
    await assignment.takeOver();
    const header = { name: "why", value: Buffer.from([0, 255]) };
    const dead = {
      ...record("d", "raw"),
      headers: [header, { ...header, value: Buffer.from("two") }],
      timestamp: 77,
    };
    await instance.committer.commit(
      assignment,
      commitOf({
        forecasts: [record("a", "1"), record("b", "2")],
        deadLetters: [dead],
        routed: [{ topic: alerts, record: record("b", "alert") }],
        snapshot: { offset: 3, records: [{ key: "s", value: Buffer.from("t") }] },
        offset: 3,
      }),
    );
    const read = async (topic: string, count: number): Promise<string[][]> =>
      (await broker.readCommitted(topic, count)).map((records) =>
        records.map(({ value }) => value!.toString()),
      );
    expect(await read(options.topics.forecasts, 2)).toEqual([[], ["1", "2"]]);
    expect(await read(options.topics.state, 1)).toEqual([[], ["t"]]);
    expect(await read(alerts, 1)).toEqual([["alert"]]);
    const letters = (await broker.readCommitted(options.topics.deadLetters!, 1)).flat();
    expect(letters).toHaveLength(1);
    expect(letters[0]!.headers?.["why"]).toEqual([header.value, Buffer.from("two")]);
    expect(letters[0]!.timestamp).toBe("77");
    expect(await broker.committedOffset(options.applicationId, options.topics.input, 1)).toBe(3);

    const missing = commitOf({
      offset: 9,
      forecasts: [record("a", "lost")],
      routed: [{ topic: "no-such-topic", record: record("a", "x") }],
    });
    expect(await rejection(instance.committer.commit(assignment, missing))).toBe("TOPIC_MISSING");
    expect(await read(options.topics.forecasts, 2)).toEqual([[], ["1", "2"]]);
    expect(await broker.committedOffset(options.applicationId, options.topics.input, 1)).toBe(3);
  });

  it("splits what is larger than a batch may be, in order", async () => {
    const options = await createTopics(1);
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const text = "x".repeat(1000);
    const forecasts = Array.from({ length: 3000 }, (_, i) => record(`k${i}`, `${i}:${text}`));
    const records = Array.from({ length: 40 }, (_, i) => ({ key: `s${i}`, value: Buffer.alloc(100_000, i) }));
    await instance.committer.commit(
      assignment,
      commitOf({ forecasts, snapshot: { offset: 1, records }, offset: 1 }),
    );
    const [read] = await broker.readCommitted(options.topics.forecasts, 3000);
    expect(read!.map(({ key }) => key!.toString())).toEqual(forecasts.map((_, i) => `k${i}`));
    const { state } = await assignment.takeOver();
    expect(state).toHaveLength(40);
    expect(state.every(({ key, value }) => value.every((byte) => byte === Number(key.slice(1))))).toBe(true);
  });

  it("commits one after the other without long waits, though each begins while the last is being completed", async () => {
    const options = await createTopics(1);
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    for (let i = 1; i <= 40; i++) {
      await instance.committer.commit(assignment, commitOf({ forecasts: [record("k", `${i}`)], offset: i }));
    }
    expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(40);
  });

  it("refuses a commit once the partition was taken away", async () => {
    const options = await createTopics(1);
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    await assignment.release();
    const again = await instance.next();
    expect(again).not.toBe(assignment);
    expect(await rejection(instance.committer.commit(assignment, commitOf({ offset: 1 })))).toBe("FENCED");
  });
});

describeWithBroker("reading", () => {
  it("keeps keys, values, headers and times as they came, null ones too", async () => {
    const options = await createTopics();
    const bytes = Buffer.from([0, 1, 0x80, 0xff]);
    await broker.produce(options.topics.input, 0, [
      { key: bytes, value: bytes, headers: { a: bytes, b: [bytes, "two"] }, timestamp: 1234 },
      { key: null, value: null },
    ]);
    const assignment = await startInstance(options).next();
    await assignment.takeOver();
    for await (const { records, nextOffset, endOffset } of assignment.read(0, never)) {
      expect(records).toHaveLength(2);
      expect(records[0]).toMatchObject({ offset: 0, timestamp: 1234, key: bytes, value: bytes });
      expect(records[0]!.headers).toEqual([
        { name: "a", value: bytes },
        { name: "b", value: bytes },
        { name: "b", value: Buffer.from("two") },
      ]);
      expect(records[1]).toMatchObject({ key: null, value: null, headers: [] });
      expect([nextOffset, endOffset]).toEqual([2, 2]);
      break;
    }
  });

  it("begins where it is told to, again and again", async () => {
    const options = await createTopics();
    await broker.produce(options.topics.input, 0, values(3000));
    const assignment = await startInstance(options).next();
    await assignment.takeOver();
    for (const from of [2990, 0, 1500, 2999, 1]) {
      const { values: read } = await readRecords(assignment, from, 3000 - from);
      expect(read).toEqual(values(3000 - from, from).map(({ value }) => value));
    }
  });

  it("moves on behind control records, so that nothing seems to be left", async () => {
    const options = await createTopics();
    const other = await createTopics();
    // The forecasts of one application are the input of another: they end with a control record.
    const writer = startInstance(other);
    const source = await writer.next();
    await source.takeOver();
    await writer.committer.commit(source, commitOf({ forecasts: [record("a", "1")], offset: 1 }));
    const chained = { ...options, topics: { ...options.topics, input: other.topics.forecasts } };
    const assignment = await startInstance(chained).next();
    await assignment.takeOver();
    const batches: { values: string[]; nextOffset: number }[] = [];
    for await (const batch of assignment.read(0, never)) {
      batches.push({ values: textOf(batch), nextOffset: batch.nextOffset });
      if (batch.nextOffset === 2) break;
    }
    expect(batches.flatMap((batch) => batch.values)).toEqual(["1"]);
    for await (const batch of assignment.read(1, never)) {
      expect(batch).toEqual({ records: [], nextOffset: 2, endOffset: 2 });
      break;
    }
  });

  it("leaves when it is unsubscribed from while it joins", async () => {
    const ports = kafkaPorts(await createTopics(2));
    ports.source.assignments.subscribe().unsubscribe();
    await ports.closed();
  });

  it("ends when it is stopped while it waits, and when the partition is released", async () => {
    const options = await createTopics();
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of assignment.read(0, stop.signal)) return `read to ${batch.nextOffset}`;
      return "ended";
    })();
    await sleep(100);
    stop.abort();
    expect(await reading).toBe("ended");
  });

  it("holds no more than a few batches for a reader that does not ask, and stays in the group meanwhile", async () => {
    const options = await createTopics(2, { maxPartitionFetchBytes: 50_000, sessionTimeoutMs: 6000 });
    const text = "x".repeat(1000);
    for (let i = 0; i < 4; i++) {
      for (const partition of [0, 1]) {
        const messages = values(500, 500 * i).map((message) => ({
          ...message,
          value: `${message.value}:${text}`,
        }));
        await broker.produce(options.topics.input, partition, messages);
      }
    }
    const instance = startInstance(options);
    const [slow, quick] = [await instance.next(), await instance.next()];
    await Promise.all([slow.takeOver(), quick.takeOver()]);
    const reader = slow.read(0, never)[Symbol.asyncIterator]();
    const next = async (): Promise<InputBatch> => {
      const result = await reader.next();
      if (result.done === true) throw new Error("the reader ended");
      return result.value;
    };
    const first = await next();
    // The other partition is read to its end while this one waits.
    expect((await readRecords(quick, 0, 2000)).values).toHaveLength(2000);
    await sleep(7000);
    const second = await next();
    // Two fetches of one batch each at most, for a batch of the log is fetched whole.
    expect(second.records.length).toBeLessThanOrEqual(1000);
    expect(second.records[0]!.offset).toBe(first.nextOffset);
    let count = first.records.length + second.records.length;
    for (let from = second.nextOffset; from < 2000;) {
      const batch = await next();
      expect(batch.records[0]!.offset).toBe(from);
      count += batch.records.length;
      from = batch.nextOffset;
    }
    expect(count).toBe(2000);
    expect(slow.revoked.aborted).toBe(false);
    await reader.return?.();
  });

  it("stops with INPUT_TRUNCATED where records are gone, and leaves the committed offset as it was", async () => {
    const options = await createTopics();
    await broker.produce(options.topics.input, 0, values(100));
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    await instance.committer.commit(assignment, commitOf({ offset: 10 }));
    await broker.deleteBefore(options.topics.input, 0, 50);
    await expect(readRecords(assignment, 10, 90)).rejects.toMatchObject({ code: "INPUT_TRUNCATED" });
    expect(instance.errors.map(codeOf)).toEqual(["INPUT_TRUNCATED"]);
    expect(assignment.revoked.aborted).toBe(true);
    expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(10);
  });
});
