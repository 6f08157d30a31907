import { expect, test } from "vitest";
import { EphemeralConsumer } from "../../../../src/adapters/kafka/consumer/ephemeral-consumer.js";
import { codeOf } from "../../../support/code-of.js";

test("refuses an option that it would ignore", () => {
  const options = {
    bootstrapServers: ["127.0.0.1:1"],
    applicationId: "pumps",
    topics: { input: "i", forecasts: "f", state: "s" },
    restoreStall: 1000,
  };
  expect(codeOf(() => new EphemeralConsumer(options, "i", () => undefined))).toBe("SETTING_INVALID");
});
