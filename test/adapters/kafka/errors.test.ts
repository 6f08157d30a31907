import kafkajs from "kafkajs";
import { AuthenticationError, NetworkError, ProtocolError, TimeoutError } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import {
  brokerError,
  commitError,
  errorType,
  hasNoCoordinator,
  innermost,
  isFenced,
  isRetriable,
  protocolNames,
} from "../../../src/adapters/kafka/errors.js";
import { UndercurrentError } from "../../../src/errors/errors.js";

const refused = new kafkajs.KafkaJSConnectionError("connect ECONNREFUSED");
const denied = Object.assign(new kafkajs.KafkaJSNonRetriableError("Authentication failed"), {
  name: "KafkaJSSASLAuthenticationError",
});
const tlsError = (code: string): Error => new kafkajs.KafkaJSConnectionError("Connection error", { code });
const wrapped = (cause: Error): Error =>
  Object.assign(new Error("tried again and again"), { cause, retriable: false });

describe("an error of the brokers", () => {
  test("may pass where they do not answer, whoever says so and however it is wrapped", () => {
    for (const error of [refused, new NetworkError("away"), new TimeoutError("slow")]) {
      expect(isRetriable(error)).toBe(true);
      expect(isRetriable(wrapped(error))).toBe(true);
      expect(isRetriable(brokerError(wrapped(error), "the transactional id"))).toBe(true);
    }
  });

  test("may pass where none of them knows a coordinator, as while one starts, though the client gives up", () => {
    const lost = Object.assign(new Error("Failed to find group coordinator"), {
      name: "KafkaJSGroupCoordinatorNotFound",
      retriable: false,
    });
    expect(hasNoCoordinator(wrapped(lost))).toBe(true);
    expect(isRetriable(brokerError(wrapped(lost), "the transactional id"))).toBe(true);
    expect(hasNoCoordinator(refused)).toBe(false);
  });

  test("does not pass where they refuse, or where it is not of theirs", () => {
    for (const error of [denied, new Error("defect"), "text", undefined]) {
      expect(isRetriable(error)).toBe(false);
      expect(isRetriable(brokerError(error, "the transactional id"))).toBe(false);
    }
  });

  test("says that another owner has taken over, in the words of either client", () => {
    const fenced = new ProtocolError("PRODUCER_FENCED");
    const several = new AggregateError([new NetworkError("away"), fenced], "failed twice");
    expect(isFenced(fenced)).toBe(true);
    expect(commitError(several, "commit").code).toBe("FENCED");
    expect(commitError(new NetworkError("away"), "commit").code).toBe("COMMIT_UNCERTAIN");
  });

  test.each([
    ["CREDENTIALS_REFUSED", denied],
    ["CREDENTIALS_REFUSED", new AuthenticationError("SASL authentication failed.")],
    ["CREDENTIALS_REFUSED", new ProtocolError("UNSUPPORTED_SASL_MECHANISM")],
    ["TLS_REFUSED", tlsError("ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED")],
    ["TLS_REFUSED", tlsError("ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED")],
    ["TLS_REFUSED", tlsError("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA")],
    ["TLS_REFUSED", tlsError("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")],
    ["TLS_REFUSED", tlsError("CERT_HAS_EXPIRED")],
    ["TLS_REFUSED", tlsError("SELF_SIGNED_CERT_IN_CHAIN")],
    ["TLS_REFUSED", tlsError("UNABLE_TO_VERIFY_LEAF_SIGNATURE")],
    ["TLS_REFUSED", tlsError("ERR_TLS_CERT_ALTNAME_INVALID")],
    ["TLS_REFUSED", new NetworkError("Connection failed.", { cause: tlsError("CERT_HAS_EXPIRED") })],
    ["ACCESS_DENIED", new ProtocolError("TOPIC_AUTHORIZATION_FAILED")],
    ["ACCESS_DENIED", new ProtocolError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED")],
  ] as const)("is %s where the brokers turn this client away, which does not pass", (code, error) => {
    for (const one of [error, wrapped(error), new AggregateError([new NetworkError("away"), error])]) {
      expect(brokerError(one, "the brokers").code).toBe(code);
      expect(commitError(one, "commit").code).toBe(code);
      expect(isRetriable(one)).toBe(false);
    }
  });

  test.each(["ERR_SSL_UNEXPECTED_EOF_WHILE_READING", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "ECONNRESET"])(
    "is no refusal where a connection broke off: %s",
    (code) => expect(brokerError(tlsError(code), "the brokers").code).toBe("BROKER_UNREACHABLE"),
  );
});

describe("what the brokers call an error", () => {
  const ours = new UndercurrentError("FENCED", "ours", { cause: new ProtocolError("UNKNOWN_SERVER_ERROR") });

  test("is the name of the innermost, or its class where it is none of theirs", () => {
    const named = Object.assign(new Error("no"), { type: "NOT_COORDINATOR_FOR_GROUP" });
    expect(errorType(wrapped(wrapped(named)))).toBe("NOT_COORDINATOR_FOR_GROUP");
    expect(errorType(wrapped(new TypeError("defect")))).toBe("TypeError");
    expect(errorType(Object.assign(new Error("numbered"), { type: 7 }))).toBe("Error");
    expect(errorType(wrapped("text" as unknown as Error))).toBe("unknown");
    expect(errorType(undefined)).toBe("unknown");
    // What one of ours was caused by is told already.
    expect(innermost(wrapped(ours))).toBe(ours);
  });

  test("is every name within it, by either client, and none that one of ours stands for", () => {
    const several = new AggregateError([
      wrapped(new ProtocolError("COORDINATOR_NOT_AVAILABLE")),
      Object.assign(new Error("no"), { type: "UNKNOWN" }),
      Object.assign(new Error("numbered"), { type: 7 }),
      "text",
    ]);
    expect([...protocolNames(wrapped(several))]).toEqual(["COORDINATOR_NOT_AVAILABLE", "UNKNOWN"]);
    expect([...protocolNames(ours)]).toEqual([]);
    expect([...protocolNames("text")]).toEqual([]);
  });

  test.each([
    "INVALID_PRODUCER_EPOCH",
    "INVALID_TXN_STATE",
    "INVALID_PRODUCER_ID_MAPPING",
    "PRODUCER_FENCED",
  ])("means another owner: %s", (type) =>
    expect(isFenced(wrapped(Object.assign(new Error("no"), { type })))).toBe(true),
  );

  test("means another owner by its number alone, which kafkajs has no name for", () => {
    expect(isFenced(wrapped(Object.assign(new Error("no"), { code: 90 })))).toBe(true);
    expect(isFenced(Object.assign(new Error("no"), { code: 91, type: "NOT_COORDINATOR" }))).toBe(false);
    expect(isFenced(null)).toBe(false);
  });
});

describe("an error of ours", () => {
  const topics = [
    Object.assign(new Error("no leader"), { topic: "a" }),
    Object.assign(new Error("no leader"), { topic: "a" }),
    new Error("away"),
    "text",
  ];

  test.each([brokerError, commitError])("keeps what caused it, and stays as it is: %o", (toOurs) => {
    const cause = new NetworkError("away");
    const error = toOurs(cause, "topic a");
    expect(error.cause).toBe(cause);
    expect(toOurs(error, "another place")).toBe(error);
    expect(toOurs(new ProtocolError("TOPIC_AUTHORIZATION_FAILED"), "topic a").cause).toBeInstanceOf(Error);
  });

  test("keeps the cause of a fencing too", () => {
    const cause = new ProtocolError("PRODUCER_FENCED");
    expect(commitError(cause, "commit")).toMatchObject({ code: "FENCED", cause });
  });

  test("says what each of several errors says, once, and of which topic", () => {
    expect(brokerError(new AggregateError(topics, "failed"), "the brokers").message).toBe(
      "the brokers: a: no leader; away; text",
    );
    expect(brokerError("text", "the brokers").message).toBe("the brokers: text");
  });

  test("may pass where the brokers were away, and not where they refused", () => {
    expect(isRetriable(Object.assign(new Error("later"), { canRetry: true }))).toBe(true);
    expect(isRetriable(new UndercurrentError("FENCED", "gone", { cause: refused }))).toBe(false);
    expect(isRetriable(new AggregateError([new NetworkError("away"), denied]))).toBe(false);
  });
});
