/** The HTTP server of a service: live page with its Server-Sent Events, metrics and health, on the loopback by default. */
import { getRequestListener } from "@hono/node-server";
import { Hono, type HonoRequest } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { HTTPException } from "hono/http-exception";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../errors/errors.js";
import { serverDefaults } from "./defaults.js";
import { loadAssets } from "./assets.js";
import { FrameCursor } from "./frames.js";
import { addKeys, type AskKey } from "./key-route.js";
import { createHardenedServer } from "./hardened-server.js";
import type { LiveView } from "./live-view.js";

/** Who knows the metrics: a registry of prom-client, or several as one. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface ServeOptions {
  /** The view of the page; without a view there is no page. */
  readonly view: LiveView | undefined;
  /** What `/metrics` answers with. */
  readonly registry: MetricsSource;
  /** Answers `/keys/KEY`; without it there is no such path. */
  readonly askKey?: AskKey | undefined;
  /** Answers `POST /reload`, which needs the token: reads the configuration again. May throw an UndercurrentError. */
  readonly reload?: (() => { readonly changed: readonly string[] }) | undefined;
  /** Returns whether `/ready` answers 200; default: always. */
  readonly ready?: () => boolean;
  /** Bearer token for every endpoint except `/live` and `/ready`; without a token all endpoints are open. */
  readonly token?: string | undefined;
  /** Title of the page. */
  readonly title: string;
  /** Address to listen on. */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Milliseconds between two messages to a page. */
  readonly period?: number;
  /** Time in which a request must arrive, in ms; a slower connection is closed. */
  readonly arrival?: number;
  /** Time after which a question about a key that waits for a commit is refused, in ms. */
  readonly patience?: number;
}

export interface LiveServer {
  /** Where the page is, with the port that was taken. */
  readonly url: string;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

const pagesAtOnce = 32;
const heartbeatMilliseconds = 5000;

/**
 * Serves metrics, health and, with a view, the live page until closed. On a loopback address it answers only requests whose
 * Host header names the loopback: so no web site can read it through a name that points here (DNS rebinding). Throws
 * ADDRESS_IN_USE, ADDRESS_UNUSABLE, and PAGE_MISSING if the page has not been built.
 *
 * @example
 * ```ts
 * const server = await serve({ view, registry, port: 7070, title: "Pumps" });
 * console.log(server.url); // http://127.0.0.1:7070/
 * await server.close();
 * ```
 */
export async function serve(options: ServeOptions): Promise<LiveServer> {
  const { host = serverDefaults.host, port, arrival = 10_000 } = options;
  const closing = new AbortController();
  const app = routes(options, isLoopback(host), closing.signal);
  const answer = getRequestListener(app.fetch);
  const server = createHardenedServer(arrival, (incoming, outgoing) => void answer(incoming, outgoing));
  const address = await listen(server, host, port);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}/`,
    close: async () => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function routes(options: ServeOptions, loopbackOnly: boolean, closing: AbortSignal): Hono {
  const { view, registry, askKey, patience = 10_000, token, ready = () => true } = options;
  // Before anything listens: it throws where the page has not been built.
  const assets = view === undefined ? undefined : loadAssets();
  const app = new Hono();

  app.use(async (context, next) => {
    if (loopbackOnly && !namesLoopback(context.req.header("host"))) {
      throw new HTTPException(403, { message: "This server answers on localhost only.\n" });
    }
    if (carriesBody(context.req)) {
      // The rest of the request is not read, so the connection cannot be used again.
      return context.text("No body is taken here.\n", 413, { Connection: "close" });
    }
    const isReload = options.reload !== undefined && context.req.path === "/reload";
    if (context.req.method !== "GET" && !(isReload && context.req.method === "POST")) {
      return context.text("Only GET is answered here.\n", 405, { Allow: "GET" });
    }
    await next();
    return undefined;
  });

  app.get("/live", (context) => context.text("live\n"));
  app.get("/ready", (context) => (ready() ? context.text("ready\n") : context.text("not ready\n", 503)));
  // Routes that are registered before this need no token.
  if (token !== undefined) app.use(bearerAuth({ verifyToken: comparison(token) }));
  app.get("/metrics", async (context) =>
    context.body(await registry.metrics(), 200, { "Content-Type": registry.contentType }),
  );
  if (options.reload !== undefined) addReload(app, options.reload, token !== undefined);
  if (askKey !== undefined) addKeys(app, askKey, patience);
  if (view !== undefined && assets !== undefined) addPage(app, { view, assets, options, closing });
  else
    app.get("/", (context) =>
      context.text("The live page is off; see the setting server.pageEnabled.\n", 404),
    );
  return app;
}

/** Without a token any page in a browser on this host could ask for a reload. */
function addReload(app: Hono, reload: NonNullable<ServeOptions["reload"]>, hasToken: boolean): void {
  app.get("/reload", (context) => context.text("Reload with POST.\n", 405, { Allow: "POST" }));
  app.post("/reload", (context) => {
    if (!hasToken) {
      return context.text("POST /reload needs the setting server.token; SIGHUP does the same.\n", 403);
    }
    try {
      return context.json(reload());
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      return context.json({ reason: error.code, message: error.message }, 409);
    }
  });
}

/** Compares digests: they are of one length, and how long it takes says nothing of how much of a guess is right. */
function comparison(token: string): (given: string) => boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

function carriesBody(request: HonoRequest): boolean {
  const length = request.header("content-length") ?? "0";
  return length !== "0" || request.header("transfer-encoding") !== undefined;
}

interface Page {
  readonly view: LiveView;
  readonly assets: ReturnType<typeof loadAssets>;
  readonly options: ServeOptions;
  readonly closing: AbortSignal;
}

function addPage(app: Hono, { view, assets, options, closing }: Page): void {
  let pages = 0;
  for (const [path, asset] of assets) {
    app.get(path, (context) =>
      context.body(asset.body, 200, { "Content-Type": asset.type, "Cache-Control": "no-cache" }),
    );
  }
  app.get("/events", (context) => {
    if (pages >= pagesAtOnce) {
      return context.text("Too many pages are open; close one.\n", 503, { "Retry-After": "5" });
    }
    pages++;
    const selected = Number(context.req.query("series") ?? 0);
    return streamSSE(context, (stream) =>
      sendFrames(stream, new FrameCursor(view, selected), options, closing).finally(() => pages--),
    );
  });
}

/** A write waits until the page has taken the previous one, so memory holds at most a few frames per page. */
async function sendFrames(
  stream: SSEStreamingApi,
  cursor: FrameCursor,
  { title, period = 200 }: ServeOptions,
  closing: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  stream.onAbort(() => gone.abort());
  const signal = AbortSignal.any([gone.signal, closing]);
  let first = true;
  let quiet = 0;
  while (!signal.aborted) {
    const frame = cursor.next();
    quiet = frame === null ? quiet + period : 0;
    if (frame !== null) {
      const data = JSON.stringify(first ? { title, ...frame } : frame);
      await stream.writeSSE({ event: first ? "snapshot" : "increment", data });
      first = false;
    } else if (quiet >= heartbeatMilliseconds) {
      await stream.writeSSE({ event: "heartbeat", data: "{}" });
      quiet = 0;
    }
    await sleep(period, undefined, { signal }).catch(() => undefined);
  }
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" ? "ADDRESS_IN_USE" : "ADDRESS_UNUSABLE";
      reject(new UndercurrentError(code, `${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

/** Whether an address is reached from this host alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Whether a Host header names the loopback. The port need not be checked: it is the name that rebinding lends. */
function namesLoopback(header: string | undefined): boolean {
  return header !== undefined && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(header);
}
