/**
 * Says why a connection broke. The client ends the requests on a broken connection with "Connection closed" alone. In TLS 1.3
 * brokers refuse a certificate after the handshake, so that the reason would be lost.
 */
import type { Connection } from "@platformatic/kafka";

/** The part of a connection that is used. */
export type ReportingConnection = Pick<Connection, "send"> & {
  once(event: "error", listener: (error: Error) => void): unknown;
};

type Send = (...values: readonly unknown[]) => void;
type Answer = (error: Error | null, ...rest: readonly unknown[]) => void;

/** Makes the error of the connection the cause of the errors of its requests that have none. */
export function tellWhyItBroke(connection: ReportingConnection): void {
  let reason: Error | undefined;
  connection.once("error", (error) => (reason = error));
  const send = connection.send.bind(connection) as Send;
  const sendAndTell: Send = (...values) => {
    const answer = values.at(-1) as Answer;
    const told: Answer = (error, ...rest) => {
      // One error is given to all requests of the connection.
      if (error !== null && error.cause === undefined && reason !== undefined) error.cause = reason;
      answer(error, ...rest);
    };
    send(...values.slice(0, -1), told);
  };
  connection.send = sendAndTell;
}
