/** A soak of half a minute; `npm run soak -- broker` takes an hour. */
import { expect, it } from "vitest";
import { broker, describeWithBroker } from "../support/broker.js";
import { soakOnBroker } from "./broker-soak.js";

describeWithBroker("two instances, keys that come and go, and a third instance that visits", () => {
  it("lose, double and change nothing, and keep no more keys than are allowed", async () => {
    const { samples, trace, ...report } = await soakOnBroker(broker, {
      minutes: 0.5,
      rebalanceMinutes: 0.25,
      // Keys end every 400 records of a partition.
      recordsPerSecond: 1200,
      seed: 1,
    });
    const happened = trace.join("\n");
    expect(report, happened).toMatchObject({ lost: 0, duplicated: 0, differing: 0, details: [] });
    expect(report, happened).toMatchObject({ rebalances: 2 });
    // Two of three partitions begin anew in each visit, beside the six of the start.
    expect(report.takeovers, happened).toBeGreaterThan(6);
    expect(report.forecasts, happened).toBeGreaterThan(10_000);
    expect(samples.length, happened).toBeGreaterThan(0);
    for (const { keys, rss } of samples.flat()) {
      // Of each of its partitions.
      expect(keys).toBeLessThanOrEqual(6 * 100);
      expect(rss).toBeGreaterThan(1e6);
    }
  }, 400_000);
});
