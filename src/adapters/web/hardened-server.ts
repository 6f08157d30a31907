/** The HTTP server below the routes: the same headers on every answer, bounded requests, one request at a time. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Bytes: more than a browser sends with all its cookies for localhost. */
const maxHeaderBytes = 8192;
/** The live pages take a connection each; the others are for scrapes and health checks. */
const maxConnections = 128;

/**
 * Headers of every answer; a route may replace one. The answers are plain HTTP on a local address, so there is no
 * Strict-Transport-Security: a browser that was told to insist on HTTPS could not come back.
 */
export const hardenedHeaders: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Origin-Agent-Cluster": "?1",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
  "X-Download-Options": "noopen",
  "X-Frame-Options": "DENY",
  "X-Permitted-Cross-Domain-Policies": "none",
  "X-XSS-Protection": "0",
};

/** Responses to invalid HTTP, by the code of Node's error. */
const refusals: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** Answers one request. */
export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Creates a server that passes complete and separate requests to `listener`.
 *
 * A connection carries one request at a time. A request that arrives before the previous response is complete ends the
 * connection. After an event stream such a request could never be answered, and many of them in one packet would each hold a
 * response in memory. Browsers and scrapers do not pipeline.
 *
 * @param arrivalMs Time in which a request must arrive, in ms.
 */
export function createHardenedServer(arrivalMs: number, listener: RequestListener): Server {
  const busy = new WeakSet<Socket>();
  const options = {
    maxHeaderSize: maxHeaderBytes,
    // Node's own limits would let each connection take minutes for a request.
    headersTimeout: arrivalMs,
    requestTimeout: arrivalMs,
    connectionsCheckingInterval: Math.ceil(arrivalMs / 4),
    keepAliveTimeout: 5000,
    // Node's own response to a request without Host lacks the hardened headers; the routes refuse such requests instead.
    requireHostHeader: false,
  };
  const server = createServer(options, (incoming, outgoing) => {
    const { socket } = incoming;
    if (busy.has(socket)) {
      socket.destroy();
      return;
    }
    busy.add(socket);
    outgoing.once("finish", () => busy.delete(socket));
    setHeaders(outgoing);
    listener(incoming, outgoing);
  });
  server.maxConnections = maxConnections;
  server.on("checkExpectation", (_: IncomingMessage, outgoing: ServerResponse) => {
    setHeaders(outgoing);
    outgoing.writeHead(417, { Connection: "close" }).end();
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Bytes after the start of a response would become part of it.
    if (!socket.writable || busy.has(socket) || error.code === "ECONNRESET") socket.destroy();
    else socket.end(refusal(refusals[error.code ?? ""] ?? "400 Bad Request"), () => socket.destroy());
  });
  return server;
}

function setHeaders(outgoing: ServerResponse): void {
  for (const [name, value] of Object.entries(hardenedHeaders)) outgoing.setHeader(name, value);
}

function refusal(status: string): string {
  const headers = { ...hardenedHeaders, Connection: "close", "Content-Length": "0" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
