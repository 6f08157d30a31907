import { expect, test, vi } from "vitest";
import { openWriter } from "../../../../src/adapters/kafka/producer/writer.js";

vi.mock("@platformatic/kafka", () => {
  throw new Error("Cannot find package '@platformatic/kafka'");
});

test("refuses an option that it would ignore", async () => {
  const options = {
    bootstrapServers: ["127.0.0.1:1"],
    applicationId: "pumps",
    topics: { input: "i", forecasts: "f", state: "s" },
    transactionTimeout: 1000,
  };
  await expect(openWriter(options, 0)).rejects.toMatchObject({
    code: "SETTING_INVALID",
    message: expect.stringContaining("transactionTimeout") as string,
  });
});

test("names the package to install where the producer that is wanted is not there", async () => {
  const options = {
    bootstrapServers: ["127.0.0.1:1"],
    applicationId: "pumps",
    topics: { input: "i", forecasts: "f", state: "s" },
    producerClient: "platformatic",
  } as const;
  await expect(openWriter(options, 0)).rejects.toMatchObject({
    code: "KAFKA_CLIENT_MISSING",
    cause: expect.any(Error) as Error,
    action: expect.stringContaining("npm install @platformatic/kafka") as string,
  });
});
