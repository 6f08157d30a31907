/** What the server of a service keeps out: other machines, guesses at the token, and requests that take more than they need. */
import crypto from "node:crypto";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { Registry } from "prom-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hardenedHeaders } from "../../../src/adapters/web/hardened-server.js";
import { LiveView } from "../../../src/adapters/web/live-view.js";
import { serve, type LiveServer, type ServeOptions } from "../../../src/adapters/web/server.js";
import { configSchema } from "../../../src/config/schema.js";

const running: LiveServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.destroy());
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(
  options: Partial<Pick<ServeOptions, "arrival" | "registry" | "reload" | "token" | "view">> = {},
): Promise<LiveServer> {
  const registry = new Registry();
  const server = await serve({ view: undefined, registry, port: 0, title: "pumps", ...options });
  running.push(server);
  return server;
}

/** A connection that says this and no more, and all that comes back until the other side ends it. */
async function say({ url }: LiveServer, text: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  sockets.push(socket);
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  return { socket, answer: new Promise((resolve) => socket.once("close", () => resolve(answer))) };
}

const head = "Host: localhost\r\n";

describe("other machines", () => {
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((entry) => entry !== undefined && !entry.internal && entry.family === "IPv4");

  it("do not reach it by default, where it is on at all", async () => {
    expect(configSchema.parse({}).server).toMatchObject({ enabled: false, host: "127.0.0.1" });
    const { url } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    for (const other of others) {
      const socket = connect(Number(new URL(url).port), other!.address);
      await expect(once(socket, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    }
  });
});

describe("a guess at the token", () => {
  it("is compared in a time that does not tell how much of it is right", async () => {
    const compared = vi.spyOn(crypto, "timingSafeEqual");
    syncBuiltinESMExports();
    try {
      const token = "correct-horse-battery";
      const { url } = await start({ token });
      const statuses = new Map([
        ["a", 401],
        ["correct-horse-batterz", 401],
        ["x".repeat(4000), 401],
        [token, 200],
      ]);
      for (const [guess, status] of statuses) {
        const answer = await fetch(`${url}metrics`, { headers: { authorization: `Bearer ${guess}` } });
        expect(answer.status).toBe(status);
      }
      const lengths = compared.mock.calls.flatMap((sides) => sides.map((side) => side.byteLength));
      expect(lengths).toEqual(Array.from({ length: 2 * statuses.size }, () => 32));
    } finally {
      compared.mockRestore();
      syncBuiltinESMExports();
    }
  });
});

describe("a reload", () => {
  const token = "correct-horse-battery";

  it("is made by POST with the token alone, and not where there is no token", async () => {
    let reloads = 0;
    const reload = (): { changed: string[] } => ({ changed: [`log.level ${++reloads}`] });
    const { url } = await start({ token, reload });
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${url}reload`, { method: "POST" })).status).toBe(401);
    expect((await fetch(`${url}reload`, { headers })).status).toBe(405);
    expect((await fetch(`${url}reload`, { method: "PUT", headers })).status).toBe(405);
    expect((await fetch(`${url}metrics`, { method: "POST", headers })).status).toBe(405);
    const answer = await fetch(`${url}reload`, { method: "POST", headers });
    expect(await answer.json()).toEqual({ changed: ["log.level 1"] });
    const open = await start({ reload });
    expect((await fetch(`${open.url}reload`, { method: "POST" })).status).toBe(403);
    const without = await start({ token });
    expect((await fetch(`${without.url}reload`, { method: "POST", headers })).status).toBe(405);
    expect(reloads).toBe(1);
  });
});

describe("an answer that refuses", () => {
  it("has the headers of every other, and tells nothing of the reason for a failure", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const failing = { contentType: "text/plain", metrics: () => Promise.reject(new Error("inside of it")) };
    const { url } = await start({ token: "correct-horse-battery", registry: failing });
    const headers = { authorization: "Bearer correct-horse-battery" };
    const refused: readonly [number, RequestInit][] = [
      [400, { headers: { authorization: "Basic a" } }],
      [401, {}],
      [405, { method: "DELETE", headers }],
      [413, { method: "POST", body: "a", headers }],
      [500, { headers }],
    ];
    for (const [status, request] of refused) {
      const answer = await fetch(`${url}metrics`, request);
      expect(answer.status).toBe(status);
      expect(answer.headers.get("content-security-policy"), `${status}`).toMatch(/^default-src 'none'/);
      expect(answer.headers.get("x-content-type-options"), `${status}`).toBe("nosniff");
      expect(answer.headers.get("x-powered-by")).toBeNull();
      expect(answer.headers.get("server")).toBeNull();
      expect(await answer.text()).not.toContain("inside");
    }
    vi.restoreAllMocks();
  });
});

describe("a refusal by the server below the routes", () => {
  const line = (method: string, headers = ""): string => `${method} /live HTTP/1.1\r\n${headers}\r\n`;
  it.each([
    ["400", line("GET", "no header\r\n")],
    ["400", "no request\r\n\r\n"],
    ["400", line("GET", "Connection: close\r\n")],
    ["403", line("GET", "Host: evil.example\r\nConnection: close\r\n")],
    ["404", `GET /nothing HTTP/1.1\r\n${head}Connection: close\r\n\r\n`],
    ["405", line("TRACE", `${head}Connection: close\r\n`)],
    ["408", line("GET", `${head}X-Slow: `).trimEnd()],
    ["413", line("GET", `${head}Content-Length: 9\r\n`)],
    ["417", line("GET", `${head}Expect: a miracle\r\n`)],
    ["431", line("GET", `${head}X-Filler: ${"a".repeat(9000)}\r\n`)],
  ])("has the headers of every other answer: %s", async (status, text) => {
    const server = await start({ arrival: 200 });
    const { answer } = await say(server, text);
    const lines = (await answer).split("\r\n\r\n", 1)[0]!.split("\r\n");
    expect(lines[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    for (const [name, value] of Object.entries(hardenedHeaders)) expect(lines).toContain(`${name}: ${value}`);
  });

  it("does not end up inside an answer that has begun", async () => {
    const server = await start({ view: new LiveView({ model: "gru32", level: 0.9 }) });
    const { socket, answer } = await say(server, `GET /events HTTP/1.1\r\n${head}\r\n`);
    await once(socket, "data");
    socket.write("no request\r\n\r\n");
    expect((await answer).match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe("requests that do not wait for their answers", () => {
  it.each(["/events", "/metrics"])("end their connection and take no page: %s", async (path) => {
    const server = await start({ view: new LiveView({ model: "gru32", level: 0.9 }) });
    const one = `GET ${path} HTTP/1.1\r\n${head}\r\n`;
    for (let connection = 0; connection < 3; connection++) {
      const { answer } = await say(server, one.repeat(40));
      expect((await answer).match(/HTTP\/1\.1 200/g) ?? []).toHaveLength(0);
    }
    const pages = await Promise.all(
      Array.from({ length: 32 }, async () => {
        const page = await say(server, `GET /events HTTP/1.1\r\n${head}\r\n`);
        const [begin] = (await once(page.socket, "data")) as [Buffer];
        return begin.toString().split("\r\n", 1)[0];
      }),
    );
    expect(new Set(pages)).toEqual(new Set(["HTTP/1.1 200 OK"]));
  });

  it("are those before an answer; one after another they share a connection", async () => {
    const server = await start();
    const one = `GET /live HTTP/1.1\r\n${head}`;
    const { socket, answer } = await say(server, `${one}\r\n`);
    for (let i = 0; i < 20; i++) {
      await once(socket, "data");
      socket.write(`${one}${i < 19 ? "" : "Connection: close\r\n"}\r\n`);
    }
    expect((await answer).match(/HTTP\/1\.1 200/g)).toHaveLength(21);
  });
});

describe("a request", () => {
  it("may have headers of 8 KiB, and no more", async () => {
    const server = await start();
    const status = async (bytes: number): Promise<string> => {
      const filler = `X-Filler: ${"a".repeat(bytes)}\r\n`;
      const { answer } = await say(server, `GET /live HTTP/1.1\r\n${head}${filler}Connection: close\r\n\r\n`);
      return (await answer).split("\r\n", 1)[0]!;
    };
    expect(await status(7000)).toBe("HTTP/1.1 200 OK");
    expect(await status(9000)).toBe("HTTP/1.1 431 Request Header Fields Too Large");
  });

  it.each([
    ["of a stated length", "Content-Length: 1000000000\r\n\r\nbegin"],
    ["in chunks without end", "Transfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n"],
  ])("with a body %s is refused before it has come, and its connection ended", async (_, rest) => {
    const server = await start();
    for (const method of ["GET", "POST"]) {
      const { socket, answer } = await say(server, `${method} /metrics HTTP/1.1\r\n${head}${rest}`);
      const flood = setInterval(() => socket.write(`ffff\r\n${"a".repeat(0xffff)}\r\n`), 1);
      expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
      clearInterval(flood);
    }
  });

  it.each([
    ["of which nothing comes", ""],
    ["that breaks off in its headers", `GET /live HTTP/1.1\r\n${head}X-Slow: `],
  ])("%s is given up, while others are answered", async (_, text) => {
    const server = await start({ arrival: 200 });
    const { answer } = await say(server, text);
    expect((await fetch(`${server.url}live`)).status).toBe(200);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("finds a bounded number of connections, of which those that end make room", async () => {
    const server = await start();
    const held = await Promise.all(Array.from({ length: 128 }, () => say(server, "")));
    const oneMore = await say(server, `GET /live HTTP/1.1\r\n${head}\r\n`);
    expect(await oneMore.answer).toBe("");
    held.forEach(({ socket }) => socket.destroy());
    await expect
      .poll(() =>
        fetch(`${server.url}live`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });
});
