/** A short chaos run of each shape but the first, which `chaos.test.ts` has; `npm run chaos -- --shape` does longer ones. */
import { expect, it } from "vitest";
import { broker, describeWithBroker } from "../support/broker.js";
import { runChaos } from "./chaos.js";
import { shapeNames, type ShapeName } from "./shapes.js";

async function nothingIsLost(shape: ShapeName): Promise<void> {
  const { trace, ...report } = await runChaos(broker, { kills: 2, rebalances: 1, cuts: 1, seed: 1, shape });
  const happened = trace.join("\n");
  expect(report, happened).toMatchObject({ lost: 0, duplicated: 0, differing: 0, details: [] });
  expect(report, happened).toMatchObject({ kills: 2, rebalances: 1, cuts: 1 });
  // Else it would prove little.
  expect(report.replayed, happened).toBeGreaterThan(0);
  expect(report.updates, happened).toBeGreaterThan(0);
  expect(report.deadLetters, happened).toBeGreaterThan(0);
}

describeWithBroker("under kills, a rebalance and a lost request, nothing is lost, doubled or changed", () => {
  const shapes = shapeNames.filter((name) => name !== "readings");
  // Two at a time: they mostly wait, and would else be the last that a whole run waits for.
  it.concurrent.each(shapes)("of the shape %s", (shape) => nothingIsLost(shape), 400_000);
});
