import { afterEach, expect, test, vi } from "vitest";
import { createClient, patientRetry } from "../../../../src/adapters/kafka/kafkajs/client.js";

afterEach(() => vi.unstubAllEnvs());

test("refuses an environment in which the client would skip lost records without a word", () => {
  vi.stubEnv("KAFKAJS_LOG_LEVEL", "nothing");
  expect(() => createClient({ bootstrapServers: ["localhost:1"] }, patientRetry)).toThrow(
    expect.objectContaining({ code: "SETTING_INVALID" }) as Error,
  );
  vi.stubEnv("KAFKAJS_LOG_LEVEL", "error");
  expect(() => createClient({ bootstrapServers: ["localhost:1"] }, patientRetry)).not.toThrow();
});
