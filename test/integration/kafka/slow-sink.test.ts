// Brokers that answer slowly, and then for a while not at all, by a proxy between the pipeline and a real broker.
import { map, type Observable } from "rxjs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { kafkaPorts } from "../../../src/adapters/kafka/index.js";
import type { Assignment } from "../../../src/pipeline/ports.js";
import { run } from "../../../src/pipeline/run.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { startBrokerProxy, type BrokerProxy } from "../../support/broker-proxy.js";
import { testedProducers } from "../../support/tested-client.js";
import { createTopics, leaveAll, never, startInstance } from "./support.js";

let proxy: BrokerProxy | undefined;
afterEach(async () => {
  await leaveAll();
  await proxy?.close();
});

const total = 8000;
const maxPartitionFetchBytes = 8192;
/** Bytes of a record in the log, at least. */
const recordBytes = 20;

/** Tells up to which offset these assignments are read. */
function watched(assignments: Observable<Assignment>, read: (next: number) => void): Observable<Assignment> {
  return assignments.pipe(
    map((assignment) => {
      const original = assignment.read.bind(assignment);
      assignment.read = async function* (from, stop) {
        for await (const batch of original(from, stop)) {
          read(batch.nextOffset);
          yield batch;
        }
      };
      return assignment;
    }),
  );
}

describeWithBroker("a reader that has enough", () => {
  it("hears of what comes behind it, for the lag", async () => {
    const options = await createTopics(1, { maxPartitionFetchBytes: maxPartitionFetchBytes });
    const produce = async (count: number): Promise<void> => {
      const messages = Array.from({ length: count }, () => ({ key: "a", value: "x".repeat(50) }));
      await broker.produce(options.topics.input, 0, messages);
    };
    await produce(500);
    const assignment = await startInstance(options).next();
    await assignment.takeOver();
    for await (const { endOffset } of assignment.read(0, never)) {
      expect(endOffset).toBe(500);
      await produce(700);
      await expect.poll(() => assignment.endOffset, { timeout: 30_000 }).toBe(1200);
      break;
    }
  }, 60_000);
});

describeWithBroker("slow brokers, and then none for two seconds", () => {
  it.each(testedProducers)(
    "hold up the input with producer %s: what was read and has not landed is bounded, and nothing is lost or doubled",
    async (producer) => {
      proxy = await startBrokerProxy(broker.brokers[0]!);
      const options = await createTopics(1, {
        producerClient: producer,
        bootstrapServers: [proxy.address],
        maxPartitionFetchBytes: maxPartitionFetchBytes,
      });
      for (let i = 0; i < total; i += 100) {
        const messages = Array.from({ length: 100 }, (_, k) => ({ key: "a", value: `{"value":${i + k}}` }));
        await broker.produce(options.topics.input, 0, messages);
      }
      proxy.delay(20);
      const ports = kafkaPorts(options);
      let [landed, readTo, most] = [0, 0, 0];
      const assignments = watched(ports.source.assignments, (next) => {
        readTo = Math.max(readTo, next);
        most = Math.max(most, readTo - landed);
      });
      const stop = new AbortController();
      const ends: unknown[] = [];
      const settings = { forecaster: { hidden: 4 }, stop: stop.signal };
      run({ assignments }, ports.committer, settings).subscribe({
        next: (event) => event.type === "committed" && (landed = event.offset),
        error: (error: unknown) => ends.push(error),
        complete: () => ends.push("complete"),
      });
      const until = async (done: () => boolean): Promise<void> => {
        while (!done() && ends.length === 0) await sleep(20);
      };
      await until(() => landed > total / 4);
      await proxy.away(2000);
      await until(() => landed === total);
      proxy.delay(0);
      stop.abort();
      while (ends.length === 0) await sleep(20);
      expect(ends).toEqual(["complete"]);
      // A commit under way, the next one, and what is fetched meanwhile: each at most a full feed and one more fetch.
      expect(most).toBeLessThanOrEqual((3 * 2 * maxPartitionFetchBytes) / recordBytes);
      await ports.closed();
      const [forecasts] = await broker.readCommitted(options.topics.forecasts, total);
      expect(
        forecasts!.map(({ value }) => (JSON.parse(value!.toString()) as { value: number }).value),
      ).toEqual(Array.from({ length: total }, (_, i) => i));
    },
    120_000,
  );
});
