// The broker of this test run, for test files: the first that asks starts it.
import { describe, inject } from "vitest";
import { createTestBroker, type TestBroker } from "./broker-client.js";

async function bootstrap(): Promise<readonly string[] | undefined> {
  const response = await fetch(inject("brokerService"));
  if (!response.ok) throw new Error(await response.text());
  const answer = (await response.json()) as { brokers?: string[]; reason?: string };
  if (answer.brokers === undefined) console.warn(answer.reason);
  return answer.brokers;
}

const brokers = await bootstrap();

/** `describe` for tests that need the broker; skipped, with one loud line, where there is none. */
export const describeWithBroker = describe.skipIf(brokers === undefined);

/** The broker; only to be used inside `describeWithBroker`. */
export const broker: TestBroker = createTestBroker(brokers ?? []);
