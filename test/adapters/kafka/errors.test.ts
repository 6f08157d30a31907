import kafkajs from "kafkajs";
import { NetworkError, ProtocolError, TimeoutError } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { brokerError, commitError, isFenced, mayPass } from "../../../src/adapters/kafka/errors.js";

const refused = new kafkajs.KafkaJSConnectionError("connect ECONNREFUSED");
const denied = Object.assign(new kafkajs.KafkaJSNonRetriableError("Authentication failed"), {
  name: "KafkaJSSASLAuthenticationError",
});
const wrapped = (cause: Error): Error =>
  Object.assign(new Error("tried again and again"), { cause, retriable: false });

describe("an error of the brokers", () => {
  test("may pass where they do not answer, whoever says so and however it is wrapped", () => {
    for (const error of [refused, new NetworkError("away"), new TimeoutError("slow")]) {
      expect(mayPass(error)).toBe(true);
      expect(mayPass(wrapped(error))).toBe(true);
      expect(mayPass(brokerError(wrapped(error), "the transactional id"))).toBe(true);
    }
  });

  test("does not pass where they refuse, or where it is not of theirs", () => {
    for (const error of [denied, new Error("defect"), "text", undefined]) {
      expect(mayPass(error)).toBe(false);
      expect(mayPass(brokerError(error, "the transactional id"))).toBe(false);
    }
  });

  test("says that another owner has taken over, in the words of either client", () => {
    const fenced = new ProtocolError("PRODUCER_FENCED");
    const several = new AggregateError([new NetworkError("away"), fenced], "failed twice");
    expect(isFenced(fenced)).toBe(true);
    expect(commitError(several, "commit").code).toBe("FENCED");
    expect(commitError(new NetworkError("away"), "commit").code).toBe("COMMIT_UNCERTAIN");
  });
});
