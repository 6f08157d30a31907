// The test broker keeps every record: fixtures carry old timestamps, and a retention check would delete them mid-test.
import { expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { defaultRetention, keptForEver } from "../../support/broker-client.js";

describeWithBroker("the broker of the test run", () => {
  test("keeps records for ever, unless a topic says otherwise", async () => {
    const hint = "Start a broker of your own with log.retention.ms=-1.";
    expect(await defaultRetention(broker), hint).toEqual(keptForEver);
  });
});
