// Members that come, go and return: who has which partition, and what it costs.
import { afterEach, expect, it, vi } from "vitest";
import type { Assignment } from "../../../src/pipeline/ports.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import {
  commitOf,
  createTopics,
  leaveAll,
  never,
  readRecords,
  record,
  rejection,
  startInstance,
  type Instance,
} from "./support.js";

afterEach(leaveAll);

const live = (instance: Instance): Assignment[] =>
  instance.assignments.filter(({ revoked }) => !revoked.aborted);
const partitions = (instance: Instance): number[] =>
  live(instance)
    .map(({ partition }) => partition)
    .sort((a, b) => a - b);

/** Waits until the members share six partitions evenly, releasing whatever is revoked, as a task does. */
async function settle(instances: readonly Instance[]): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const { assignments } of instances) {
        await Promise.all(
          assignments.filter(({ revoked }) => revoked.aborted).map((assignment) => assignment.release()),
        );
      }
      const owned = instances.flatMap(partitions).sort();
      expect(owned).toEqual([0, 1, 2, 3, 4, 5]);
      for (const instance of instances) expect(partitions(instance)).toHaveLength(6 / instances.length);
    },
    { timeout: 60_000, interval: 50 },
  );
}

describeWithBroker("a group of members", () => {
  it("shares the partitions evenly from one to three and back, and moves no more of them than it must", async () => {
    const options = await createTopics(6);
    const first = startInstance(options);
    await settle([first]);
    const others = [startInstance(options), startInstance(options)];
    await settle([first, ...others]);
    // Two of the first six stay with the member that had them, as the same assignments.
    expect(first.assignments).toHaveLength(6);
    await others[0]!.leave();
    await settle([first, others[1]!]);
    expect(live(first).filter((assignment) => first.assignments.indexOf(assignment) < 6)).toHaveLength(2);
    await others[1]!.leave();
    await settle([first]);
  }, 300_000);

  it("goes on reading where it stood when the partition stays through a rebalance", async () => {
    const options = await createTopics(2, { maxPartitionFetchBytes: 20_000 });
    const send = (from: number): Promise<void> =>
      broker.produce(
        options.topics.input,
        0,
        Array.from({ length: 300 }, (_, i) => ({ key: "k", value: `${from + i}` })),
      );
    for (let from = 0; from < 3000; from += 300) await send(from);
    const first = startInstance(options);
    await vi.waitFor(() => expect(first.assignments).toHaveLength(2), 60_000);
    const assignment = first.assignments.find(({ partition }) => partition === 0)!;
    await assignment.takeOver();
    const values: string[] = [];
    const reading = (async () => {
      for await (const { records } of assignment.read(0, never)) {
        for (const { value } of records) values.push(Buffer.from(value!).toString());
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (values.length >= 6000) break;
      }
    })();
    for (let round = 0; round < 2; round++) {
      const other = startInstance(options);
      const moved = await other.next();
      await moved.takeOver();
      await send(3000 + 600 * round);
      await other.leave();
      await send(3300 + 600 * round);
    }
    for (let from = 4200; from < 6000; from += 300) await send(from);
    await reading;
    expect(assignment.revoked.aborted).toBe(false);
    expect(values).toEqual(Array.from({ length: 6000 }, (_, i) => `${i}`));
  }, 120_000);

  it("lets the next owner go on from what the last one committed, whose late commit is refused", async () => {
    const options = await createTopics(1, { sessionTimeoutMs: 6000 });
    await broker.produce(
      options.topics.input,
      0,
      Array.from({ length: 10 }, (_, i) => ({ key: "k", value: `${i}` })),
    );
    const first = startInstance(options);
    const before = await first.next();
    await before.takeOver();
    await readRecords(before, 0, 10);
    await first.committer.commit(before, commitOf({ offset: 4, forecasts: [record("k", "4")] }));
    const second = startInstance(options);
    await first.leave();
    const after = await second.next();
    expect((await after.takeOver()).committed).toBe(4);
    expect((await readRecords(after, 4, 6)).values).toEqual(["4", "5", "6", "7", "8", "9"]);
    expect(await rejection(first.committer.commit(before, commitOf({ offset: 9 })))).toBe("FENCED");
  });

  it("offers a partition again after it was released, if it is still a member's", async () => {
    const options = await createTopics(1);
    const instance = startInstance(options);
    for (let round = 0; round < 3; round++) {
      const assignment = await instance.next();
      await assignment.takeOver();
      await assignment.release();
      await assignment.release();
    }
    expect((await instance.next()).partition).toBe(0);
  });
});

describeWithBroker("topics that do not fit", () => {
  it("refuses to begin, naming the topic", async () => {
    const options = await createTopics(2);
    const fewer = broker.name("fewer");
    await broker.createTopic(fewer);
    const mismatch = startInstance({ ...options, topics: { ...options.topics, state: fewer } });
    await expect(mismatch.next()).rejects.toMatchObject({
      code: "TOPIC_MISMATCH",
      message: expect.stringContaining(fewer) as string,
    });
    const missing = startInstance({ ...options, topics: { ...options.topics, forecasts: "nowhere" } });
    await expect(missing.next()).rejects.toMatchObject({
      code: "TOPIC_MISSING",
      message: expect.stringContaining("nowhere") as string,
    });
  });
});
