/** Short chaos runs with windows, Avro, several measures, and a candidate; `npm run chaos -- --shape` does longer ones. */
import { expect, it } from "vitest";
import { broker, describeWithBroker } from "../support/broker.js";
import { describeWithRegistry } from "../support/registry-java.js";
import { runChaos } from "./chaos.js";
import type { ShapeName } from "./shapes.js";

async function nothingIsLost(shape: ShapeName): Promise<void> {
  const { trace, ...report } = await runChaos(broker, { kills: 2, rebalances: 1, cuts: 1, seed: 1, shape });
  const happened = trace.join("\n");
  expect(report, happened).toMatchObject({ lost: 0, duplicated: 0, differing: 0, details: [] });
  expect(report, happened).toMatchObject({ kills: 2, rebalances: 1, cuts: 1 });
  // Else it would prove little.
  expect(report.replayed, happened).toBeGreaterThan(0);
  expect(report.updates, happened).toBeGreaterThan(0);
  expect(report.deadLetters, happened).toBeGreaterThan(0);
  expect(report.candidates > 0, happened).toBe(shape === "candidate");
}

describeWithBroker("under kills, a rebalance and a lost request, nothing is lost, doubled or changed", () => {
  it("of windows", () => nothingIsLost("windows"), 400_000);
  it("of three measures in a record", () => nothingIsLost("measures"), 400_000);
  it("of a model and its candidate", () => nothingIsLost("candidate"), 400_000);
  describeWithRegistry("with a schema registry", () => {
    it("of Avro in and out, whose schema changes", () => nothingIsLost("avro"), 400_000);
  });
});
