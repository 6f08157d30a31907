// What only the whole second client does: groups of both clients, the protocol "consumer", and static members.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { KafkaOptions } from "../../../src/adapters/kafka/index.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { runsWholeClient } from "../../support/whole-client.js";
import {
  commitOf,
  createTopics,
  leaveAll,
  readRecords,
  record,
  startInstance,
  type Instance,
} from "./support.js";

afterEach(leaveAll);

const patience = { timeout: 60_000, interval: 50 };

/** The partitions that an instance owns; what was revoked is released. */
function owned(instance: Instance): number[] {
  const live = instance.assignments.filter(({ revoked }) => !revoked.aborted);
  return live.map(({ partition }) => partition).sort((a, b) => a - b);
}

async function settle(instances: readonly Instance[], count: number): Promise<void> {
  await vi.waitFor(async () => {
    expect(instances.flatMap(({ errors }) => errors)).toEqual([]);
    for (const { assignments } of instances) {
      for (const assignment of assignments) if (assignment.revoked.aborted) await assignment.release();
    }
    expect(instances.flatMap(owned).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
    for (const instance of instances) expect(owned(instance)).toHaveLength(count / instances.length);
  }, patience);
}

/** Sends ten records to each partition, from a value on. */
async function send({ topics }: KafkaOptions, partitions: number, from: number): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const readings = Array.from({ length: 10 }, (_, i) => ({ key: "k", value: `${from + i}` }));
    await broker.produce(topics.input, partition, readings);
  }
}

describe.skipIf(!runsWholeClient)("the client platformatic", () => {
  describeWithBroker("in one group with kafkajs", () => {
    it.each([
      ["kafkajs", "platformatic"],
      ["platformatic", "kafkajs"],
    ] as const)("takes over from %s to %s where the other has committed", async (before, after) => {
      const options = await createTopics(2);
      await send(options, 2, 0);
      const first = startInstance({ ...options, client: before });
      await settle([first], 2);
      for (const assignment of first.assignments) {
        await assignment.takeOver();
        const snapshot = { offset: 4, records: [{ key: "model", value: Buffer.from(before) }] };
        await first.committer.commit(
          assignment,
          commitOf({ offset: 4, forecasts: [record("k", "4")], snapshot }),
        );
      }
      const second = startInstance({ ...options, client: after });
      await settle([first, second], 2);
      await first.leave();
      await settle([second], 2);
      for (const partition of [0, 1]) {
        const assignment = second.assignments.find(
          (each) => each.partition === partition && !each.revoked.aborted,
        )!;
        const { committed, state } = await assignment.takeOver();
        expect(committed).toBe(4);
        expect(state.map(({ value }) => Buffer.from(value).toString())).toEqual([before]);
        expect((await readRecords(assignment, 4, 6)).values).toEqual(["4", "5", "6", "7", "8", "9"]);
      }
    });
  });

  describeWithBroker("with groupProtocol: consumer", () => {
    it("shares the partitions of input and state alike, and hands them over with their commits", async () => {
      const options = await createTopics(4, { client: "platformatic", groupProtocol: "consumer" });
      await send(options, 4, 0);
      const first = startInstance(options);
      await settle([first], 4);
      for (const assignment of first.assignments) {
        await assignment.takeOver();
        await first.committer.commit(assignment, commitOf({ offset: 7 }));
      }
      const second = startInstance(options);
      await settle([first, second], 4);
      for (const assignment of second.assignments) {
        expect((await assignment.takeOver()).committed).toBe(7);
        expect((await readRecords(assignment, 7, 3)).values).toEqual(["7", "8", "9"]);
      }
      await second.leave();
      await settle([first], 4);
    });

    it.each([
      ["classic", "consumer"],
      ["consumer", "classic"],
    ] as const)("refuses a member with %s while the group has one with %s", async (late, early) => {
      const options = await createTopics(1, { client: "platformatic", groupProtocol: early });
      const first = startInstance(options);
      await settle([first], 1);
      const second = startInstance({ ...options, groupProtocol: late });
      await expect(second.next()).rejects.toMatchObject({
        code: "GROUP_FOREIGN",
        message: expect.stringContaining("kafka.groupProtocol") as string,
      });
    });
  });

  describeWithBroker("with groupInstanceId", () => {
    it("returns to its partitions without a rebalance of the others", async () => {
      const options = await createTopics(4, { client: "platformatic" });
      const joins: number[] = [];
      const other = startInstance({
        ...options,
        groupInstanceId: "b",
        joined: (partitions) => joins.push(partitions),
      });
      const first = startInstance({ ...options, groupInstanceId: "a" });
      await settle([other, first], 4);
      const before = owned(first);
      const rebalances = joins.length;
      await first.leave();
      const again = startInstance({ ...options, groupInstanceId: "a" });
      await settle([other, again], 4);
      expect(owned(again)).toEqual(before);
      expect(joins).toHaveLength(rebalances);
    });

    it("ends an instance whose name another has taken", async () => {
      const options = await createTopics(1, { client: "platformatic", groupInstanceId: "a" });
      const first = startInstance(options);
      await settle([first], 1);
      const second = startInstance(options);
      await settle([second], 1);
      await vi.waitFor(() => expect(first.errors).toMatchObject([{ code: "GROUP_FOREIGN" }]), patience);
    });
  });
});
