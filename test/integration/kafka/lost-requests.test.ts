// Requests and answers of a transaction that never arrive, lost by a proxy between either client and a real broker.
import { afterEach, expect, it } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { apiKeys, startBrokerProxy, type BrokerProxy } from "../../support/broker-proxy.js";
import { testedProducers } from "../../support/tested-client.js";
import { commitOf, createTopics, leaveAll, record, rejection, startInstance } from "./support.js";

let proxy: BrokerProxy | undefined;

afterEach(async () => {
  await leaveAll();
  await proxy?.close();
});

const cases = testedProducers.flatMap((producer) =>
  (Object.keys(apiKeys) as (keyof typeof apiKeys)[]).flatMap((request) =>
    (["request", "answer"] as const).map((what) => ({ producer, request, what })),
  ),
);

describeWithBroker("a commit", () => {
  it.each(cases)(
    "by $producer is durable once, or said to be uncertain and not lost, when the $what of $request is lost",
    async ({ producer, request, what }) => {
      proxy = await startBrokerProxy(broker.brokers[0]!);
      const options = await createTopics(1, { producerClient: producer, bootstrapServers: [proxy.address] });
      const instance = startInstance(options);
      const assignment = await instance.next();
      const commit = async (offset: number): Promise<string> =>
        await rejection(
          instance.committer.commit(assignment, commitOf({ offset, forecasts: [record("k", `${offset}`)] })),
        );
      await assignment.takeOver();
      expect(await commit(1)).toBe("no error");
      proxy.lose(request, what);
      const outcome = await commit(2);
      expect(proxy.lost).toBe(1);
      expect(["no error", "COMMIT_UNCERTAIN", "FENCED"]).toContain(outcome);
      const { committed } = await assignment.takeOver();
      if (outcome === "no error") expect(committed).toBe(2);
      if (committed === 1) expect(await commit(2)).toBe("no error");
      expect(await commit(3)).toBe("no error");
      const [forecasts] = await broker.readCommitted(options.topics.forecasts, 3);
      expect(forecasts!.map(({ value }) => value!.toString())).toEqual(["1", "2", "3"]);
      expect(await broker.committedOffset(options.applicationId, options.topics.input, 0)).toBe(3);
    },
    60_000,
  );

  // A client that chooses a partition anew when it repeats a request writes it twice.
  it.each(testedProducers)(
    "by %s has records without a key once, in the partition of their number, when an answer to them is lost",
    async (producer) => {
      proxy = await startBrokerProxy(broker.brokers[0]!);
      const options = await createTopics(3, { producerClient: producer, bootstrapServers: [proxy.address] });
      const instance = startInstance(options);
      const assignments = [await instance.next(), await instance.next(), await instance.next()];
      const assignment = assignments.find(({ partition }) => partition === 1)!;
      await assignment.takeOver();
      proxy.lose("produce", "answer");
      const deadLetters = ["a", "b"].map((value) => ({ ...record("", value), key: null }));
      await instance.committer.commit(assignment, commitOf({ offset: 1, deadLetters }));
      expect(proxy.lost).toBe(1);
      const written = await broker.readCommitted(options.topics.deadLetters!, 2);
      const values = written.map((records) => records.map(({ value }) => value!.toString()));
      expect(values).toEqual([[], ["a", "b"], []]);
    },
    60_000,
  );
});
