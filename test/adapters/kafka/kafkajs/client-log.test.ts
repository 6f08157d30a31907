// Which lines of the client's log belong to normal work.
import { createRequire } from "node:module";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { logEntry } from "../../../../src/adapters/kafka/kafkajs/client-log.js";

const { errorCodes } = createRequire(import.meta.url)("kafkajs/src/protocol/error.js") as {
  errorCodes: readonly { readonly type: string; readonly message: string }[];
};

const levelOf = (message: string, fields: object = {}, level = kafkajs.logLevel.ERROR): string => {
  const log = { message, timestamp: "", logger: "kafkajs", ...fields };
  return logEntry({ namespace: "Producer", level, label: "ERROR", log }).level;
};
const messageOf = (type: string): string => errorCodes.find((error) => error.type === type)!.message;

test("a transaction that waits for the end of the one before is normal work, as long as it does not hang", () => {
  const message = `Failed to send messages: ${messageOf("CONCURRENT_TRANSACTIONS")}`;
  expect(levelOf(message, { retryCount: 0, retryTime: 3 })).toBe("debug");
  expect(levelOf(message, { retryCount: 12, retryTime: 1000 })).toBe("error");
  expect(levelOf(message)).toBe("error");
});

test("a rebalance is normal work; to be expelled from the group is not", () => {
  expect(levelOf("The group is rebalancing, re-joining", {}, kafkajs.logLevel.WARN)).toBe("debug");
  expect(levelOf("The coordinator is not aware of this member, re-joining the group")).toBe("error");
});

test("a coordinator that is loading is normal work; any other crash of the consumer is not", () => {
  expect(levelOf(`Crash: KafkaJSProtocolError: ${messageOf("GROUP_LOAD_IN_PROGRESS")}`)).toBe("debug");
  expect(levelOf("Restarting the consumer in 200ms")).toBe("debug");
  expect(levelOf(`Crash: KafkaJSProtocolError: ${messageOf("GROUP_COORDINATOR_NOT_AVAILABLE")}`)).toBe(
    "error",
  );
});

test("any other failure to send keeps its level", () => {
  for (const { message } of errorCodes.filter(({ type }) => type !== "CONCURRENT_TRANSACTIONS"))
    expect(levelOf(`Failed to send messages: ${message}`, { retryCount: 0 })).toBe("error");
});
