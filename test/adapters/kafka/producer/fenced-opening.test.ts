import { expect, test, vi } from "vitest";
import { openWriter } from "../../../../src/adapters/kafka/producer/writer.js";

/** The brokers' name of the error that the next opening meets. */
const answer = vi.hoisted(() => ({ apiId: "" }));

vi.mock("@platformatic/kafka", () => {
  const kGetApi = Symbol("getApi");
  class Producer {
    [kGetApi] = (): void => undefined;
    beginTransaction(): Promise<never> {
      const refusal = Object.assign(new Error("refused by the coordinator"), answer);
      return Promise.reject(Object.assign(new Error("InitProducerId failed"), { errors: [refusal] }));
    }
    close(): Promise<void> {
      return Promise.resolve();
    }
  }
  return { Producer, kGetApi, ProduceAcks: { ALL: -1 }, addPartitionsToTxnV3: { api: () => undefined } };
});

const options = {
  bootstrapServers: ["127.0.0.1:1"],
  applicationId: "pumps",
  topics: { input: "i", forecasts: "f", state: "s" },
  producerClient: "platformatic",
} as const;

// A former owner may end its last transaction in the moment in which the next one opens the id.
test.each(["PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"])(
  "an opening that meets %s is fenced, so that the task takes over again",
  async (apiId) => {
    answer.apiId = apiId;
    await expect(openWriter(options, 5)).rejects.toMatchObject({
      code: "FENCED",
      message: expect.stringContaining("the transactional id pumps-i-5") as string,
    });
  },
);

test("an opening that meets another error keeps its code", async () => {
  answer.apiId = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED";
  await expect(openWriter(options, 5)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
});
