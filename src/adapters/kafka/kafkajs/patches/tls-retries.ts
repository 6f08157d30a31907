/**
 * Ends a connection whose TLS handshake was refused. The client takes the refusal for an unreachable broker and retries eight
 * times.
 */
import { tlsRefusal } from "../refusals.js";
import { patchModule } from "./patch-module.js";

interface Connection {
  rejectRequests: (this: Connection, error: Error & { retriable?: boolean }) => void;
}

/** Patches the connections of every client of this process. Every error of a connection passes here first. */
export const patchTlsRetries = patchModule(
  "kafkajs/src/network/connection",
  ({ prototype }: { prototype: Connection }) => {
    const { rejectRequests } = prototype;
    prototype.rejectRequests = function (error) {
      if (tlsRefusal(error) !== undefined) error.retriable = false;
      rejectRequests.call(this, error);
    };
  },
);
