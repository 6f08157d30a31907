import kafkajs from "kafkajs";
import { AuthenticationError, NetworkError, ProtocolError, TimeoutError } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { brokerError, commitError, isFenced, mayPass } from "../../../src/adapters/kafka/errors.js";

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
      expect(mayPass(one)).toBe(false);
    }
  });

  test.each(["ERR_SSL_UNEXPECTED_EOF_WHILE_READING", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "ECONNRESET"])(
    "is no refusal where a connection broke off: %s",
    (code) => expect(brokerError(tlsError(code), "the brokers").code).toBe("BROKER_UNREACHABLE"),
  );
});
