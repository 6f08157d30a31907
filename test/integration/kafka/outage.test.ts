// A broker that goes away and comes back, in the middle of a transaction and between two: on a broker of the test's own.
import { afterEach, describe, expect, it } from "vitest";
import { kafkaPorts } from "../../../src/adapters/kafka/index.js";
import type { Assignment } from "../../../src/pipeline/ports.js";
import { createTestBroker } from "../../support/broker-client.js";
import { javaAnswers, startJavaBroker, type JavaBroker } from "../../support/broker-java.js";
import { testedClient } from "../../support/tested-client.js";
import { commitOf, record, rejection } from "./support.js";

let own: JavaBroker | undefined;
afterEach(async () => {
  await own?.stop();
  own = undefined;
});

describe.skipIf(!(await javaAnswers()))("a broker that is restarted", () => {
  it("costs no commit and shows none twice", async () => {
    own = await startJavaBroker();
    const broker = createTestBroker(own.brokers);
    const topics = { input: "input", forecasts: "forecasts", state: "state" };
    await broker.createTopics({
      input: {},
      forecasts: {},
      state: { settings: { "cleanup.policy": "compact" } },
    });
    const ports = kafkaPorts({
      ...testedClient,
      bootstrapServers: own.brokers,
      applicationId: "app",
      topics,
      fetchMaxWaitMs: 50,
    });
    const given: Assignment[] = [];
    const errors: unknown[] = [];
    const subscription = ports.source.assignments.subscribe({
      next: (assignment) => {
        given.push(assignment);
        assignment.revoked.addEventListener("abort", () => void assignment.release());
      },
      error: (error: unknown) => errors.push(error),
    });
    const current = async (): Promise<Assignment> => {
      for (;;) {
        if (errors.length > 0) throw errors[0];
        const last = given.at(-1);
        if (last !== undefined && !last.revoked.aborted) return last;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };

    // What a task does: take over, commit one after the other, and take over again after each failure.
    let restarting: Promise<void> | undefined;
    let next = 0;
    const codes = new Set<string>();
    while (next < 300) {
      const assignment = await current();
      const found = await assignment.takeOver().catch(() => undefined);
      if (found === undefined) continue;
      next = found.committed ?? 0;
      for (; next < 300; next++) {
        if (next === 50) restarting ??= own.restart();
        const commit = commitOf({ offset: next + 1, forecasts: [record("k", `${next}`)] });
        const code = await rejection(ports.committer.commit(assignment, commit));
        if (code === "no error") continue;
        codes.add(code);
        break;
      }
    }
    await restarting;
    expect([...codes].filter((code) => code !== "COMMIT_UNCERTAIN" && code !== "FENCED")).toEqual([]);
    expect(errors).toEqual([]);
    const [forecasts] = await broker.readCommitted("forecasts", 300);
    expect(forecasts!.map(({ value }) => value!.toString())).toEqual(
      Array.from({ length: 300 }, (_, i) => `${i}`),
    );
    subscription.unsubscribe();
    await Promise.all(given.map((assignment) => assignment.release()));
    await ports.closed();
  }, 120_000);
});
