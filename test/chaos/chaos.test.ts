/** The short chaos run; `npm run chaos` does longer ones. */
import { expect, it } from "vitest";
import { broker, describeWithBroker } from "../support/broker.js";
import { runChaos } from "./chaos.js";

describeWithBroker("instances that are killed, rebalanced, stopped and cut off while input flows", () => {
  it("leave the bytes of one uninterrupted run: nothing lost, doubled or changed", async () => {
    const faults = { kills: 3, rebalances: 1, pauses: 1, cuts: 8 };
    const { trace, ...report } = await runChaos(broker, { ...faults, deleteState: true, seed: 1 });
    const happened = trace.join("\n");
    expect(report, happened).toMatchObject({ lost: 0, duplicated: 0, differing: 0, details: [] });
    // The one that ran, one that begins without the topic, and one that begins with an empty one.
    expect(report, happened).toMatchObject({ ...faults, refusals: 3 });
    // Else it would prove little.
    expect(report.replayed, happened).toBeGreaterThan(0);
    expect(report.updates, happened).toBeGreaterThan(0);
    expect(report.deadLetters, happened).toBeGreaterThan(0);
    expect(report.incidents, happened).toBeGreaterThan(0);
  }, 400_000);
});
