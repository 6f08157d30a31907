// Logs with holes: overlapping transactions that were aborted, and compaction, on a real broker.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Producer, type Transaction } from "kafkajs";
import { afterEach, expect, it, vi } from "vitest";
import { createClient, transactionRetry } from "../../../src/adapters/kafka/kafkajs/client.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { commitOf, createTopics, leaveAll, never, readRecords, startInstance } from "./support.js";

const producers: Producer[] = [];

afterEach(async () => {
  await leaveAll();
  await Promise.all(producers.splice(0).map((producer) => producer.disconnect()));
});

/** Begins transactions to one topic partition, each of a producer of its own. */
function transactionsTo(topic: string): () => Promise<{
  readonly transaction: Transaction;
  send(...values: readonly string[]): Promise<unknown>;
}> {
  const client = createClient({ bootstrapServers: broker.brokers }, transactionRetry);
  return async () => {
    const producer = client.producer({
      transactionalId: broker.name("writer"),
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    producers.push(producer);
    await producer.connect();
    const transaction = await producer.transaction();
    return {
      transaction,
      send: (...values) =>
        transaction.send({ topic, messages: values.map((value) => ({ partition: 0, key: "k", value })) }),
    };
  };
}

describeWithBroker("an input of several transactional writers", () => {
  it("shows what they committed and nothing that they aborted, wherever reading begins", async () => {
    const options = await createTopics();
    const begin = transactionsTo(options.topics.input);
    const [first, second, third] = [await begin(), await begin(), await begin()];
    // Each overlaps the others, and the one that began first ends last.
    await first.send("a", "b");
    await second.send("c");
    await third.send("d");
    await first.send("e");
    await second.transaction.abort();
    await third.send("f");
    await third.transaction.commit();
    await first.send("g");
    await first.transaction.abort();
    await broker.produce(options.topics.input, 0, [{ key: "k", value: "h" }]);
    const assignment = await startInstance(options).next();
    await assignment.takeOver();
    const seen: { offset: number; value: string }[] = [];
    for await (const { records } of assignment.read(0, never)) {
      seen.push(...records.map(({ offset, value }) => ({ offset, value: Buffer.from(value!).toString() })));
      if (seen.length >= 3) break;
    }
    expect(seen.map(({ value }) => value)).toEqual(["d", "f", "h"]);
    for (let from = 1; from <= seen[2]!.offset; from++) {
      const left = seen.filter(({ offset }) => offset >= from).map(({ value }) => value);
      expect((await readRecords(assignment, from, left.length)).values, `from ${from}`).toEqual(left);
    }
  });
});

describeWithBroker("a state with a transaction that nobody ends", () => {
  it("is restored as of before it, without waiting, and whole once it has ended", async () => {
    const options = await createTopics();
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const snapshot = async (offset: number): Promise<void> => {
      const records = [{ key: "model", value: Buffer.from(`of ${offset}`) }];
      await instance.committer.commit(assignment, commitOf({ offset, snapshot: { offset, records } }));
    };
    const found = async (): Promise<unknown> => {
      const { committed, state } = await assignment.takeOver();
      return [committed, ...state.map(({ key, value }) => `${key} ${Buffer.from(value).toString()}`)];
    };
    await snapshot(1);
    const stranger = await transactionsTo(options.topics.state)();
    await stranger.send("not of this service");
    await snapshot(2);
    // An older state than there is, and the input from there on: what is replayed makes it the same.
    expect(await found()).toEqual([2, "model of 1"]);
    await stranger.transaction.abort();
    // The end of a transaction is acknowledged before its last markers are written.
    await vi.waitFor(async () => expect(await found()).toEqual([2, "model of 2"]), 60_000);
  }, 120_000);
});

const compactOften = (topic: string, others: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  broker.admin((admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: Object.entries({
            "cleanup.policy": "compact",
            "segment.ms": "100",
            "min.cleanable.dirty.ratio": "0.001",
            "max.compaction.lag.ms": "100",
            "delete.retention.ms": "0",
            ...others,
          }).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  );

describeWithBroker("a state that was compacted", () => {
  it("is restored where all that is left of a segment's end is a batch without records", async () => {
    const options = await createTopics(1, { restoreStallMs: 5000 });
    const { state } = options.topics;
    // Two snapshots are too much for one segment: what is cleaned is not put together.
    await compactOften(state, { "segment.ms": "700", "segment.bytes": "1048576" });
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const snapshot = async (offset: number): Promise<void> => {
      const records = [{ key: `key:${offset}`, value: randomBytes(700_000) }];
      await instance.committer.commit(assignment, commitOf({ offset, snapshot: { offset, records } }));
    };
    await snapshot(1);
    // The last batch of a producer is kept, and emptied, for it was aborted; the end of its transaction is in the next segment.
    const aborted = await transactionsTo(state)();
    await aborted.send("a", "b");
    await sleep(1000);
    await aborted.transaction.abort();
    for (let offset = 2; offset <= 12; offset++) {
      await snapshot(offset);
      await sleep(1000);
    }
    const found = (await assignment.takeOver()).state;
    expect(found.map(({ key }) => key)).toEqual(Array.from({ length: 12 }, (_, i) => `key:${i + 1}`));
  }, 120_000);

  it.each([20_000, 1_048_576])(
    "is restored whole, with fetches of %d bytes",
    async (maxPartitionFetchBytes) => {
      const options = await createTopics(1, {
        maxPartitionFetchBytes: maxPartitionFetchBytes,
        restoreStallMs: 20_000,
      });
      const { state } = options.topics;
      await compactOften(state);
      const instance = startInstance(options);
      const assignment = await instance.next();
      await assignment.takeOver();
      const latest = new Map<string, string>();
      let offset = 0;
      const snapshot = async (): Promise<void> => {
        offset++;
        const keys = Array.from({ length: 1 + (offset % 5) }, (_, i) => `key:${(offset * 7 + i) % 20}`);
        const records = keys.map((key) => {
          const ended = (offset + key.length) % 9 === 0;
          if (ended) latest.delete(key);
          else latest.set(key, `${offset} ${"x".repeat(3000)}`);
          return { key, value: ended ? null : Buffer.from(latest.get(key)!) };
        });
        await instance.committer.commit(assignment, commitOf({ offset, snapshot: { offset, records } }));
      };
      const count = async (): Promise<number> => (await broker.readCommitted(state)).flat().length;
      for (let i = 0; i < 60; i++) await snapshot();
      // A segment is cleaned only once a later one has begun.
      await vi.waitFor(
        async () => {
          await snapshot();
          expect(await count()).toBeLessThan(60);
        },
        { timeout: 60_000, interval: 200 },
      );
      const found = (await assignment.takeOver()).state;
      expect(new Map(found.map(({ key, value }) => [key, Buffer.from(value).toString()]))).toEqual(latest);
    },
    120_000,
  );
});
