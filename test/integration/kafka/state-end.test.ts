// Whether a partition of the state topic still has what its owner wrote into it, on a real broker.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import type { Admin } from "kafkajs";
import { createClient } from "../../../src/adapters/kafka/kafkajs/client.js";
import { StateEnd } from "../../../src/adapters/kafka/source/state-end.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { commitOf, createTopics, leaveAll, rejection, startInstance } from "./support.js";

afterEach(async () => {
  vi.restoreAllMocks();
  await leaveAll();
});

/** Of two partitions the second, which had nothing when it was taken over. */
async function onTopic(
  use: (parts: {
    end: StateEnd;
    write: (records: number) => Promise<void>;
    topic: string;
    admin: Admin;
  }) => Promise<void>,
): Promise<void> {
  const topic = broker.name("state");
  await broker.createTopic(topic, { partitions: 2 });
  const write = (records: number): Promise<void> =>
    broker.produce(
      topic,
      1,
      Array.from({ length: records }, (_, i) => ({ key: `${i}`, value: "s" })),
    );
  await broker.admin((admin) => use({ end: new StateEnd(admin, topic, 1, 0), write, topic, admin }));
}

async function remove(admin: Admin, topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  while ((await admin.listTopics()).includes(topic)) await sleep(20);
}

describeWithBroker("the end of the state", () => {
  it("is where it was, or where what was written since has brought it", async () => {
    await onTopic(async ({ end, write }) => {
      await end.check();
      await write(3);
      end.wrote(3);
      await end.check();
      await end.check();
    });
  });

  it("is waited for where what was written is not to be seen yet", async () => {
    await onTopic(async ({ end, write }) => {
      end.wrote(2);
      end.wrote(1);
      await write(2);
      let over = false;
      const checked = end.check().finally(() => (over = true));
      await sleep(150);
      expect(over).toBe(false);
      await write(1);
      await checked;
    });
  });

  it("is uncertain where what was written never comes to be seen", async () => {
    await onTopic(async ({ end }) => {
      end.wrote(1);
      vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValue(10_001);
      expect(await rejection(end.check())).toBe("COMMIT_UNCERTAIN");
    });
  }, 10_000);

  it("is uncertain where the brokers do not tell", async () => {
    const nobody = createClient({ bootstrapServers: ["127.0.0.1:1"] }, { retries: 0 }).admin();
    expect(await rejection(new StateEnd(nobody, "state", 0, 0).check())).toBe("COMMIT_UNCERTAIN");
  });

  it("is a gap where the topic was made again, though it has had as much since the last look", async () => {
    await onTopic(async ({ end, write, topic, admin }) => {
      await write(3);
      end.wrote(3);
      await end.check();
      await remove(admin, topic);
      await broker.createTopic(topic, { partitions: 2 });
      await write(2);
      expect(await rejection(end.check())).toBe("STATE_GAP");
    });
  });

  it("is a gap where the topic has no such partition any more", async () => {
    await onTopic(async ({ end, write, topic, admin }) => {
      await write(1);
      end.wrote(1);
      await end.check();
      await remove(admin, topic);
      await broker.createTopic(topic, { partitions: 1 });
      expect(await rejection(end.check())).toBe("STATE_GAP");
    });
  });

  it("is not to be found where the topic is gone", async () => {
    await onTopic(async ({ end, topic, admin }) => {
      await remove(admin, topic);
      expect(await rejection(end.check())).toBe("TOPIC_MISSING");
    });
  });

  it("is looked at before a snapshot, and only then", async () => {
    const options = await createTopics();
    const { state } = options.topics;
    const instance = startInstance(options);
    const assignment = await instance.next();
    await assignment.takeOver();
    const commit = (offset: number, ...keys: string[]): Promise<string> => {
      const records = keys.map((key) => ({ key, value: Buffer.from("s") }));
      const snapshot = keys.length > 0 ? { offset, records } : undefined;
      return rejection(instance.committer.commit(assignment, commitOf({ offset, snapshot })));
    };
    expect(await commit(1, "a", "b")).toBe("no error");
    expect(await commit(2, "a")).toBe("no error");
    await broker.admin((admin) => remove(admin, state));
    await broker.createTopic(state, { settings: { "cleanup.policy": "compact" } });
    expect(await commit(3)).toBe("no error");
    expect(await commit(4, "a")).toBe("STATE_GAP");
    expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(3);
  });
});
