// Faults at single requests of a transaction, put into kafkajs' own broker connection; the broker is real.
import { createRequire } from "node:module";
import { afterEach, expect, it, vi, type MockInstance } from "vitest";
import type { Commit } from "../../../src/pipeline/ports.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { commitOf, createTopics, leaveAll, record, rejection, startInstance } from "./support.js";

type Request = (payload: object) => Promise<unknown>;
interface BrokerConnection {
  endTxn: Request;
  txnOffsetCommit: Request;
  produce: Request;
  addPartitionsToTxn: Request;
  metadata: Request;
}

const require = createRequire(import.meta.url);
const connection = (require("kafkajs/src/broker") as { readonly prototype: BrokerConnection }).prototype;
const { KafkaJSConnectionClosedError, KafkaJSProtocolError } =
  require("kafkajs/src/errors") as typeof import("kafkajs") & {
    readonly KafkaJSConnectionClosedError: new (message: string) => Error;
  };

const protocolError = (type: string): Error =>
  new KafkaJSProtocolError(Object.assign(new Error(type), { type, code: -1, retriable: false }));

/** Lets the first `times` requests of this kind fail, before or after the broker got them. */
function fault(
  request: keyof BrokerConnection,
  when: "before" | "after",
  error: () => Error,
  times = 1,
): MockInstance<Request> {
  const original = connection[request];
  let left = times;
  return vi.spyOn(connection, request).mockImplementation(async function (this: unknown, payload) {
    const fails = left-- > 0;
    if (fails && when === "before") throw error();
    const answer = await original.call(this, payload);
    if (fails) throw error();
    return answer;
  });
}

afterEach(async () => {
  vi.restoreAllMocks();
  await leaveAll();
});

const lost = (): Error => new KafkaJSConnectionClosedError("the connection was closed");

async function start(): Promise<{
  commit: (offset: number, parts?: Partial<Commit>) => Promise<string>;
  takeOver: () => Promise<number | undefined>;
  values: (count: number) => Promise<string[]>;
}> {
  const options = await createTopics(1, {
    client: "kafkajs",
    groupProtocol: "classic",
    producerClient: "kafkajs",
  });
  const instance = startInstance(options);
  const assignment = await instance.next();
  await assignment.takeOver();
  return {
    commit: (offset, parts = {}) => {
      const forecasts = [record("k", `${offset}`)];
      return rejection(instance.committer.commit(assignment, commitOf({ offset, forecasts, ...parts })));
    },
    takeOver: async () => (await assignment.takeOver()).committed,
    values: async (count) =>
      (await broker.readCommitted(options.topics.forecasts, count))[0]!.map(({ value }) => value!.toString()),
  };
}

describeWithBroker("a transaction", () => {
  it("is uncertain when the answer to its end is lost, and turns out to have landed", async () => {
    const { commit, takeOver, values } = await start();
    fault("endTxn", "after", lost);
    expect(await commit(1)).toBe("COMMIT_UNCERTAIN");
    expect(await commit(1)).toBe("COMMIT_UNCERTAIN");
    expect(await takeOver()).toBe(1);
    expect(await commit(2)).toBe("no error");
    expect(await values(2)).toEqual(["1", "2"]);
  });

  it("is uncertain when its end never arrives, and turns out to have vanished", async () => {
    const { commit, takeOver, values } = await start();
    expect(await commit(1)).toBe("no error");
    fault("endTxn", "before", lost);
    expect(await commit(2)).toBe("COMMIT_UNCERTAIN");
    expect(await takeOver()).toBe(1);
    expect(await commit(2)).toBe("no error");
    expect(await values(2)).toEqual(["1", "2"]);
  });

  it("takes no new records for a repetition when it begins anew after a send that only seemed to fail", async () => {
    const { commit, takeOver, values } = await start();
    expect(await commit(1)).toBe("no error");
    fault("produce", "after", () => protocolError("UNKNOWN_MEMBER_ID"));
    expect(await commit(2)).toBe("COMMIT_UNCERTAIN");
    expect(await takeOver()).toBe(1);
    for (const offset of [2, 3]) expect(await commit(offset)).toBe("no error");
    expect(await values(3)).toEqual(["1", "2", "3"]);
  });

  it.each([
    "NOT_COORDINATOR_FOR_GROUP",
    "CONCURRENT_TRANSACTIONS",
    "GROUP_LOAD_IN_PROGRESS",
    "GROUP_COORDINATOR_NOT_AVAILABLE",
  ])("offers its offset again while the group's coordinator answers %s", async (type) => {
    const { commit, takeOver, values } = await start();
    fault("txnOffsetCommit", "before", () => protocolError(type), 3);
    expect(await commit(1)).toBe("no error");
    expect(await takeOver()).toBe(1);
    expect(await values(1)).toEqual(["1"]);
  });

  it("offers its offset once where the coordinator refuses it for good", async () => {
    const { commit, takeOver } = await start();
    const refusals = fault("txnOffsetCommit", "before", () => protocolError("UNKNOWN_MEMBER_ID"));
    expect(await commit(1)).toBe("COMMIT_UNCERTAIN");
    expect(refusals).toHaveBeenCalledTimes(1);
    expect(await takeOver()).toBe(undefined);
  });

  it("gives up on its offset where no coordinator is found for seconds", async () => {
    const { commit, takeOver } = await start();
    fault("txnOffsetCommit", "before", () => protocolError("GROUP_COORDINATOR_NOT_AVAILABLE"), Infinity);
    expect(await commit(1)).toBe("COMMIT_UNCERTAIN");
    vi.restoreAllMocks();
    expect(await takeOver()).toBe(undefined);
    expect(await commit(1)).toBe("no error");
  }, 20_000);

  it("sends again what a lost connection kept from arriving, or whose answer it lost, and shows it once", async () => {
    const { commit, values } = await start();
    fault("produce", "before", lost);
    expect(await commit(1)).toBe("no error");
    vi.restoreAllMocks();
    fault("produce", "after", lost);
    expect(await commit(2)).toBe("no error");
    expect(await commit(3)).toBe("no error");
    expect(await values(3)).toEqual(["1", "2", "3"]);
  });

  it("is uncertain while the brokers do not tell whether a topic of the user's own exists", async () => {
    const { commit, takeOver, values } = await start();
    const topic = broker.name("routed");
    await broker.createTopic(topic);
    const routed = [{ topic, record: record("k", "routed") }];
    fault("metadata", "before", () => protocolError("UNKNOWN"));
    expect(await commit(1, { routed })).toBe("COMMIT_UNCERTAIN");
    expect(await takeOver()).toBe(undefined);
    expect(await commit(1, { routed })).toBe("no error");
    expect(await values(1)).toEqual(["1"]);
    expect((await broker.readCommitted(topic, 1)).flat()).toHaveLength(1);
  });
});
