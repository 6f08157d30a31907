import { expect, test } from "vitest";
import {
  tellWhyItBroke,
  type ReportingConnection,
} from "../../../../src/adapters/kafka/platformatic/broken-connections.js";
import { brokerError, errorType } from "../../../../src/adapters/kafka/errors.js";

type Answer = (error: Error | null, response?: unknown) => void;

/** A connection of the client's as far as it goes here: requests wait until they are answered or the connection breaks. */
function fakeConnection(): ReportingConnection & {
  breakBy(error: Error): void;
  answer(with_: unknown): void;
} {
  const waiting: Answer[] = [];
  let tell: (error: Error) => void = () => undefined;
  return {
    once: (_event, listener) => (tell = listener),
    send: (...values: readonly unknown[]) => waiting.push(values.at(-1) as Answer),
    breakBy(error) {
      tell(Object.assign(new Error("Connection error", { cause: error }), { code: "PLT_KFK_NETWORK" }));
      const closed = Object.assign(new Error("Connection closed"), { code: "PLT_KFK_NETWORK" });
      for (const answer of waiting.splice(0)) answer(closed);
    },
    answer: (response) => waiting.shift()!(null, response),
  };
}

const ask = (connection: ReportingConnection): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const send = connection.send as (...values: unknown[]) => void;
    send.call(connection, 3, 9, (error: Error | null, response: unknown) =>
      error === null ? resolve(response) : reject(error),
    );
  });

test("a certificate that brokers refuse after the handshake is the reason of every request under way", async () => {
  const connection = fakeConnection();
  tellWhyItBroke(connection);
  const asked = [ask(connection), ask(connection)].map((one) => one.catch((error: unknown) => error));
  const alert = Object.assign(new Error("ssl/record/rec_layer_s3.c:1605"), {
    code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  });
  connection.breakBy(alert);
  for (const error of await Promise.all(asked)) {
    expect(brokerError(error, "the group")).toMatchObject({
      code: "TLS_REFUSED",
      message: "the group: the brokers end the TLS handshake: certificate required",
    });
  }
});

test("answers pass as they are, and a connection that broke otherwise stays unreachable", async () => {
  const connection = fakeConnection();
  tellWhyItBroke(connection);
  const first = ask(connection);
  connection.answer({ brokers: 1 });
  expect(await first).toEqual({ brokers: 1 });
  const second = ask(connection).catch((error: unknown) => error);
  connection.breakBy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  expect(brokerError(await second, "the group").code).toBe("BROKER_UNREACHABLE");
});

test("the type of an error is the brokers' name of it, with either client", () => {
  const ofKafkajs = Object.assign(new Error("no right"), { type: "TOPIC_AUTHORIZATION_FAILED" });
  const inner = Object.assign(new Error("no right"), { apiId: "TOPIC_AUTHORIZATION_FAILED" });
  const ofPlatformatic = Object.assign(new Error("Describing configs failed."), { errors: [inner] });
  expect([ofKafkajs, ofPlatformatic].map(errorType)).toEqual(
    Array.from({ length: 2 }, () => "TOPIC_AUTHORIZATION_FAILED"),
  );
  expect(errorType(new TypeError("x", { cause: new RangeError("y") }))).toBe("RangeError");
});
