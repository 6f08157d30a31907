import { expect, test } from "vitest";
import { PendingCloses } from "../../../../src/adapters/kafka/source/pending-closes.js";

test("departures are over when the last has ended, well or not", async () => {
  const departures = new PendingCloses();
  await departures.over();
  let leave = (): void => undefined;
  departures.add(new Promise((resolve) => (leave = resolve)));
  departures.add(Promise.reject(new Error("the brokers are gone")));
  let over = false;
  const waiting = departures.over().then(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  leave();
  await waiting;
});
